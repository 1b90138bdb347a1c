"""How much boxes overlap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SAME_FACE_IOU = 0.45  # from which on two boxes are of one face


def pairwise_iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """(M, 4) and (K, 4) boxes as x1, y1, x2, y2 -> (M, K) intersection over union."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    sides = np.maximum(np.minimum(a[:, None, 2:], b[None, :, 2:]) - low, 0)
    intersection = sides[..., 0] * sides[..., 1]
    union = _areas(a)[:, None] + _areas(b) - intersection
    return np.asarray(intersection / np.maximum(union, 1e-9), np.float32)


def _areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of boxes (M, 4) -> (M,)."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return sides[:, 0] * sides[:, 1]


def boxes_by_face(
    boxes: NDArray[np.float32],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """The boxes on each face: the best one left, and those that overlap it.

    boxes: (M, 4) as x1, y1, x2, y2, the best first. Yields indices of a face's boxes, in order, and
    their intersections over union with the first of them.
    """
    left = np.arange(len(boxes))
    while len(left):
        overlaps = pairwise_iou(boxes[left[:1]], boxes[left])[0]
        overlaps[0] = 1.0  # with itself, however small it is
        on_face = overlaps >= SAME_FACE_IOU
        yield left[on_face], overlaps[on_face]
        left = left[~on_face]
