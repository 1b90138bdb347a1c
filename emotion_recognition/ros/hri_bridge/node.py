"""The node `hri_bridge`: the faces of /emotions as ROS4HRI has them (REP 155).

The messages are those of hri_msgs, where the region of a face is normalized; the text of REP 155
still names sensor_msgs/RegionOfInterest.
"""

from __future__ import annotations

from time import monotonic

from hri_msgs.msg import (
    Expression,
    FacialLandmarks,
    IdsList,
    NormalizedPointOfInterest2D,
    NormalizedRegionOfInterest2D,
)
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.task import Future
from std_msgs.msg import Header

from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.diagnostics.name_watch import NameWatch
from emotion_recognition.ros.emotion_node.parameters import PARAMETER_NAMES
from emotion_recognition.ros.hri_bridge.face_ids import FaceIds
from emotion_recognition.ros.parameters.declaration import declare
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES, check_qos_overrides
from emotion_recognition.ros.parameters.unknown_parameters import warn_of_unknown_parameters

FACES = "/humans/faces"
WATCH_PERIOD = 0.25  # seconds between two looks at whether faces are gone

#: The words of REP 155 for the emotions; it has none for CONTEMPTUOUS.
EXPRESSIONS = {
    FaceEmotion.NEUTRAL: Expression.NEUTRAL,
    FaceEmotion.ANGRY: Expression.ANGRY,
    FaceEmotion.SURPRISED: Expression.SURPRISED,
    FaceEmotion.HAPPY: Expression.HAPPY,
    FaceEmotion.SAD: Expression.SAD,
    FaceEmotion.FEARFUL: Expression.SCARED,
    FaceEmotion.DISGUSTED: Expression.DISGUSTED,
}
#: The places of our landmarks, in their order, among the 70 of REP 155. It names the sides as the
#: person would: the right eye is the one further left in the image.
LANDMARKS = (
    FacialLandmarks.RIGHT_PUPIL,
    FacialLandmarks.LEFT_PUPIL,
    FacialLandmarks.NOSE,
    FacialLandmarks.MOUTH_OUTER_RIGHT,
    FacialLandmarks.MOUTH_OUTER_LEFT,
)


class HriBridge(Node):
    """Subscribes to `emotions` and publishes the tracked faces under `/humans/faces`.

    `tracked` lists their ids for each image; each of them has its `<id>/roi` and `<id>/expression`
    while it is tracked, and `<id>/landmarks` from when there are any. Faces without a track id are
    left out. `cropped`, `aligned` and `frontalized`, the pictures of faces in REP 155, are never
    published.
    """

    def __init__(self) -> None:
        super().__init__("hri_bridge")
        self.finished = Future()
        gone_after = declare(
            self,
            "gone_after",
            1.0,
            "Seconds without a sight of a face until it is no longer tracked.",
            minimum=0.0,
            maximum=60.0,
        )
        check_qos_overrides(self)
        warn_of_unknown_parameters(self, PARAMETER_NAMES)
        self._names = NameWatch(self)
        self._ids = FaceIds(gone_after)
        self._tracked = self.create_publisher(
            IdsList,
            f"{FACES}/tracked",
            10,
            qos_overriding_options=QOS_OVERRIDES,
        )
        self._faces: dict[str, FacePublishers] = {}
        self._frame_id = ""

    def start(self) -> None:
        """Subscribes."""
        emotions = self.create_subscription(
            FaceEmotionArray,
            "emotions",
            self._receive,
            10,
            qos_overriding_options=QOS_OVERRIDES,
        )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(WATCH_PERIOD, self._forget_gone_faces, clock=steady)
        self.get_logger().info(f"Publishing the faces of '{emotions.topic_name}' on '{FACES}'")

    def close(self) -> None:
        """Destroys the node."""
        self.destroy_node()

    def _receive(self, message: FaceEmotionArray) -> None:
        now = monotonic()
        self._frame_id = message.header.frame_id
        self._ids.see((face.track_id for face in message.faces), now)
        self._ids.forget(now)
        self._publish_tracked(message.header)
        ids = self._ids.current
        for face in message.faces:
            if face.track_id:
                self._faces[ids[face.track_id]].publish(face, message)

    def _forget_gone_faces(self) -> None:
        """Faces are gone as well when no message comes any more."""
        if self._ids.forget(monotonic()):
            stamp = self.get_clock().now().to_msg()
            self._publish_tracked(Header(stamp=stamp, frame_id=self._frame_id))

    def _publish_tracked(self, header: Header) -> None:
        ids = list(self._ids.current.values())
        for gone in self._faces.keys() - set(ids):
            self._faces.pop(gone).close()
        for new in ids:
            if new not in self._faces:
                self._faces[new] = FacePublishers(self, new)
        self._tracked.publish(IdsList(header=header, ids=ids))


class FacePublishers:
    """The topics of one face."""

    def __init__(self, node: Node, face_id: str) -> None:
        def publisher(message_type: type, name: str) -> Publisher:
            return node.create_publisher(message_type, f"{FACES}/{face_id}/{name}", 10)

        self._node = node
        self._publisher = publisher
        self._roi = publisher(NormalizedRegionOfInterest2D, "roi")
        self._expression = publisher(Expression, "expression")
        self._landmarks: Publisher | None = None  # a detector may find none

    def publish(self, face: FaceEmotion, message: FaceEmotionArray) -> None:
        """face: one of the message's. Of an emotion without a counterpart none is published."""
        self._roi.publish(region(face, message))
        if face.emotion in EXPRESSIONS:
            self._expression.publish(expression(face, message.header))
        if len(face.landmarks) == len(LANDMARKS):
            if self._landmarks is None:
                self._landmarks = self._publisher(FacialLandmarks, "landmarks")
            self._landmarks.publish(landmarks(face, message))

    def close(self) -> None:
        """Takes the topics back."""
        for publisher in filter(None, (self._roi, self._expression, self._landmarks)):
            self._node.destroy_publisher(publisher)


def region(face: FaceEmotion, message: FaceEmotionArray) -> NormalizedRegionOfInterest2D:
    """The face's box as shares of the image's size, 0 to 1; c: the detection score."""
    roi = face.roi
    width, height = max(message.image_width, 1), max(message.image_height, 1)
    return NormalizedRegionOfInterest2D(
        header=message.header,
        xmin=min(roi.x_offset / width, 1.0),
        ymin=min(roi.y_offset / height, 1.0),
        xmax=min((roi.x_offset + roi.width) / width, 1.0),
        ymax=min((roi.y_offset + roi.height) / height, 1.0),
        c=face.detection_score,
    )


def expression(face: FaceEmotion, header: Header) -> Expression:
    """The published emotion, one of EXPRESSIONS; valence and arousal are not estimated, stay 0."""
    return Expression(
        header=header, expression=EXPRESSIONS[face.emotion], confidence=face.confidence
    )


def landmarks(face: FaceEmotion, message: FaceEmotionArray) -> FacialLandmarks:
    """The face's landmarks as shares of the image's size, 0 to 1; c: the detection score.

    The other points of the 70, and one that lies outside of the image, have a c of 0.
    """
    width, height = max(message.image_width, 1), max(message.image_height, 1)
    answer = FacialLandmarks(header=message.header, height=height, width=width)
    for place, point in zip(LANDMARKS, face.landmarks, strict=True):
        x, y = point.x / width, point.y / height
        if 0 <= x <= 1 and 0 <= y <= 1:
            answer.landmarks[place] = NormalizedPointOfInterest2D(x=x, y=y, c=face.detection_score)
    return answer
