"""What an output is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emotion_recognition.ros.answer import Answer


@dataclass(frozen=True)
class Output:
    """Another form of the answers to images, on a topic of its own.

    topic: its name, relative to the namespace of the node. message_type: of the topic. convert:
    makes the message from an answer; called only while somebody listens. depth: how many messages
    wait for a slow subscriber.
    """

    topic: str
    message_type: type
    convert: Callable[[Answer], Any]
    depth: int = 10
