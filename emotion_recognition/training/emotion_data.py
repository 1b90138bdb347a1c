"""FER+ expression data: the four-class protocol, augmentation, vote distributions as targets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from emotion_recognition.core.classifier import INPUT_SIZE
from emotion_recognition.core.types import LABELS
from emotion_recognition.training.photometric import photometric

#: FER+ names of LABELS, in the same order.
VOTE_NAMES = dict(zip(LABELS, ("neutral", "anger", "surprise", "happiness"), strict=True))
FEWEST_VOTES = 3  # of ten; a training face with fewer four-class votes says too little


@dataclass(frozen=True)
class EmotionImages:
    """crops: uint8 (N, 48, 48) gray. targets: float32 (N, 4) distributions over LABELS."""

    crops: NDArray[np.uint8]
    targets: NDArray[np.float32]

    @property
    def labels(self) -> NDArray[np.intp]:
        return np.asarray(self.targets.argmax(axis=1), np.intp)


def read_ferplus(path: Path, split: str, limit: int | None = None) -> EmotionImages:
    """The first `limit` images of a split ('train', 'valid') under the four-class protocol.

    Outlier votes (a count of 1) are dropped. An evaluation image is kept when one class has more
    than half of the remaining votes and is one of the four. A training image is kept when the four
    classes have at least FEWEST_VOTES votes and it is no near-duplicate of an evaluation image.
    """
    with np.load(path, allow_pickle=False) as archive:
        chosen = np.flatnonzero(archive["split"] == split)
        votes = archive["votes"][chosen].astype(np.float32)
        near_duplicate = archive["near_dup_of_eval"][chosen] > 0
        names = [str(name) for name in archive["vote_names"]]
        webp, offset = archive["webp"], archive["offset"]
    votes[votes == 1] = 0
    columns = [names.index(VOTE_NAMES[label]) for label in LABELS]
    four = votes[:, columns]
    if split == "train":
        keep = (four.sum(axis=1) >= FEWEST_VOTES) & ~near_duplicate
    else:
        keep = (votes.max(axis=1) * 2 > votes.sum(axis=1)) & np.isin(votes.argmax(axis=1), columns)
    kept = np.flatnonzero(keep)[:limit]
    files = [webp[offset[i] : offset[i + 1]] for i in chosen[kept]]
    crops = [np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8) for file in files]
    four = four[kept]
    return EmotionImages(np.stack(crops), four / four.sum(axis=1, keepdims=True))


class EmotionDataset(Dataset[tuple[Tensor, Tensor]]):
    """Augmented samples; the one at (epoch, index) is the same on every run of a seed."""

    def __init__(self, images: EmotionImages, seed: int) -> None:
        self.images = images
        self.seed = seed

    def __len__(self) -> int:
        return len(self.images.crops)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        epoch, index = key
        rng = np.random.default_rng((self.seed, epoch, index))
        crop = photometric(random_view(self.images.crops[index], rng), rng)
        return torch.from_numpy(crop[None]), torch.from_numpy(self.images.targets[index])


def random_view(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A crop as a detector might have made it: shifted, looser or tighter, rotated, mirrored."""
    size = crop.shape[0]
    scale = INPUT_SIZE / size * math.exp(rng.uniform(-0.16, 0.22))
    angle = math.radians(rng.normal(0, 8))
    stretch = math.exp(rng.uniform(-0.08, 0.08))
    linear = scale * np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    linear = linear @ np.diag([stretch, 1 / stretch])
    if rng.random() < 0.5:
        linear = linear @ np.diag([-1.0, 1.0])
    center = np.full(2, (size - 1) / 2)
    target = np.full(2, (INPUT_SIZE - 1) / 2) + rng.uniform(-0.08, 0.08, 2) * INPUT_SIZE
    matrix = np.hstack([linear, (target - linear @ center)[:, None]])
    view = cv2.warpAffine(
        crop,
        matrix,
        (INPUT_SIZE, INPUT_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(view, np.uint8)
