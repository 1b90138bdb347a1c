"""Publishes images as camera drivers do: raw, and compressed for whoever wants them so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rclpy.duration import Duration
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from emotion_recognition.ros.messages.images import (
    CODECS,
    OUTGOING_ENCODINGS,
    compress_message,
    encode_message,
)
from emotion_recognition.ros.parameters.declaration import declare
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES, check_qos_overrides


class ImagePublisher:
    """Publishes on `image_raw` and, below the name that it is remapped to, on `compressed`.

    Both reliably, each only while someone subscribes to it. Declares the parameters of the images
    on the node; raises NodeError and rclpy's ParameterException for values that cannot be used.
    """

    def __init__(self, node: Node) -> None:
        self._encoding = declare(
            node,
            "encoding",
            "bgr8",
            "Encoding of the raw images; mono8 is gray when compressed, too.",
            choices=tuple(OUTGOING_ENCODINGS),
        )
        self._codec = declare(
            node,
            "compressed.format",
            "jpeg",
            "Codec of image_raw/compressed.",
            choices=CODECS,
        )
        self._jpeg_quality = declare(
            node,
            "compressed.jpeg_quality",
            95,
            "Quality of the JPEGs, from 1 (small) to 100 (good).",
            minimum=1,
            maximum=100,
        )
        check_qos_overrides(node)
        self._raw = node.create_publisher(
            Image,
            "image_raw",
            10,
            qos_overriding_options=QOS_OVERRIDES,
        )
        self._compressed = node.create_publisher(
            CompressedImage,
            f"{self._raw.topic_name}/compressed",
            10,
            qos_overriding_options=QOS_OVERRIDES,
        )

    @property
    def topic(self) -> str:
        """The full name of the topic of raw images, after remapping."""
        return str(self._raw.topic_name)

    @property
    def subscribers(self) -> int:
        """How many subscribe to either topic."""
        return int(self._raw.get_subscription_count() + self._compressed.get_subscription_count())

    def publish(self, image: NDArray[np.uint8], header: Header) -> None:
        """image: uint8 (H, W, 3) BGR."""
        if self._raw.get_subscription_count():
            self._raw.publish(encode_message(image, self._encoding, header))
        if self._compressed.get_subscription_count():
            self._compressed.publish(
                compress_message(image, self._encoding, self._codec, self._jpeg_quality, header)
            )

    def wait_for_delivery(self, timeout: Duration) -> None:
        """Returns when all that was published has arrived, or is overdue."""
        for publisher in (self._raw, self._compressed):
            publisher.wait_for_all_acked(timeout)
