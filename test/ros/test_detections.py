"""The faces as vision_msgs, which other packages understand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")

from builtin_interfaces.msg import Time
from conftest import Peer
from std_msgs.msg import Header

from emotion_recognition.core.types import EMOTIONS, UNKNOWN, Box, Emotion, Face
from emotion_recognition.ros.answer import Answer

HEADER = Header(stamp=Time(sec=100, nanosec=5), frame_id="camera_optical_frame")
PIXELS = np.zeros((6, 8, 3), np.uint8)
BOX = Box(10.0, 20.0, 41.0, 60.0)
HAPPY = Face(BOX, 0.875, (0.0625, 0.0, 0.4375, 0.5), Emotion(3, "happy", 0.5), track_id=7)

#: Of vision_msgs 4.1.1.
TYPE_HASHES = {
    "BoundingBox2D": "008eacbb0cf8f26e83795547bed013eec3675485ef386ec056d80eaaf1c1ce2f",
    "Detection2D": "0d12b69df5c593b3455b7346fac8205437a7d4bcb09b9e0e0b2dde787ded38ea",
    "Detection2DArray": "214274120007f4a683866481336b70310268cfa107aebe9d594a6acf75bda968",
    "ObjectHypothesisWithPose": "41c12344c0396c48b81df12467c192d99b2a0eb1463c5c37194e4223251c80bc",
}

pytestmark = pytest.mark.usefixtures("vision_msgs")


@pytest.fixture
def vision_msgs(interfaces: Callable[[str], None]) -> None:
    interfaces("vision_msgs")


def detections(*faces: Face) -> Any:  # noqa: ANN401
    from emotion_recognition.ros.outputs.detections import detections

    return detections(Answer(HEADER, PIXELS, faces))


def hypotheses(face: Face) -> list[tuple[str, float]]:
    (detection,) = detections(face).detections
    return [(item.hypothesis.class_id, item.hypothesis.score) for item in detection.results]


def test_the_messages_are_those_of_vision_msgs(peer: Peer) -> None:
    """A publisher and a subscriber of types with different hashes do not hear each other."""
    import vision_msgs.msg

    for name, expected in TYPE_HASHES.items():
        peer.publisher(getattr(vision_msgs.msg, name), f"hash/{name}")
        peer.wait_for_publisher(f"hash/{name}")
        (endpoint,) = peer.node.get_publishers_info_by_topic(f"hash/{name}")
        version, value = endpoint.topic_type_hash.version, endpoint.topic_type_hash.value
        assert (version, bytes(value).hex()) == (1, expected), name


def test_a_face_is_a_detection_with_its_box_and_track_id() -> None:
    message = detections(HAPPY)
    assert message.header == HEADER
    (detection,) = message.detections
    assert detection.header == HEADER
    assert detection.id == "7"
    center = detection.bbox.center
    assert (center.position.x, center.position.y, center.theta) == (25.5, 40.0, 0.0)
    assert (detection.bbox.size_x, detection.bbox.size_y) == (31.0, 40.0)


def test_the_published_emotion_comes_first_and_the_other_classes_by_probability() -> None:
    assert hypotheses(HAPPY) == [
        ("happy", 0.5),
        ("surprised", 0.4375),
        ("neutral", 0.0625),
        ("angry", 0.0),
    ]


def test_an_emotion_that_was_held_against_a_more_probable_one_still_comes_first() -> None:
    held = Face(BOX, 0.875, (0.25, 0.0, 0.0, 0.75), Emotion(0, "neutral", 0.25))
    assert hypotheses(held)[:2] == [("neutral", 0.25), ("happy", 0.75)]


def test_the_classes_are_those_of_the_classifier() -> None:
    labels = tuple(reversed(EMOTIONS))
    probabilities = (0.0625, 0.0, 0.25, 0.5, 0.0, 0.125, 0.0, 0.0625)
    emotion = Emotion.from_probabilities(probabilities, labels)
    told = hypotheses(Face(BOX, 0.875, probabilities, emotion, labels=labels))
    assert told[:3] == [("sad", 0.5), ("fearful", 0.25), ("surprised", 0.125)]
    assert {label for label, _ in told} == set(EMOTIONS)


def test_of_an_unknown_emotion_no_class_is_offered() -> None:
    unknown = Face(BOX, 0.875, (0.25, 0.25, 0.25, 0.25), UNKNOWN)
    assert hypotheses(unknown) == [("unknown", 0.0)]


def test_a_face_without_a_track_has_no_id() -> None:
    assert detections(Face(BOX, 0.875)).detections[0].id == ""


def test_an_image_without_a_face_gives_an_empty_array() -> None:
    assert list(detections().detections) == []
