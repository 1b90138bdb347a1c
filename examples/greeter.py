#!/usr/bin/env python3
"""Greets whoever has looked happy for a second, once: an example of a behaviour on /emotions.

    ros2 run emotion_recognition greeter

To make your own robot do something else, copy this file and change `Greeter`, which decides, and
`GreeterNode.greet`, which acts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from std_msgs.msg import String

from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.process.executor import SturdyExecutor


@dataclass
class Person:
    """What is remembered of one track id; times in seconds."""

    last_seen: float
    happy_since: float | None = None
    greeted: bool = False


class Greeter:
    """Decides whom to greet: a track id that has looked happy for a while, once.

    All times are those of the images, in seconds, so that delays do not matter. Nor do lost
    messages: who is happy in two images at most `longest_gap` apart was happy in between. An id not
    seen for `forget_after` is forgotten, because a restarted emotion_node counts from 1 again.
    """

    def __init__(
        self, happy_for: float = 1.0, longest_gap: float = 0.5, forget_after: float = 10.0
    ) -> None:
        self.happy_for = happy_for
        self.longest_gap = longest_gap
        self.forget_after = forget_after
        self._people: dict[int, Person] = {}
        self._now = float("-inf")

    def update(self, time: float, faces: Iterable[tuple[int, bool]]) -> list[int]:
        """Whom to greet now. faces: track id and whether it looks happy, of an image at `time`."""
        if time < self._now - self.longest_gap:
            self._people = {}  # a recording or a simulation starts again
        elif time < self._now:
            return []  # late, and so of no interest any more
        self._now = time
        self._people = {
            track_id: person
            for track_id, person in self._people.items()
            if time - person.last_seen <= self.forget_after
        }
        # A track id of 0 belongs to nobody in particular.
        return [track_id for track_id, happy in faces if track_id and self._is_due(track_id, happy)]

    def _is_due(self, track_id: int, happy: bool) -> bool:
        person = self._people.setdefault(track_id, Person(self._now))
        was_lost = self._now - person.last_seen > self.longest_gap
        person.last_seen = self._now
        if not happy:
            person.happy_since = None
            return False
        if person.happy_since is None or was_lost:
            person.happy_since = self._now
        if person.greeted or self._now - person.happy_since < self.happy_for:
            return False
        person.greeted = True
        return True


class GreeterNode(Node):
    """Listens to `emotions` and publishes what to say on `greetings`."""

    def __init__(self) -> None:
        super().__init__("greeter")
        self._greeter = Greeter()
        self._publisher = self.create_publisher(String, "greetings", 10)
        emotions = self.create_subscription(FaceEmotionArray, "emotions", self._on_emotions, 10)
        self.get_logger().info(
            f"Watching '{emotions.topic_name}' for who looks happy, to be greeted on "
            f"'{self._publisher.topic_name}'"
        )

    def _on_emotions(self, message: FaceEmotionArray) -> None:
        stamp = message.header.stamp
        faces = [(face.track_id, face.emotion == FaceEmotion.HAPPY) for face in message.faces]
        for track_id in self._greeter.update(stamp.sec + stamp.nanosec * 1e-9, faces):
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
        pass
    finally:
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
