"""What an output is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.image_conversion import Pixels


@dataclass(frozen=True)
class Output:
    """Another form of the answers to images, on a topic of its own.

    topic: its name, relative to the namespace of the node. message_type: of the topic. convert:
    makes the message from an answer and the image that it belongs to, uint8 (H, W, 3) BGR; called
    only while somebody listens. depth: how many messages wait for a slow subscriber.
    """

    topic: str
    message_type: type
    convert: Callable[[FaceEmotionArray, Pixels], Any]
    depth: int = 10
