"""Face detection with a network that answers on several levels."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.detector import PADDING_VALUE, checked_threshold
from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.core.images.network_input import planes, resize
from emotion_recognition.core.images.raw import check_image
from emotion_recognition.core.overlap import boxes_by_face
from emotion_recognition.core.types import Box, Face

Floats = NDArray[np.float32]

#: Pixels of the input from one cell of a level to the next; inputs are multiples of the last.
STRIDES = (8, 16, 32)
#: What the network says of a cell: x, y, log width, log height, score.
CHANNELS = 5
DEFAULT_INPUT_WIDTH = 320
#: Of a side in strides: larger than any face, and finite when its exponential is taken.
MAX_LOG_SIZE = 6.0


class MultilevelDetector:
    """Finds the faces of an image and the landmarks of each.

    network: maps (1, 3, H, W) BGR in [0, 255], H and W multiples of 32, to (1, 5, A), see
    `decode`. score_threshold: the default for calls, in [0, 1]. input_width: pixels to which the
    longer side of an image is scaled, a multiple of 32; the shorter side is scaled alike and
    padded to the next multiple, so that an image of 640x480 becomes an input of 320x256.
    landmarker: of the faces that were found; None for faces without landmarks.

    Raises ValueError for an input width that is not a multiple of 32.
    """

    def __init__(
        self,
        network: Network,
        score_threshold: float,
        input_width: int = DEFAULT_INPUT_WIDTH,
        landmarker: FaceLandmarker | None = None,
    ) -> None:
        if input_width < STRIDES[-1] or input_width % STRIDES[-1]:
            raise ValueError(f"input_width must be a multiple of {STRIDES[-1]}, got {input_width}")
        self.network = network
        self.score_threshold = score_threshold
        self.input_width = input_width
        self.landmarker = landmarker

    def __call__(
        self, image: NDArray[np.uint8], score_threshold: float | None = None
    ) -> tuple[Face, ...]:
        """image: uint8 (H, W, 3) BGR. Faces in order of falling score, clipped to the image.

        A box that is wholly outside of it, as in the padding, is none. Landmarks are not clipped:
        they may lie outside of an image that cuts a face off. Raises ImageError for any other
        dtype, shape or an empty image, ValueError for a threshold outside [0, 1],
        FloatingPointError if the network answers with values that are not finite.
        """
        threshold = checked_threshold(
            self.score_threshold if score_threshold is None else score_threshold
        )
        check_image(image)
        pixels, scale = fit_input(image, self.input_width)
        output = self.network(planes(pixels))[0]
        places, scores = suppress(*decode(output, pixels.shape[:2], threshold))
        height, width = image.shape[:2]
        found = [
            (box, inside, score)
            for place, score in zip((places / scale).tolist(), scores.tolist(), strict=True)
            if (inside := (box := Box(*place)).clipped(width, height)).area
        ]
        boxes = [box for box, _, _ in found]
        landmarks = self.landmarker(image, boxes) if self.landmarker else [()] * len(boxes)
        return tuple(
            Face(inside, score, landmarks=points)
            for (_, inside, score), points in zip(found, landmarks, strict=True)
        )


def fit_input(image: NDArray[np.uint8], input_width: int) -> tuple[NDArray[np.uint8], float]:
    """Scales the longer side of the image to input_width, without distorting it.

    Returns the input, uint8 (H, W, 3), padded with gray at the right and the bottom to multiples
    of 32, and the scale that maps a point of the image to it.
    """
    height, width = image.shape[:2]
    scale = input_width / max(height, width)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    unit = STRIDES[-1]
    shape = (-(-new_height // unit) * unit, -(-new_width // unit) * unit, 3)
    canvas = np.full(shape, PADDING_VALUE, np.uint8)
    canvas[:new_height, :new_width] = resize(image, new_width, new_height)
    return canvas, scale


@lru_cache(maxsize=8)
def cells(height: int, width: int) -> tuple[Floats, Floats]:
    """Where the cells of all levels of an input are, in the order of the network's output.

    height, width: of the input, multiples of 32. Returns the centres (A, 2) as x, y in pixels of
    the input, and the strides (A,).
    """
    centers, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[0 : height // stride, 0 : width // stride].astype(np.float32)
        points = (np.stack([columns.ravel(), rows.ravel()], axis=1) + np.float32(0.5)) * stride
        centers.append(points)
        strides.append(np.full(len(points), stride, np.float32))
    return np.concatenate(centers), np.concatenate(strides)


def decode(output: Floats, shape: tuple[int, ...], score_threshold: float) -> tuple[Floats, Floats]:
    """The cells of one output that see a face, often several for each; see `suppress`.

    output: (5, A); x and y of the box's centre are offsets from the centre of the cell, in strides
    of its level; sizes are natural logarithms of strides; the score is a logit. shape: (H, W) of
    the input in pixels.

    Returns boxes (K, 4) as x1, y1, x2, y2 in pixels of the input, and scores (K,) from
    score_threshold on. Raises FloatingPointError if the network answered with values that are not
    finite.
    """
    if not np.isfinite(output).all():
        raise FloatingPointError("the detector's output is not finite")
    centers, strides = cells(shape[0], shape[1])
    found = np.flatnonzero(output[4] >= _logit(score_threshold))
    values, points, stride = output[:, found].T, centers[found], strides[found, None]
    scores = 1 / (1 + np.exp(-values[:, 4].clip(-50, 50)))
    middle = points + values[:, :2] * stride
    half = np.exp(values[:, 2:4].clip(max=MAX_LOG_SIZE)) * stride / 2
    return np.concatenate([middle - half, middle + half], axis=1), scores


def _logit(probability: float) -> float:
    """From which on a logit stands for at least this probability, in [0, 1], as float32."""
    if probability == 0:
        return -math.inf
    probability = min(probability, 1 - 2**-25)  # from there on float32 rounds to 1
    return math.log(probability / (1 - probability))


def suppress(boxes: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """One box for each face: of boxes that overlap the best remains, placed by all of them.

    boxes: (M, 4) as x1, y1, x2, y2, scores: (M,). Returns the same for K faces, in order of falling
    score. The cells around a face each place it with an error of their own, so the box of a face is
    the mean over the boxes on it, with score times overlap with the best one as weights (box
    voting: Gidaris and Komodakis, 2015).
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    best: list[int] = []
    means: list[Floats] = []
    for members, overlaps in boxes_by_face(boxes):
        weights = scores[members] * overlaps
        best.append(int(members[0]))
        means.append(weights @ boxes[members] / weights.sum())
    return np.array(means, np.float32).reshape(-1, 4), scores[best]
