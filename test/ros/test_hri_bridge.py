"""hri_bridge as a process of its own: the faces of /emotions by REP 155."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")

from builtin_interfaces.msg import Time
from conftest import Messages, Peer, StartNode
from conversation import wait_until_known
from geometry_msgs.msg import Point32
from node_process import NodeProcess
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from emotion_recognition.msg import FaceEmotion, FaceEmotionArray

FACES = "/humans/faces"
GONE_AFTER = 2.0


#: In an image of 320x240, image-left first; exact as shares of it.
LANDMARKS = ((120.0, 90.0), (200.0, 90.0), (160.0, 120.0), (130.0, 180.0), (190.0, 180.0))


def face(
    track_id: int,
    label: str = "happy",
    emotion: int = 3,
    landmarks: tuple[tuple[float, float], ...] = (),
) -> FaceEmotion:
    return FaceEmotion(
        landmarks=[Point32(x=x, y=y) for x, y in landmarks],
        track_id=track_id,
        label=label,
        emotion=emotion,
        confidence=0.75,
        detection_score=0.875,
        roi=RegionOfInterest(x_offset=80, y_offset=60, width=160, height=180),
    )


class Robot:
    """Says what an emotion_node says, and hears what a robot does."""

    def __init__(self, peer: Peer) -> None:
        from hri_msgs.msg import IdsList

        self._peer = peer
        self.tracked = peer.subscribe(IdsList, f"{FACES}/tracked")
        self._publisher = peer.publisher(FaceEmotionArray, "emotions")
        peer.wait_for_subscriber(self._publisher)
        peer.wait_for_publisher(f"{FACES}/tracked")
        wait_until_known(peer, "hri_bridge")
        self.sent: list[Header] = []

    def say(self, *faces: FaceEmotion) -> Header:
        """Says which faces an image shows; its header."""
        stamp = Time(sec=len(self.sent) + 1)
        header = Header(stamp=stamp, frame_id="camera_optical_frame")
        self.sent.append(header)
        message = FaceEmotionArray(
            header=header, image_width=320, image_height=240, faces=list(faces)
        )
        self._publisher.publish(message)
        return header

    def ids(self, *faces: FaceEmotion) -> list[str]:
        """The ids that are tracked when an image shows these faces."""
        header = self.say(*faces)
        message = self.tracked.wait_for_stamp(header.stamp)
        assert message.header == header
        return list(message.ids)

    def topics(self) -> dict[str, list[str]]:
        """The topics of faces that somebody publishes, by name, with their types."""
        return {
            name: types
            for name, types in self._peer.node.get_topic_names_and_types()
            if name.startswith(f"{FACES}/") and self._peer.node.count_publishers(name)
        }

    def hear(self, message_type: type, topic: str, *faces: FaceEmotion) -> Any:  # noqa: ANN401
        """A message on a topic that is subscribed only now.

        The faces are said until it comes: what is sent before the other side knows is lost.
        """
        heard: Messages = self._peer.subscribe(message_type, topic)
        self._peer.wait_until(lambda: bool(self.say(*faces)) and bool(heard.all), topic)
        return heard.all[0]


@pytest.fixture
def bridge(interfaces: Callable[[str], None], start_node: StartNode) -> NodeProcess:
    interfaces("hri_msgs")
    process = start_node("hri_bridge", gone_after=GONE_AFTER)
    process.wait_for_log("Publishing the faces of '/emotions' on '/humans/faces'")
    return process


@pytest.fixture
def robot(bridge: NodeProcess, peer: Peer) -> Robot:
    return Robot(peer)


def test_tracked_faces_are_listed_and_others_are_not(robot: Robot) -> None:
    assert robot.ids() == []
    assert robot.ids(face(0)) == []
    (first,) = robot.ids(face(7))
    assert robot.ids(face(8), face(7))[0] == first
    assert len(set(robot.ids(face(7), face(8)))) == 2


def test_a_face_has_its_region_in_shares_of_the_image(robot: Robot) -> None:
    from hri_msgs.msg import NormalizedRegionOfInterest2D

    (face_id,) = robot.ids(face(7))
    topic = f"{FACES}/{face_id}/roi"
    roi = robot.hear(NormalizedRegionOfInterest2D, topic, face(7))
    assert roi.header in robot.sent
    assert (roi.xmin, roi.ymin, roi.xmax, roi.ymax, roi.c) == (0.25, 0.25, 0.75, 1.0, 0.875)


@pytest.mark.parametrize(
    ("emotion", "label", "expression"),
    [
        (0, "neutral", "NEUTRAL"),
        (1, "angry", "ANGRY"),
        (2, "surprised", "SURPRISED"),
        (3, "happy", "HAPPY"),
        (4, "sad", "SAD"),
        (5, "fearful", "SCARED"),
        (6, "disgusted", "DISGUSTED"),
    ],
)
def test_an_emotion_is_the_expression_that_means_it(
    robot: Robot, emotion: int, label: str, expression: str
) -> None:
    from hri_msgs.msg import Expression

    shown = face(7, label, emotion)
    (face_id,) = robot.ids(shown)
    message = robot.hear(Expression, f"{FACES}/{face_id}/expression", shown)
    assert message.header in robot.sent
    assert message.expression == getattr(Expression, expression)
    assert message.confidence == 0.75


def test_landmarks_are_in_their_places_among_seventy(robot: Robot) -> None:
    from hri_msgs.msg import FacialLandmarks

    (face_id,) = robot.ids(face(7, landmarks=LANDMARKS))
    topic = f"{FACES}/{face_id}/landmarks"
    message = robot.hear(FacialLandmarks, topic, face(7, landmarks=LANDMARKS))
    assert message.header in robot.sent
    assert (message.width, message.height, len(message.landmarks)) == (320, 240, 70)
    told = {i: (point.x, point.y) for i, point in enumerate(message.landmarks) if point.c}
    assert told == {
        FacialLandmarks.RIGHT_PUPIL: (0.375, 0.375),
        FacialLandmarks.LEFT_PUPIL: (0.625, 0.375),
        FacialLandmarks.NOSE: (0.5, 0.5),
        FacialLandmarks.MOUTH_OUTER_RIGHT: (0.40625, 0.75),
        FacialLandmarks.MOUTH_OUTER_LEFT: (0.59375, 0.75),
    }
    assert {point.c for point in message.landmarks} == {0.0, 0.875}


def test_a_landmark_outside_of_the_image_is_not_among_them(robot: Robot) -> None:
    from hri_msgs.msg import FacialLandmarks

    cut_off = face(7, landmarks=(*LANDMARKS[:4], (330.0, 180.0)))
    (face_id,) = robot.ids(cut_off)
    message = robot.hear(FacialLandmarks, f"{FACES}/{face_id}/landmarks", cut_off)
    corner = message.landmarks[FacialLandmarks.MOUTH_OUTER_LEFT]
    assert (corner.x, corner.y, corner.c) == (0.0, 0.0, 0.0)
    assert sum(point.c > 0 for point in message.landmarks) == 4


def test_a_face_without_landmarks_has_no_such_topic(robot: Robot, peer: Peer) -> None:
    faces = (face(7, landmarks=LANDMARKS), face(8))
    first, second = robot.ids(*faces)
    topic = f"{FACES}/{first}/landmarks"
    peer.wait_until(lambda: robot.say(*faces) and topic in robot.topics(), "its landmarks")
    assert f"{FACES}/{second}/landmarks" not in robot.topics()
    robot.tracked.all.clear()
    robot.tracked.wait_for(lambda message: not message.ids)
    peer.wait_until(lambda: robot.topics().keys() == {f"{FACES}/tracked"}, "the end of its topics")


@pytest.mark.parametrize(
    ("emotion", "label"), [(FaceEmotion.CONTEMPTUOUS, "contemptuous"), (99, "bewildered")]
)
def test_an_emotion_that_rep_155_has_no_word_for_is_no_expression(
    robot: Robot, peer: Peer, emotion: int, label: str
) -> None:
    from hri_msgs.msg import Expression

    topic = f"{FACES}/{robot.ids(face(7))[0]}/expression"
    expressions = peer.subscribe(Expression, topic)
    peer.wait_until(lambda: robot.say(face(7)) and bool(expressions.all), topic)
    others = [robot.say(face(7, label, emotion)) for _ in range(5)]
    last = robot.say(face(7))
    assert expressions.wait_for_stamp(last.stamp).expression == "happy"
    assert not [message for message in expressions.all if message.header in others]


def test_an_unknown_emotion_is_no_expression(robot: Robot, peer: Peer) -> None:
    from hri_msgs.msg import Expression

    topic = f"{FACES}/{robot.ids(face(7))[0]}/expression"
    expressions = peer.subscribe(Expression, topic)
    peer.wait_until(
        lambda: robot.say(face(7)) and bool(expressions.all), topic
    )  # they hear each other
    unknown = [robot.say(face(7, "unknown", FaceEmotion.UNKNOWN)) for _ in range(5)]
    last = robot.say(face(7))
    assert expressions.wait_for_stamp(last.stamp).expression == "happy"
    assert not [message for message in expressions.all if message.header in unknown]


def test_a_face_that_is_gone_takes_its_topics_along(robot: Robot, peer: Peer) -> None:
    (face_id,) = robot.ids(face(7))
    of_face = {f"{FACES}/{face_id}/roi", f"{FACES}/{face_id}/expression"}
    peer.wait_until(
        lambda: robot.say(face(7)) and of_face < robot.topics().keys(), "the topics of the face"
    )
    assert robot.ids() == [face_id], "one image that misses it is not the end"

    robot.tracked.all.clear()
    emptied = robot.tracked.wait_for(lambda message: not message.ids)
    assert emptied.header.stamp != Time(), "nothing was said any more, and yet"
    assert emptied.header.frame_id == "camera_optical_frame", "they were seen from there"
    peer.wait_until(lambda: robot.topics().keys() == {f"{FACES}/tracked"}, "the end of its topics")
    assert robot.ids(face(7)) != [face_id]


def test_no_picture_of_a_face_is_published(robot: Robot, peer: Peer) -> None:
    assert robot.ids(face(7))
    peer.wait_until(lambda: robot.say(face(7)) and len(robot.topics()) == 3, "the topics")
    time.sleep(0.2)  # for more than that
    assert set(chain.from_iterable(robot.topics().values())) == {
        "hri_msgs/msg/Expression",
        "hri_msgs/msg/IdsList",
        "hri_msgs/msg/NormalizedRegionOfInterest2D",
    }


def test_an_interrupt_ends_it_with_exit_code_0(robot: Robot, bridge: NodeProcess) -> None:
    assert robot.ids(face(7))
    assert bridge.stop() == 0
    assert "Traceback" not in bridge.log
