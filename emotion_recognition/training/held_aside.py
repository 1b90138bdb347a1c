"""Images without faces that are kept out of training, to count false alarms on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from emotion_recognition.training.detection_data import AnnotatedImage

NEGATIVES = 200

Image = TypeVar("Image", bound=AnnotatedImage)


def held_aside_negatives(images: Sequence[Image], count: int = NEGATIVES) -> list[Image]:
    """Of the images without any box, those whose file names have the lowest SHA-256.

    The rule needs no list of files, mixes all sources, and does not depend on the order of
    `images`. It goes by the name alone, so that it is the same wherever the data lies.
    """
    negatives = [image for image in images if not len(image.boxes)]
    return sorted(negatives, key=_hash_of_name)[:count]


def without_held_aside(images: Sequence[Image]) -> list[Image]:
    """What is left to train on, in the given order."""
    held_aside = {image.path for image in held_aside_negatives(images)}
    return [image for image in images if image.path not in held_aside]


def _hash_of_name(image: AnnotatedImage) -> str:
    return hashlib.sha256(image.path.name.encode("utf-8")).hexdigest()
