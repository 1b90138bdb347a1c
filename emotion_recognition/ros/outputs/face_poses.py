"""Where the faces are in space, as geometry_msgs/PoseArray, from a calibrated camera."""

from __future__ import annotations

from time import monotonic

from geometry_msgs.msg import Point, Pose, PoseArray, Quaternion
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from emotion_recognition.core.heads.camera import Camera
from emotion_recognition.core.heads.pose import HeadPose, head_pose
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.cameras import camera_from_message
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES
from emotion_recognition.ros.process.log_throttle import LogThrottle

#: Seconds after subscribing until a camera that has said nothing is worth a line in the log.
DISCOVERY = 2.0


class FacePosePublisher:
    """Publishes a pose for each face of an answer, in the same order and with the same header.

    Only while somebody listens it does so, and only then it subscribes to the `camera_info` beside
    the images, as image_transport names it: /camera/camera_info for /camera/image_raw. Where
    `camera_info` itself is remapped, that holds.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._throttle = LogThrottle()
        self._subscription: Subscription | None = None
        self._camera: Camera | None = None
        self._reason = ""
        self._subscribed_at = 0.0
        self._publisher = node.create_lifecycle_publisher(
            PoseArray, "face_poses", QoSProfile(depth=10), qos_overriding_options=QOS_OVERRIDES
        )

    def watch(self) -> None:
        """Subscribes while somebody listens; in the node's thread."""
        wanted = bool(self._publisher.get_subscription_count())
        if wanted and self._subscription is None:
            self._reason, self._subscribed_at = "", monotonic()
            self._subscription = self._node.create_subscription(
                CameraInfo,
                camera_info_topic(self._node),
                self._take,
                QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
                qos_overriding_options=QOS_OVERRIDES,
            )
        elif not wanted:
            self.stop()

    def publish(self, answer: Answer) -> None:
        """The poses of an answer, where the camera is known; a line in the log where it is not."""
        if self._subscription is None or not self._publisher.get_subscription_count():
            return
        camera, reason = self._camera, self._reason
        if camera and (camera.width, camera.height) != (answer.width, answer.height):
            reason = (
                f"the images are {answer.width}x{answer.height}, and the camera is calibrated for "
                f"{camera.width}x{camera.height}"
            )
        elif camera:
            poses = [_message(head_pose(face, camera)) for face in answer.faces]
            self._publisher.publish(PoseArray(header=answer.header, poses=poses))
            return
        elif not reason:
            if monotonic() - self._subscribed_at < DISCOVERY:
                return
            reason = f"nothing has come on '{self._subscription.topic_name}' yet"
        if text := self._throttle(f"No face_poses: {reason}", reason):
            self._node.get_logger().warning(text)

    def stop(self) -> None:
        """Ends the subscription."""
        if self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._camera = None

    def close(self) -> None:
        """Takes the topic back."""
        self.stop()
        self._node.destroy_lifecycle_publisher(self._publisher)

    def _take(self, message: CameraInfo) -> None:
        try:
            self._camera = camera_from_message(message)
        except ValueError as error:
            self._camera, self._reason = None, str(error)


def camera_info_topic(node: LifecycleNode) -> str:
    """The full name of the topic that tells of the camera of `image_raw`."""
    name = str(node.resolve_topic_name("camera_info"))
    if name != node.resolve_topic_name("camera_info", only_expand=True):
        return name
    return str(node.resolve_topic_name("image_raw")).rpartition("/")[0] + "/camera_info"


def _message(pose: HeadPose | None) -> Pose:
    """Not a number throughout for a face that has no place, so that the others keep theirs."""
    if pose is None:
        nan = float("nan")
        return Pose(
            position=Point(x=nan, y=nan, z=nan), orientation=Quaternion(x=nan, y=nan, z=nan, w=nan)
        )
    (x, y, z), (qx, qy, qz, qw) = pose.position, pose.orientation
    return Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))
