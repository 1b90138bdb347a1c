"""Labelled face crops to measure a classifier on, and the faces of `wild` to teach one with.

`wild` is faces that are not FER2013's: crops of news photographs (LFW) and film stills, with
labels that are noisier. Its `labels.csv` has one row a crop: file, source, label4, identity.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import LABELS
from emotion_recognition.training.emotion_data import read_ferplus, votes_for

Crop = NDArray[np.uint8]

HELD_OUT_PART = 5  # one identity in so many


@dataclass(frozen=True)
class LabelledFaces:
    """crops: uint8 (H, W) gray, each of its own size. labels: (N,) indices into EMOTIONS."""

    crops: Sequence[Crop]
    labels: NDArray[np.intp]


def ferplus_valid(
    path: Path, limit: int | None = None, classes: int = 4, fewest_equal: int = 0
) -> LabelledFaces:
    """The valid split under the protocol of four or of eight classes."""
    images = read_ferplus(path, "valid", limit, votes_for(classes), fewest_equal=fewest_equal)
    return LabelledFaces(list(images.crops), images.labels)


def label_agreement(path: Path) -> dict[str, float]:
    """How far two sets of labels agree on the same faces of valid.

    faces: that have one of the four classes under the four-class protocol and as FER2013's original
    label. agreement: the share of them for which it is the same one.
    """
    votes, original = read_ferplus(path, "valid"), read_ferplus(path, "valid", kind="fer2013")
    label_of = {
        crop.tobytes(): label for crop, label in zip(votes.crops, votes.labels, strict=True)
    }
    same = [
        label == label_of[crop.tobytes()]
        for crop, label in zip(original.crops, original.labels, strict=True)
        if crop.tobytes() in label_of
    ]
    return {"faces": len(same), "agreement": float(np.mean(same)) if same else 0.0}


def is_held_out(identity: str) -> bool:
    """Whether a person of `wild` is kept for evaluation: by name, so that it never changes."""
    return zlib.crc32(identity.encode("utf-8")) % HELD_OUT_PART == 0


def wild(root: Path, held_out: bool, limit: int | None = None) -> dict[str, LabelledFaces]:
    """The held-out people of `wild`, or all others, by source. No person is in both parts."""
    rows: dict[str, list[dict[str, str]]] = {}
    with open(root / "labels.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if is_held_out(row["identity"]) == held_out:
                rows.setdefault(row["source"], []).append(row)
    return {
        source: LabelledFaces(
            [_read(root / row["file"]) for row in chosen[:limit]],
            np.array([LABELS.index(row["label4"]) for row in chosen[:limit]], np.intp),
        )
        for source, chosen in rows.items()
    }


def together(parts: Sequence[LabelledFaces]) -> LabelledFaces:
    return LabelledFaces(
        [crop for part in parts for crop in part.crops],
        np.concatenate([part.labels for part in parts]),
    )


def _read(path: Path) -> Crop:
    crop = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if crop is None:
        raise FileNotFoundError(f"cannot read image {path}")
    return np.asarray(crop, np.uint8)
