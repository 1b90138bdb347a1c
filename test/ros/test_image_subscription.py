"""Which messages a subscription to images takes for lost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from sensor_msgs.msg import Image

from emotion_recognition.ros.stream.image_subscription import ImageSubscription


class StandIn:
    """A node with so many publishers of images, which never spins."""

    publishers = 1

    def create_subscription(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(topic_name="/image_raw")

    def count_publishers(self, _: str) -> int:
        return self.publishers


def test_where_publishers_cannot_be_told_apart_numbers_count_from_when_one_is_left() -> None:
    """As with Jazzy, which does not say who sent a message."""
    node: Any = StandIn()
    lost: list[int] = []
    subscription = ImageSubscription(node, lambda image: None, "raw", "reliable", lost.append)

    def take(number: int, publishers: int = 1) -> None:
        node.publishers = publishers
        subscription._take(Image(), {"publication_sequence_number": number})

    take(1)
    take(4)
    for number in range(5, 1000):
        take(number, publishers=2)
    assert sum(lost) == 2
    take(1000)
    take(1003)
    assert sum(lost) == 4
