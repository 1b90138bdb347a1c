#!/usr/bin/env python3
"""Finds faces and their emotions without ROS: an example of the Python API.

    python3 examples/faces_in_a_picture.py photo.jpg

Copy it and change `describe`, or take the boxes and probabilities that it reads.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition import EmotionPipeline, Face


def describe(face: Face) -> str:
    """One line on a face: where, what, and how sure."""
    box = face.box
    return (
        f"{face.emotion.label} ({face.emotion.confidence:.0%}) "
        f"at x {box.x1:.0f} to {box.x2:.0f}, y {box.y1:.0f} to {box.y2:.0f}"
    )


def describe_all(pipeline: EmotionPipeline, image: NDArray[np.uint8]) -> list[str]:
    """image: uint8 (H, W, 3) BGR. One line a face, the surest face first."""
    return [describe(face) for face in pipeline(image)]


def main() -> int:
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} PICTURE", file=sys.stderr)
        return 2
    image = cv2.imread(sys.argv[1])
    if image is None:
        print(f"{sys.argv[1]} is not a picture that can be read", file=sys.stderr)
        return 1
    # Making the pipeline loads the models: make it once, and call it for every image.
    pipeline = EmotionPipeline()
    for line in describe_all(pipeline, np.asarray(image, np.uint8)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
