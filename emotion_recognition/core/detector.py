"""Face detection with a YOLOv1-like grid network (the paper's Table I)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.images.network_input import planes, resize
from emotion_recognition.core.images.raw import check_image
from emotion_recognition.core.overlap import boxes_by_face
from emotion_recognition.core.types import Box, Face

INPUT_SIZE = 288
PADDING_VALUE = 114


class FaceDetector:
    """Finds the faces of an image.

    network: maps (1, 3, 288, 288) BGR in [0, 1] to the (1, 11, 9, 9) grid of Table I.
    score_threshold: the default for calls, in [0, 1].
    """

    INPUT_SHAPE = (1, 3, INPUT_SIZE, INPUT_SIZE)
    OUTPUT_SHAPE = (1, 11, 9, 9)

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
        threshold = checked_threshold(
            self.score_threshold if score_threshold is None else score_threshold
        )
        check_image(image)
        pixels, scale, offset = letterbox(image)
        boxes, scores = find_boxes(self.network, pixels, threshold)
        boxes = (boxes * INPUT_SIZE - np.tile(offset, 2)) / scale
        return faces_within(image, boxes, scores)


def checked_threshold(threshold: float, name: str = "score_threshold") -> float:
    """Raises ValueError unless it is within [0, 1]."""
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"{name} must be within [0, 1], got {threshold}")
    return threshold


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
    left, top = (INPUT_SIZE - new_width) // 2, (INPUT_SIZE - new_height) // 2
    canvas = np.full((INPUT_SIZE, INPUT_SIZE, 3), PADDING_VALUE, np.uint8)
    canvas[top : top + new_height, left : left + new_width] = resize(image, new_width, new_height)
    return canvas, scale, np.array([left, top], np.float32)


def find_boxes(
    network: Network, pixels: NDArray[np.uint8], score_threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One box for each face in the network's input, uint8 (288, 288, 3) BGR; see `merge`."""
    tensor = planes(pixels) / np.float32(255)
    return merge(*decode(network(tensor)[0]), score_threshold)


def faces_within(
    image: NDArray[np.uint8], boxes: NDArray[np.float32], scores: NDArray[np.float32]
) -> tuple[Face, ...]:
    """The faces of boxes (K, 4) in pixels of the image, clipped to it. scores: (K,).

    A box that is wholly outside of it is none.
    """
    height, width = image.shape[:2]
    return tuple(
        Face(inside, score)
        for box, score in zip(boxes.tolist(), scores.tolist(), strict=True)
        if (inside := Box(*box).clipped(width, height)).area
    )


def decode(grid: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes and scores of one grid, several for each face; see `merge`.

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


def merge(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], score_threshold: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One box for each face: non-maximum suppression that does not forget what it suppresses.

    boxes: (M, 4) as x1, y1, x2, y2, scores: (M,). Returns boxes (K, 4) and scores (K,) from
    score_threshold on, in order of falling score. Boxes without area are dropped.

    Only one box of one cell is responsible for a face, so that a face on the border of two cells
    leaves each of them half as confident. As these are exclusive events, their probabilities add
    up: the score of a face is the sum, over the boxes on it, of confidence times overlap with the
    best one, and its box is their mean with the same weights.
    """
    sizes = boxes[:, 2:] - boxes[:, :2]
    usable = np.flatnonzero((scores > 0) & (sizes > 0).all(axis=1))
    usable = usable[np.argsort(-scores[usable], kind="stable")]
    boxes, scores = boxes[usable], scores[usable]
    faces: list[NDArray[np.float32]] = []
    totals: list[float] = []
    left = float(scores.sum())
    for members, overlaps in boxes_by_face(boxes):
        if left < score_threshold:
            break
        weights = scores[members] * overlaps
        total = float(weights.sum())
        if total >= score_threshold:
            faces.append(np.asarray(weights @ boxes[members] / total, np.float32))
            totals.append(min(total, 1.0))
        left -= float(scores[members].sum())
    order = np.argsort(-np.array(totals), kind="stable")
    return (
        np.array(faces, np.float32).reshape(-1, 4)[order],
        np.array(totals, np.float32)[order],
    )
