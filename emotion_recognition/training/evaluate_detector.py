"""Detector figures on annotated images, by the protocol that every published figure uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import Face
from emotion_recognition.training.detection_data import AnnotatedImage
from emotion_recognition.training.metrics import ImageDetections, match

Detect = Callable[[NDArray[np.uint8], float], Sequence[Face]]
LOWEST_SCORE = 0.01
PERCENTS = (5, 10)


def detect_all(detect: Detect, images: Sequence[AnnotatedImage]) -> list[ImageDetections]:
    """Runs the detector at a threshold low enough for a whole precision-recall curve."""
    results = []
    for image in images:
        pixels = cv2.imread(str(image.path), cv2.IMREAD_COLOR)
        faces = detect(np.asarray(pixels, np.uint8), LOWEST_SCORE)
        boxes = [[face.box.x1, face.box.y1, face.box.x2, face.box.y2] for face in faces]
        results.append(
            ImageDetections(
                np.array(boxes, np.float32).reshape(-1, 4),
                np.array([face.score for face in faces], np.float32),
                image.boxes,
                image.ignore.copy(),
            )
        )
    return results


def without_small(
    results: Sequence[ImageDetections], images: Sequence[AnnotatedImage], smallest: float
) -> list[ImageDetections]:
    """Marks faces neutral whose longer side is below `smallest` of the image's longer side."""
    kept = []
    for result, image in zip(results, images, strict=True):
        longer = (result.faces[:, 2:] - result.faces[:, :2]).max(axis=1, initial=0)
        small = longer < smallest * image.longer_side
        kept.append(
            ImageDetections(result.boxes, result.scores, result.faces, result.neutral | small)
        )
    return kept


def detector_figures(
    detect: Detect,
    images: Sequence[AnnotatedImage],
    score_threshold: float,
    percents: Sequence[int] = PERCENTS,
) -> dict[str, float]:
    """Runs the detector on the images and summarizes what it found."""
    return summarize(detect_all(detect, images), images, score_threshold, percents)


def summarize(
    results: Sequence[ImageDetections],
    images: Sequence[AnnotatedImage],
    score_threshold: float,
    percents: Sequence[int] = PERCENTS,
) -> dict[str, float]:
    """AP at IoU 0.5 and 0.4, and mean IoU, recall and false positives at the threshold.

    Figures with suffix _5 count faces whose longer side is >= 5 % of the image's, _10 >= 10 %.
    """
    figures: dict[str, float] = {}
    for percent in percents:
        counted = without_small(results, images, percent / 100)
        half = match(counted, 0.5)
        figures[f"ap50_{percent}"] = half.average_precision()
        figures[f"ap40_{percent}"] = match(counted, 0.4).average_precision()
        figures |= {f"{key}_{percent}": value for key, value in half.at(score_threshold).items()}
    return figures
