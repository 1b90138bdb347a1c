"""Five landmarks of a face, found in the square around its box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.classifier import softmax
from emotion_recognition.core.heads.crop import cut_square, square_around
from emotion_recognition.core.types import Box

Floats = NDArray[np.float32]
Landmarks = tuple[tuple[float, float], ...]

INPUT_SIZE = 48  # pixels of a side of the square
SCALE = 1.15  # of the square's side, against the longer side of the face's box
POINTS = 5
STRIDE = 4  # pixels of the input from one cell of a map to the next


class FaceLandmarker:
    """Finds the eyes, the tip of the nose and the corners of the mouth.

    network: maps one (1, 1, 48, 48) gray square in [0, 1] to (1, 5, 12, 12): for each point a map
    of logits, how likely it is to lie in a cell.
    """

    INPUT_SHAPE = (1, 1, INPUT_SIZE, INPUT_SIZE)
    OUTPUT_SHAPE = (1, POINTS, INPUT_SIZE // STRIDE, INPUT_SIZE // STRIDE)

    def __init__(self, network: Network) -> None:
        self.network = network

    def __call__(self, image: NDArray[np.uint8], boxes: Sequence[Box]) -> tuple[Landmarks, ...]:
        """image: uint8 (H, W, 3) BGR. The landmarks of each box, as those of a Face.

        Raises FloatingPointError if the network answers with values that are not finite.
        """
        if not boxes:
            return ()
        around = [square_around(box, SCALE) for box in boxes]
        squares = [cut_square(image, *place, 0.0, INPUT_SIZE) for place in around]
        pixels = np.array(squares, np.float32)[:, None, None] / np.float32(255)
        maps = np.concatenate([self.network(square) for square in pixels])
        if not np.isfinite(maps).all():
            raise FloatingPointError("the landmarker's output is not finite")
        middles = np.array([middle for middle, _ in around])[:, None]
        sides = np.array([side for _, side in around])[:, None, None]
        points = middles + places(maps) * sides
        return tuple(tuple((x, y) for x, y in face) for face in points.tolist())


def places(maps: Floats) -> Floats:
    """(N, 5, S, S) logits -> (N, 5, 2): x and y of the points, in [-0.5, 0.5] of the square's side.

    The mean of where a point may lie, from the middle of the square (integral regression: Sun et
    al., 2018).
    """
    size = maps.shape[-1]
    likely = softmax(maps.reshape(*maps.shape[:2], -1)).reshape(maps.shape)
    along = ((np.arange(size) + 0.5) / size - 0.5).astype(np.float32)
    return np.stack([likely.sum(axis=2) @ along, likely.sum(axis=3) @ along], axis=-1)
