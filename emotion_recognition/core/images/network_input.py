"""From an image to the array that a network takes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Pixels


def resize(image: Pixels, width: int, height: int) -> Pixels:
    """An image (H, W, 3) or (H, W) in another size, in pixels; where it shrinks, by areas.

    Where it grows, to the same pixels on every processor, which INTER_LINEAR does not give.

    OpenCV takes about thirty times as long to shrink by a fraction as by a whole number, so an
    image much too large is first brought by whole steps to less than twice the size. Columns and
    rows at the edges may be left out for that, together less than one pixel of the result.
    """
    step = min(image.shape[1] // width, image.shape[0] // height)
    if step > 1:
        columns, rows = image.shape[1] // step, image.shape[0] // step
        left, top = image.shape[1] % step // 2, image.shape[0] % step // 2
        whole = image[top : top + rows * step, left : left + columns * step]
        image = _resize(whole, columns, rows, cv2.INTER_AREA)
    shrinks = image.shape[1] > width or image.shape[0] > height
    return _resize(image, width, height, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR_EXACT)


def _resize(image: Pixels, width: int, height: int, interpolation: int) -> Pixels:
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(cv2.resize(image, (width, height), interpolation=interpolation), np.uint8)


def planes(pixels: Pixels) -> NDArray[np.float32]:
    """Pixels (H, W, 3) as float32 (1, 3, H, W) with the same values, contiguous.

    A transposed view would be copied by every backend, which takes twenty times as long.
    """
    return np.array(cv2.split(pixels), np.float32)[None]
