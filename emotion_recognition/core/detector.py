"""Face detection with a YOLOv1-like grid network (the paper's Table I)."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.image import check_image
from emotion_recognition.core.types import Box, Face

#: A network as every backend offers it: float32 (N, C, H, W) in, float32 out.
Network = Callable[[NDArray[np.float32]], NDArray[np.float32]]

INPUT_SIZE = 288
NMS_IOU = 0.45
PADDING_VALUE = 114


class FaceDetector:
    """Finds the faces of an image.

    network: maps (1, 3, 288, 288) BGR in [0, 1] to the (1, 11, 9, 9) grid of Table I.
    score_threshold: the default for calls, in [0, 1].
    """

    def __init__(self, network: Network, score_threshold: float) -> None:
        self.network = network
        self.score_threshold = score_threshold

    def __call__(
        self, image: NDArray[np.uint8], score_threshold: float | None = None
    ) -> tuple[Face, ...]:
        """image: uint8 (H, W, 3) BGR. Faces in order of falling score, clipped to the image.

        Raises ImageError for any other dtype, shape or an empty image, ValueError for a threshold
        outside [0, 1], FloatingPointError if the network answers with values that are not finite.
        """
        threshold = self.score_threshold if score_threshold is None else score_threshold
        if not 0.0 <= threshold <= 1.0:
            raise ValueError(f"score_threshold must be within [0, 1], got {threshold}")
        check_image(image)
        pixels, scale, offset = letterbox(image)
        tensor = pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
        boxes, scores = decode(self.network(tensor)[0])
        boxes = (boxes * INPUT_SIZE - np.tile(offset, 2)) / scale
        height, width = image.shape[:2]
        return tuple(
            Face(Box(*(float(v) for v in boxes[i])).clipped(width, height), float(scores[i]))
            for i in suppress(boxes, scores, threshold)
        )


def letterbox(
    image: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], float, NDArray[np.float32]]:
    """Fits the image into the square network input without distorting it.

    Returns the input, uint8 (288, 288, 3), with the scale and the (x, y) offset in pixels that map
    a point of the image to it: input = image * scale + offset.
    """
    height, width = image.shape[:2]
    scale = INPUT_SIZE / max(height, width)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(image, (new_width, new_height), interpolation=interpolation)
    left, top = (INPUT_SIZE - new_width) // 2, (INPUT_SIZE - new_height) // 2
    canvas = np.full((INPUT_SIZE, INPUT_SIZE, 3), PADDING_VALUE, np.uint8)
    canvas[top : top + new_height, left : left + new_width] = resized
    return canvas, scale, np.array([left, top], np.float32)


def decode(grid: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes and scores of one grid, before non-maximum suppression.

    grid: (11, S, S); per cell two boxes of (x, y, sqrt(w), sqrt(h), confidence) and a class score.
    Returns boxes (2*S*S, 4) as x1, y1, x2, y2 in fractions of the input, and scores (2*S*S,) in
    [0, 1]: the confidences. With one class the class score says little that they do not, and
    multiplying by it, as YOLOv1 does, was measured to rank boxes worse. Raises FloatingPointError
    if the network answered with values that are not finite.
    """
    if not np.isfinite(grid).all():
        raise FloatingPointError("the detector's output is not finite")
    size = grid.shape[-1]
    cells = grid[:10].reshape(2, 5, size, size)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    center_x, center_y = (cells[:, 0] + columns) / size, (cells[:, 1] + rows) / size
    half_width, half_height = (np.clip(cells[:, 2:4], 0, 1.5) ** 2 / 2).swapaxes(0, 1)
    boxes = np.stack(
        [
            center_x - half_width,
            center_y - half_height,
            center_x + half_width,
            center_y + half_height,
        ],
        axis=-1,
    )
    scores = np.clip(cells[:, 4], 0, 1)
    return boxes.reshape(-1, 4), scores.reshape(-1)


def suppress(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], score_threshold: float
) -> list[int]:
    """Indices that non-maximum suppression keeps, in order of falling score.

    boxes: (M, 4) as x1, y1, x2, y2. Boxes without area are dropped.
    """
    sizes = boxes[:, 2:] - boxes[:, :2]
    candidates = np.flatnonzero((scores >= score_threshold) & (sizes > 0).all(axis=1))
    corners_and_sizes = np.concatenate([boxes[candidates, :2], sizes[candidates]], axis=1)
    kept = cv2.dnn.NMSBoxes(
        corners_and_sizes.astype(np.float64).tolist(),
        scores[candidates].astype(np.float64).tolist(),
        score_threshold,
        NMS_IOU,
    )
    order = candidates[np.asarray(kept, np.intp).reshape(-1)]
    return [int(i) for i in order]
