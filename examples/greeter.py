#!/usr/bin/env python3
"""Greets whoever has looked happy for a second, once: an example of a behaviour on events.

    ros2 run emotion_recognition greeter

To make your own robot do something else, copy this file and change `Greeter`, which decides, and
`GreeterNode.greet`, which acts.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from emotion_recognition.msg import FaceEmotion, FaceEmotionEvent, FaceEmotionEventArray
from emotion_recognition.ros.messages.stamps import NANOSECONDS, seconds_of, stamp_of
from emotion_recognition.ros.process.executor import SturdyExecutor

LATE = 0.5  # seconds by which a message is late; one that is older starts another stream


class Greeter:
    """Decides whom to greet: a track id that has looked happy for a while, once.

    All times are those of the images, in seconds, so that delays do not matter. An id that was not
    there for `forget_after` is forgotten, because a restarted emotion_node counts from 1 again.
    """

    def __init__(self, happy_for: float = 1.0, forget_after: float = 10.0) -> None:
        self.happy_for = happy_for
        self.forget_after = forget_after
        self._greeted: dict[int, float] = {}  # and when they were there last
        self._now = float("-inf")

    def update(self, time: float, there: Set[int], happy: Mapping[int, float]) -> list[int]:
        """Whom to greet now. there: all track ids. happy: for how long those that are have been."""
        if time < self._now - LATE:
            self._greeted = {}  # a recording or a simulation starts again
        elif time < self._now:
            return []
        self._now, oldest = time, time - self.forget_after
        self._greeted = {i: seen for i, seen in self._greeted.items() if seen >= oldest}
        due = [i for i, s in happy.items() if s >= self.happy_for and i not in self._greeted]
        self._greeted |= dict.fromkeys(there & self._greeted.keys() | set(due), time)
        return due


class GreeterNode(Node):
    """Listens to `emotion_events/ongoing` and publishes what to say on `greetings`."""

    def __init__(self) -> None:
        super().__init__("greeter")
        self._greeter = Greeter()
        self._publisher = self.create_publisher(String, "greetings", 10)
        # Transient local: it hears at once who is there already.
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        events = self.create_subscription(
            FaceEmotionEventArray, "emotion_events/ongoing", self._on_ongoing, latched
        )
        self.get_logger().info(
            f"Watching '{events.topic_name}' for who looks happy, to be greeted on "
            f"'{self._publisher.topic_name}'"
        )

    def _on_ongoing(self, message: FaceEmotionEventArray) -> None:
        happy = {
            event.track_id: seconds_of(event.duration)
            for event in message.events
            if event.kind == FaceEmotionEvent.EMOTION_BEGAN and event.emotion == FaceEmotion.HAPPY
        }
        there = {event.track_id for event in message.events}
        time = stamp_of(message.header) / NANOSECONDS
        for track_id in self._greeter.update(time, there, happy):
            self.greet(track_id)

    def greet(self, track_id: int) -> None:
        """What the robot does; a real one would speak or wave here."""
        text = f"Hello, number {track_id}! It is good to see you smile."
        self.get_logger().info(text)
        self._publisher.publish(String(data=text))


def main() -> None:
    try:
        rclpy.init()
        rclpy.spin(GreeterNode(), SturdyExecutor())
    except (KeyboardInterrupt, ExternalShutdownException):
        pass  # the signal has shut rclpy down as well


if __name__ == "__main__":
    main()
