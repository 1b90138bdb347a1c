#!/usr/bin/env python3
"""Points at the nearest face that looks here: an example of a behaviour on /face_poses.

    ros2 run emotion_recognition look_at

It needs a calibrated camera. To let your own robot turn its head, send it to the point that
`LookAtNode.look_at` publishes.
"""

from __future__ import annotations

import math

import rclpy
from geometry_msgs.msg import PointStamped, PoseArray
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node

from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.messages.stamps import stamp_of
from emotion_recognition.ros.process.executor import SturdyExecutor

KEPT = 10  # answers that wait for their poses at most, and poses for their answer


class LookAtNode(Node):
    """Listens to `emotions` and `face_poses`, and publishes the point to look at on `look_at`."""

    def __init__(self) -> None:
        super().__init__("look_at")
        self._answers: dict[int, FaceEmotionArray] = {}
        self._poses: dict[int, PoseArray] = {}
        self._publisher = self.create_publisher(PointStamped, "look_at", 10)
        self.create_subscription(FaceEmotionArray, "emotions", self._on_emotions, 10)
        self.create_subscription(PoseArray, "face_poses", self._on_poses, 10)

    def _on_emotions(self, message: FaceEmotionArray) -> None:
        self._answers[stamp_of(message.header)] = message
        self._pair(stamp_of(message.header))

    def _on_poses(self, message: PoseArray) -> None:
        self._poses[stamp_of(message.header)] = message
        self._pair(stamp_of(message.header))

    def _pair(self, stamp: int) -> None:
        """The faces of an image and their poses come in two messages, in any order."""
        if stamp in self._answers and stamp in self._poses:
            self.look_at(self._answers.pop(stamp), self._poses.pop(stamp))
        for waiting in (self._answers, self._poses):
            while len(waiting) > KEPT:
                del waiting[next(iter(waiting))]

    def look_at(self, answer: FaceEmotionArray, poses: PoseArray) -> None:
        """What the robot does; a real one would turn its head here."""
        points = [
            pose.position
            for face, pose in zip(answer.faces, poses.poses, strict=True)
            if face.facing == FaceEmotion.FACING_CAMERA and math.isfinite(pose.position.z)
        ]
        if points:
            nearest = min(points, key=lambda point: math.hypot(point.x, point.y, point.z))
            self._publisher.publish(PointStamped(header=poses.header, point=nearest))


def main() -> None:
    try:
        rclpy.init()
        rclpy.spin(LookAtNode(), SturdyExecutor())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass  # the signal has shut rclpy down as well


if __name__ == "__main__":
    main()
