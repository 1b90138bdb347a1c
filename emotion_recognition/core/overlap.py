"""How much boxes overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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
