"""The parameter `max_megapixels` of the nodes that decode images."""

from __future__ import annotations

from rclpy.node import Node

from emotion_recognition.core.images.raw import MAX_PIXELS
from emotion_recognition.ros.parameters.declaration import declare


def declare_max_megapixels(node: Node) -> float:
    """Declares it and returns its value: millions of pixels of an image at most."""
    return declare(
        node,
        "max_megapixels",
        MAX_PIXELS / 1e6,
        "Millions of pixels of an image at most; of a JPEG in several scans (progressive) "
        "a quarter of it. Larger ones are rejected before they are decoded.",
        minimum=0.01,
        maximum=80.0,
    )
