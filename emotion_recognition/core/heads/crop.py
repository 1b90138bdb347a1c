"""The square around a face that a network sees."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, cos, floor, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.classifier import INPUT_SIZE
from emotion_recognition.core.heads.turn import head_roll
from emotion_recognition.core.types import Box


def crop_face(
    image: NDArray[np.uint8], box: Box, scale: float, landmarks: Sequence[tuple[float, float]] = ()
) -> NDArray[np.uint8]:
    """What the classifier sees: the square around a face, in which the face stands upright.

    Its side is `scale` times the longer side of the box. image: (H, W, 3) BGR. landmarks: five or
    none, as `Face.landmarks`. Returns gray uint8 (INPUT_SIZE, INPUT_SIZE).
    """
    middle, side = square_around(box, scale)
    return cut_square(image, middle, side, head_roll(landmarks) or 0.0, INPUT_SIZE)


def square_around(box: Box, scale: float) -> tuple[tuple[float, float], float]:
    """The middle, x and y, and the side of the square of `scale` times a box, in pixels."""
    middle = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    return middle, max(1.0, max(box.width, box.height) * scale)


def cut_square(
    image: NDArray[np.uint8], middle: tuple[float, float], side: float, angle: float, size: int
) -> NDArray[np.uint8]:
    """A square of an image, which may be turned, in gray and with `size` pixels a side.

    Where it reaches beyond the image the border pixels are repeated, so that what it shows keeps
    its proportions. It is cut between pixels: one that moves by a fraction of a pixel is another
    one. image: (H, W, 3) BGR. middle: x, y and side in pixels of the image. angle: by which it is
    turned, clockwise in the image, in radians. Returns uint8 (size, size).
    """
    # What a step to the right in the square is in the image; one downwards is the same, turned.
    right, down = side / size * cos(angle), side / size * sin(angle)
    middle_x, middle_y = middle
    reach = (abs(right) + abs(down)) * size / 2 + 1
    height, width = image.shape[:2]
    x1, x2 = _within(middle_x - reach, middle_x + reach, width)
    y1, y2 = _within(middle_y - reach, middle_y + reach, height)
    part = cv2.cvtColor(image[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY)
    # warpAffine takes four pixels for one, so what is larger is averaged before.
    shrink = max(1, round(side / size))
    if shrink > 1:
        shape = (max(1, (x2 - x1) // shrink), max(1, (y2 - y1) // shrink))
        part = cv2.resize(part, shape, interpolation=cv2.INTER_AREA)
    across, along = part.shape[1] / (x2 - x1), part.shape[0] / (y2 - y1)
    # From the middle of a pixel of the square to the middle of one of the part.
    x = middle_x - x1 + (down - right) * (size - 1) / 2
    y = middle_y - y1 - (down + right) * (size - 1) / 2
    matrix = np.array(
        [
            [right * across, -down * across, x * across - 0.5],
            [down * along, right * along, y * along - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    # As floats: between integers OpenCV interpolates otherwise on Arm, off by one gray level.
    square = cv2.warpAffine(
        part.astype(np.float32), matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.rint(square).astype(np.uint8)


def _within(start: float, end: float, size: int) -> tuple[int, int]:
    """The whole pixels of a range that are within 0 and size, one at least."""
    first = min(max(floor(start), 0), size - 1)
    return first, max(first + 1, min(ceil(end), size))
