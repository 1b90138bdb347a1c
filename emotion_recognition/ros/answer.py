"""What was found in one image, before it becomes a message on one topic or another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from std_msgs.msg import Header

from emotion_recognition.core.arrays import Pixels
from emotion_recognition.core.images.overlay import draw_faces
from emotion_recognition.core.types import LABELS, Face


@dataclass(frozen=True)
class Answer:
    """The faces of one image.

    header: of the image's message. image: uint8 (H, W, 3) BGR. faces: as `presentable_faces` gives
    them. latency: seconds from the stamp of the image to the answer. model: that gave it. labels:
    of the faces' probabilities, in their order.
    """

    header: Header
    image: Pixels
    faces: tuple[Face, ...] = ()
    latency: float = 0.0
    model: str = ""
    labels: tuple[str, ...] = LABELS

    @property
    def width(self) -> int:
        """Of the image, in pixels."""
        return int(self.image.shape[1])

    @property
    def height(self) -> int:
        """Of the image, in pixels."""
        return int(self.image.shape[0])

    @cached_property
    def annotated_image(self) -> Pixels:
        """The image with the faces drawn in, a copy: drawn once, and only for who asks."""
        return draw_faces(self.image, self.faces)
