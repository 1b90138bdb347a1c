"""FER+ expression data: the four-class protocol, targets of several kinds, augmentation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from emotion_recognition.core.classifier import INPUT_SIZE, prepare_crop
from emotion_recognition.core.types import LABELS
from emotion_recognition.training.harsh_conditions import harsh
from emotion_recognition.training.hidden_parts import hide_part
from emotion_recognition.training.photometric import photometric

#: What the faces are labelled with: FER+ annotators' votes for the four classes or for all eight
#: emotions (LABELS first), or FER2013's original label (one of the four, or the face is left out).
LabelKind = Literal["votes", "all_votes", "fer2013"]

#: FER+ names of LABELS, in the same order, then of the other emotions.
VOTE_NAMES = ("neutral", "anger", "surprise", "happiness")
OTHER_VOTE_NAMES = ("sadness", "fear", "disgust", "contempt")
#: FER2013's numbers of LABELS, in the same order.
FER2013_NUMBERS = (6, 0, 5, 3)
FEWEST_VOTES = 3  # of ten; a training face with fewer votes for the classes says too little


@dataclass(frozen=True)
class EmotionImages:
    """crops: uint8 (H, W) gray each. targets: float32 (N, C) distributions over C classes.

    A target of zeros belongs to a face without a label, for a teacher to judge.
    """

    crops: Sequence[NDArray[np.uint8]]
    targets: NDArray[np.float32]

    @property
    def labels(self) -> NDArray[np.intp]:
        return np.asarray(self.targets.argmax(axis=1), np.intp)


def votes_for(classes: int) -> LabelKind:
    """The annotators' votes for the four classes, or for all emotions."""
    return "votes" if classes == len(LABELS) else "all_votes"


def input_batches(crops: Sequence[NDArray[np.uint8]], size: int = 256) -> Iterator[Tensor]:
    """Crops as a classifier sees them, in order: float32 (N, 1, 64, 64) in [0, 1].

    crops: as `core.classifier.prepare_crop` takes them. size: of a batch, at most.
    """
    for start in range(0, len(crops), size):
        pixels = np.stack([prepare_crop(crop) for crop in crops[start : start + size]])
        yield torch.from_numpy(pixels)[:, None].float() / 255


def read_ferplus(
    path: Path,
    split: str,
    limit: int | None = None,
    kind: LabelKind = "votes",
    with_unlabelled: bool = False,
    fewest_equal: int = 0,
) -> EmotionImages:
    """The first `limit` images of a split ('train', 'valid'), crops of 48x48.

    Outlier votes (a count of 1) are dropped. An evaluation image is kept when one class has more
    than half of the remaining votes and is one of the four, or for 'all_votes' one of the eight:
    the protocols that figures use. A training image is kept when the classes have at least
    FEWEST_VOTES votes, for 'fer2013' when two annotators saw in it what the label says, and when it
    is no near-duplicate of an evaluation image; with_unlabelled keeps the others too, with targets
    of zeros. fewest_equal: votes of ten that an evaluation image's class must have.
    """
    with np.load(path, allow_pickle=False) as archive:
        chosen = np.flatnonzero(archive["split"] == split)
        votes = archive["votes"][chosen].astype(np.float32)
        numbers = archive["fer2013_label"][chosen]
        near_duplicate = archive["near_dup_of_eval"][chosen] > 0
        names = [str(name) for name in archive["vote_names"]]
        webp, offset = archive["webp"], archive["offset"]
    votes[votes == 1] = 0
    four = [names.index(name) for name in VOTE_NAMES]
    others = [names.index(name) for name in OTHER_VOTE_NAMES]
    if kind == "fer2013":
        targets = (numbers[:, None] == np.array(FER2013_NUMBERS)).astype(np.float32)
        if split == "train":
            targets *= votes[:, four] > 0
        labelled = targets.any(axis=1)
    else:
        targets = votes[:, four if kind == "votes" else four + others]
        labelled = targets.sum(axis=1) >= (FEWEST_VOTES if split == "train" else 1)
    if split == "train":
        keep = (labelled | with_unlabelled) & ~near_duplicate
    elif kind == "fer2013":
        keep = labelled
    else:
        known = four if kind == "votes" else four + others
        keep = (votes.max(axis=1) * 2 > votes.sum(axis=1)) & np.isin(votes.argmax(axis=1), known)
        keep &= votes.max(axis=1) >= fewest_equal
    targets = np.where(labelled[:, None], targets, 0) / np.maximum(
        targets.sum(axis=1, keepdims=True), 1
    )
    kept = np.flatnonzero(keep)[:limit]
    files = [webp[offset[i] : offset[i + 1]] for i in chosen[kept]]
    crops = [np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8) for file in files]
    return EmotionImages(crops, np.asarray(targets[kept], np.float32))


class EmotionDataset(Dataset[tuple[Tensor, Tensor]]):
    """Augmented samples; the one at (epoch, index) is the same on every run of a seed.

    looseness: how far from exact the crops are, see `random_view`. hidden, harsh: how often a part
    of the face is hidden, and how often the conditions are such that little can be told; a network
    learns from the labels, which stay, how much that is. photometric: whether light, colour and
    sharpness of the others vary.
    """

    def __init__(
        self,
        images: EmotionImages,
        seed: int,
        looseness: float = 1.0,
        hidden: float = 0.0,
        harsh: float = 0.0,
        photometric: bool = True,
    ) -> None:
        self.images = images
        self.seed = seed
        self.looseness = looseness
        self.hidden = hidden
        self.harsh = harsh
        self.photometric = photometric

    def __len__(self) -> int:
        return len(self.images.crops)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        epoch, index = key
        rng = np.random.default_rng((self.seed, epoch, index))
        crop = random_view(self.images.crops[index], rng, self.looseness)
        if rng.random() < self.hidden:
            other = self.images.crops[int(rng.integers(len(self)))]
            crop = hide_part(crop, random_view(other, rng), rng)
        if rng.random() < self.harsh:
            crop = harsh(crop, rng)
        elif self.photometric:
            crop = photometric(crop, rng)
        return torch.from_numpy(crop[None]), torch.from_numpy(self.images.targets[index])


def random_view(
    crop: NDArray[np.uint8], rng: np.random.Generator, looseness: float = 1.0
) -> NDArray[np.uint8]:
    """A crop as a detector might have made it: shifted, looser or tighter, rotated, mirrored.

    looseness: 1 shifts by up to 8 % of the side and rotates by 8 degrees (standard deviation).
    """
    size = crop.shape[0]
    scale = INPUT_SIZE / size * math.exp(looseness * rng.uniform(-0.16, 0.22))
    angle = math.radians(rng.normal(0, 8 * looseness))
    stretch = math.exp(rng.uniform(-0.08, 0.08))
    linear = scale * np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    linear = linear @ np.diag([stretch, 1 / stretch])
    if rng.random() < 0.5:
        linear = linear @ np.diag([-1.0, 1.0])
    center = np.full(2, (size - 1) / 2)
    target = np.full(2, (INPUT_SIZE - 1) / 2) + looseness * rng.uniform(-0.08, 0.08, 2) * INPUT_SIZE
    matrix = np.hstack([linear, (target - linear @ center)[:, None]])
    view = cv2.warpAffine(
        crop,
        matrix,
        (INPUT_SIZE, INPUT_SIZE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(view, np.uint8)
