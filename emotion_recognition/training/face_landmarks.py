"""Annotated images with five landmarks a face, where `landmarks.csv` has them.

The file names a row of `annotations.csv` by file and box; then label_type, score, and x and y of
eye, eye, nose tip and both corners of the mouth in pixels, the one further left in the image first.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.training.detection_data import AnnotatedImage, read_annotations

POINTS = ("eye1", "eye2", "nose", "mouth1", "mouth2")
#: The order of the landmarks in a mirrored image.
MIRRORED = [1, 0, 2, 4, 3]

Landmarks = NDArray[np.float32]


@dataclass(frozen=True)
class LandmarkedImage(AnnotatedImage):
    """landmarks: (M, 5, 2) in pixels, NaN where a face has none. human: (M,), True where they are
    an annotator's and not a machine's."""

    landmarks: Landmarks
    human: NDArray[np.bool_]


def read_landmarked(root: Path, split: str) -> list[LandmarkedImage]:
    """All images of one split ('train' or 'val') as `read_annotations` gives them."""
    known: dict[tuple[str, ...], dict[str, str]] = {}
    with open(root / "landmarks.csv", newline="") as file:
        for row in csv.DictReader(file):
            known[_key(row)] = row
    rows: dict[Path, list[dict[str, str] | None]] = {}
    with open(root / "annotations.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["x1"]:
                rows.setdefault(root / row["file"], []).append(known.get(_key(row)))
    images = []
    for image in read_annotations(root, split):
        found = rows.get(image.path, [])
        points = [_points(row) if row else np.full((5, 2), np.nan, np.float32) for row in found]
        images.append(
            LandmarkedImage(
                **vars(image),
                landmarks=np.array(points, np.float32).reshape(-1, 5, 2),
                human=np.array([(row or {}).get("label_type") == "human" for row in found], bool),
            )
        )
    return images


def _key(row: dict[str, str]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("file", "x1", "y1", "x2", "y2"))


def _points(row: dict[str, str]) -> Landmarks:
    return np.array([[row[f"{name}_x"], row[f"{name}_y"]] for name in POINTS], np.float32)
