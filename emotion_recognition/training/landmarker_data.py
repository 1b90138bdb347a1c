"""What the landmarker is trained on: squares around faces, placed and turned as they may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from emotion_recognition.core.heads.crop import cut_square, square_around
from emotion_recognition.core.heads.landmarker import INPUT_SIZE, SCALE
from emotion_recognition.core.types import Box
from emotion_recognition.training.face_landmarks import MIRRORED, LandmarkedImage, Landmarks
from emotion_recognition.training.image_cache import Pixels, read_pixels
from emotion_recognition.training.photometric import photometric

SMALLEST_FACE = 24  # pixels of the longer side; points on a smaller one are not known well
#: Standard deviations of a box: how far off it lies, of its side, and how much too large it is.
SHIFT, LOG_SIZE = 0.06, 0.1
MOST_ROLL, USUAL_ROLL = math.radians(50), math.radians(12)  # limits, and a standard deviation
STRONGLY_TURNED, DEGRADED, COARSE = 0.2, 0.6, 0.08  # shares of the faces


@dataclass(frozen=True)
class LandmarkedFace:
    """One face: its image's file, its box, its landmarks (5, 2) in pixels, whose they are."""

    path: Path
    box: Box
    landmarks: Landmarks
    human: bool


def landmarked_faces(images: Sequence[LandmarkedImage]) -> list[LandmarkedFace]:
    """The faces with landmarks that are neither doubtful nor too small to learn from."""
    return [
        LandmarkedFace(image.path, Box(*box), points, bool(human))
        for image in images
        for box, ignore, points, human in zip(
            image.boxes.tolist(), image.ignore, image.landmarks, image.human, strict=True
        )
        if not ignore
        and np.isfinite(points).all()
        and max(box[2] - box[0], box[3] - box[1]) >= SMALLEST_FACE
    ]


class LandmarkerDataset(Dataset[tuple[Tensor, Tensor]]):
    """Augmented faces; the one at (epoch, index) is the same on every run of a seed.

    Gives squares uint8 (1, 48, 48) and the landmarks in them, float32 (5, 2), from their middle as
    shares of their side. read: gives the pixels of an image file.
    """

    def __init__(
        self,
        faces: Sequence[LandmarkedFace],
        seed: int,
        read: Callable[[Path], Pixels] = read_pixels,
    ) -> None:
        self.faces = faces
        self.seed = seed
        self.read = read

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        epoch, index = key
        rng = np.random.default_rng((self.seed, epoch, index))
        face = self.faces[index]
        (x, y), side = square_around(face.box, SCALE)
        x, y = (np.array([x, y]) + rng.normal(0, SHIFT, 2) * side / SCALE).tolist()
        side *= math.exp(rng.normal(0, LOG_SIZE))
        turned = rng.random() < STRONGLY_TURNED
        angle = rng.uniform(-MOST_ROLL, MOST_ROLL) if turned else rng.normal(0, USUAL_ROLL)
        square = cut_square(self.read(face.path), (x, y), side, angle, INPUT_SIZE)
        turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        points = (face.landmarks - np.array([x, y])) @ turn.T / side
        if rng.random() < 0.5:
            square, points = square[:, ::-1], points[MIRRORED] * np.array([-1, 1])
        square = np.ascontiguousarray(square)
        if rng.random() < DEGRADED:
            square = photometric(square, rng)
        if rng.random() < COARSE:
            square = coarse(square, rng)
        return torch.from_numpy(square[None]), torch.from_numpy(points.astype(np.float32))


def coarse(square: Pixels, rng: np.random.Generator) -> Pixels:
    """As if the face were far away: of 12 to 30 pixels a side."""
    size = int(rng.integers(12, 31))
    small = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.resize(small, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_LINEAR), np.uint8
    )
