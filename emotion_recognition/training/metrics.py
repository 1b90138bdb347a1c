"""Detector metrics: average precision and the IoU of matched boxes.

Faces that are flagged or too small are neither hits nor misses: a detection that overlaps only
such a face is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.overlap import pairwise_iou

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ImageDetections:
    """One image: detections sorted by falling score, and its annotated faces.

    boxes: (M, 4), scores: (M,), faces: (K, 4), all in pixels; neutral: (K,) bool, faces that are
    neither hit nor miss.
    """

    boxes: Floats
    scores: Floats
    faces: Floats
    neutral: NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """All counted detections of a set of images by falling score; iou is 0 for a false positive."""

    scores: Floats
    ious: Floats
    face_count: int
    image_count: int

    def average_precision(self) -> float:
        """Area under the precision-recall curve, all-point interpolation."""
        hits = self.ious > 0
        true_positives = np.cumsum(hits)
        precision = true_positives / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(envelope[hits].sum() / max(self.face_count, 1))

    def at(self, score_threshold: float) -> dict[str, float]:
        """Mean IoU of hits, recall, precision and false positives per image at a threshold."""
        ious = self.ious[self.scores >= score_threshold]
        hits = ious[ious > 0]
        return {
            "mean_iou": float(hits.mean()) if len(hits) else 0.0,
            "recall": len(hits) / max(self.face_count, 1),
            "precision": len(hits) / max(len(ious), 1),
            "false_positives_per_image": (len(ious) - len(hits)) / max(self.image_count, 1),
        }


#: Instead of the index of a face: what a detection is that finds none.
FALSE_POSITIVE, ON_NEUTRAL_FACE = -1, -2


def assign(image: ImageDetections, iou_threshold: float) -> tuple[NDArray[np.intp], Floats]:
    """Gives each detection, best score first, the free face that it overlaps most.

    Returns for every detection the index of its face, or FALSE_POSITIVE, or ON_NEUTRAL_FACE for one
    that does not count; and its IoU with that face, 0 without one.
    """
    overlap = pairwise_iou(image.boxes, image.faces)
    free = ~image.neutral
    assigned = np.full(len(image.boxes), FALSE_POSITIVE, np.intp)
    ious = np.zeros(len(image.boxes), np.float32)
    for index, overlaps in enumerate(overlap):
        candidates = np.where(free, overlaps, 0)
        best = int(candidates.argmax()) if len(candidates) else -1
        if best >= 0 and candidates[best] >= iou_threshold:
            free[best] = False
            assigned[index], ious[index] = best, candidates[best]
        elif (overlaps[image.neutral] >= iou_threshold).any():
            assigned[index] = ON_NEUTRAL_FACE
    return assigned, ious


def match(images: Sequence[ImageDetections], iou_threshold: float) -> Matches:
    """Assigns the detections of each image and puts all that count in order of falling score."""
    scores: list[Floats] = [np.zeros(0, np.float32)]
    ious: list[Floats] = [np.zeros(0, np.float32)]
    for image in images:
        assigned, overlaps = assign(image, iou_threshold)
        counts = assigned != ON_NEUTRAL_FACE
        scores.append(image.scores[counts])
        ious.append(overlaps[counts])
    all_scores = np.concatenate(scores)
    order = np.argsort(-all_scores, kind="stable")
    return Matches(
        all_scores[order],
        np.concatenate(ious)[order],
        int(sum((~image.neutral).sum() for image in images)),
        len(images),
    )
