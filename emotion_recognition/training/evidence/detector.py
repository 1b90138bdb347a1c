"""Everything measured of a detector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.core.detectors import Detector
from emotion_recognition.training.detection_data import AnnotatedImage
from emotion_recognition.training.evaluate_detector import (
    detect_all,
    summarize,
    without_small,
)
from emotion_recognition.training.evidence.recall import (
    CROWDING_EDGES,
    SIZE_EDGES,
    RecallBin,
    at_least,
    face_records,
    misplaced,
    outcome,
    recall_by,
)
from emotion_recognition.training.evidence.squash import SquashingDetector
from emotion_recognition.training.metrics import ImageDetections, Matches, match

SMALLEST_FACE = 0.05  # of the image's longer side; crowding is told from size above it
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True, kw_only=True)
class DetectorEvidence:
    """What one run over the images gave.

    letterbox, squash: the headline figures with either way of filling the input; squash is empty
    for a detector whose input need not be square. matches: by the
    smallest size in percent, at IoU 0.5. misplaced, background: false positives that are on a
    face, though not well enough, and that are not. negatives: how many images. negative_matches:
    detections on them. false_positives_by_source: negative images and false positives. results:
    letterboxed. by_source: figures of val for faces from 10 %.
    """

    score_threshold: float
    letterbox: dict[str, float]
    squash: dict[str, float]
    matches: dict[int, Matches]
    misplaced: int
    background: int
    by_size: list[RecallBin]
    by_crowding: list[RecallBin]
    negatives: int
    negative_matches: Matches
    false_positives_by_source: dict[str, tuple[int, int]]
    results: list[ImageDetections]
    by_source: dict[str, dict[str, float]]

    def figures(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "score_threshold": self.score_threshold,
            "val": self.letterbox,
            "val_squashed": self.squash,
            "val_by_source": self.by_source,
            "false_positives_on_val": {
                "misplaced_on_a_face": self.misplaced,
                "not_on_a_face": self.background,
                "not_on_a_face_per_image": self.background / max(len(self.results), 1),
            },
            "recall_by_size": [asdict(item) for item in self.by_size],
            "recall_by_faces_in_cell": [asdict(item) for item in self.by_crowding],
            "negatives": {
                "images": self.negatives,
                "false_positives_per_image": self.false_positives_at(self.score_threshold),
                "by_source": {
                    source: {"images": images, "false_positives": count}
                    for source, (images, count) in self.false_positives_by_source.items()
                },
            },
            "by_score_threshold": {
                str(threshold): {
                    **self.matches[5].at(threshold),
                    "false_positives_per_negative": self.false_positives_at(threshold),
                }
                for threshold in THRESHOLDS
            },
        }

    def false_positives_at(self, score_threshold: float) -> float:
        """False positives per negative image."""
        return self.negative_matches.at(score_threshold)["false_positives_per_image"]


def measure_detector(
    detector: Detector, images: Sequence[AnnotatedImage], negatives: Sequence[AnnotatedImage]
) -> DetectorEvidence:
    """images: annotated, with faces. negatives: without."""
    threshold = detector.score_threshold
    results = detect_all(detector, images)
    squash: dict[str, float] = {}
    if isinstance(detector, FaceDetector):
        squashed = detect_all(SquashingDetector(detector.network), images)
        squash = summarize(squashed, images, threshold)
    records = face_records(results, images, shapes_of(images), threshold)
    large = at_least(records, SMALLEST_FACE)
    wrong = [outcome(result, threshold)[1] for result in results]
    on_a_face = sum(misplaced(*pair) for pair in zip(results, wrong, strict=True))
    found = detect_all(detector, negatives)
    counts = [int((item.scores >= threshold).sum()) for item in found]
    images_of, alarms_of = Counter[str](), Counter[str]()
    for image, alarms in zip(negatives, counts, strict=True):
        images_of[image.source] += 1
        alarms_of[image.source] += alarms
    return DetectorEvidence(
        score_threshold=threshold,
        letterbox=summarize(results, images, threshold),
        squash=squash,
        matches={
            percent: match(without_small(results, images, percent / 100), 0.5)
            for percent in (5, 10)
        },
        misplaced=on_a_face,
        background=int(sum(item.sum() for item in wrong)) - on_a_face,
        by_size=recall_by(records.size, records, SIZE_EDGES),
        by_crowding=recall_by(large.in_cell, large, CROWDING_EDGES),
        negatives=len(negatives),
        negative_matches=match(found, 0.5),
        false_positives_by_source={
            source: (count, alarms_of[source]) for source, count in images_of.items()
        },
        results=results,
        by_source=by_source(results, images, threshold),
    )


def by_source(
    results: Sequence[ImageDetections], images: Sequence[AnnotatedImage], score_threshold: float
) -> dict[str, dict[str, float]]:
    """Figures for faces from 10 % of the image: sources differ in pictures and in their boxes."""
    figures = {}
    for source in sorted({image.source for image in images}):
        chosen = [i for i, image in enumerate(images) if image.source == source]
        summary = summarize(
            [results[i] for i in chosen], [images[i] for i in chosen], score_threshold
        )
        figures[source] = {
            "images": len(chosen),
            **{key: summary[key] for key in ("ap50_10", "mean_iou_10", "recall_10")},
        }
    return figures


def shapes_of(images: Sequence[AnnotatedImage]) -> list[tuple[int, int]]:
    """(height, width) of each image in pixels."""
    shapes = []
    for image in images:
        pixels = np.asarray(cv2.imread(str(image.path), cv2.IMREAD_GRAYSCALE))
        shapes.append((pixels.shape[0], pixels.shape[1]))
    return shapes
