"""Images with a known number of faces. They are drawn: that takes no photograph of anyone, and the
detectors find them as they find real ones.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import Box

WIDTH, HEIGHT = 640, 480

_FACE = 160  # pixels, with the background around it
#: Where faces are, their left upper corners in pixels.
_PLACES = ((240, 160), (20, 20), (460, 20), (20, 300), (460, 300))
MOST_FACES = len(_PLACES)
_BACKGROUND = (150, 140, 130)


def scene(faces: int) -> NDArray[np.uint8]:
    """An image of 640x480, uint8 (480, 640, 3) BGR, with 0 to MOST_FACES faces."""
    if not 0 <= faces <= MOST_FACES:
        raise ValueError(f"expected 0 to {MOST_FACES} faces, got {faces}")
    image = np.full((HEIGHT, WIDTH, 3), _BACKGROUND, np.uint8)
    for left, top in _PLACES[:faces]:
        image[top : top + _FACE, left : left + _FACE] = _drawn_face(_FACE)
    return image


def face_boxes(faces: int) -> list[Box]:
    """Where the faces of a scene are."""
    return [
        Box(left + 0.22 * _FACE, top + 0.18 * _FACE, left + 0.78 * _FACE, top + 0.9 * _FACE)
        for left, top in _PLACES[:faces]
    ]


def _drawn_face(side: int) -> NDArray[np.uint8]:
    """A face of about 0.6 by 0.75 of the side of a square."""
    image = np.full((side, side, 3), _BACKGROUND, np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        """Of hundredths of the side."""
        return round(x * side / 100), round(y * side / 100)

    def ellipse(
        middle: tuple[float, float], axes: tuple[float, float], color: tuple[int, int, int]
    ) -> None:
        cv2.ellipse(image, at(*middle), at(*axes), 0, 0, 360, color, cv2.FILLED)

    ellipse((50, 45), (33, 40), (40, 50, 70))  # hair
    ellipse((50, 54), (28, 36), (140, 170, 215))
    for x in (38, 62):
        ellipse((x, 38), (8, 2), (50, 60, 80))
        ellipse((x, 46), (6, 3.2), (235, 240, 240))
        ellipse((x, 46), (3, 3), (40, 40, 50))
    ellipse((50, 61), (5, 2), (95, 120, 170))
    cv2.line(image, at(48, 46), at(46, 60), (115, 145, 195), max(1, side // 70))
    ellipse((50, 73), (12, 4), (90, 90, 170))
    return np.asarray(cv2.GaussianBlur(image, (0, 0), side / 80), np.uint8)
