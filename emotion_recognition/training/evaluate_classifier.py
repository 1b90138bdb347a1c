"""Classifier figures under the protocols of four and of eight classes.

The classes are always the first ones of EMOTIONS, so that their number tells which they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import EMOTIONS
from emotion_recognition.training.emotion_data import EmotionImages

#: Crops of any size to (N, C) probabilities, as core.classifier.EmotionClassifier.
Classify = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]


def predict(classify: Classify, images: EmotionImages, batch: int = 64) -> NDArray[np.float32]:
    """(N, C) probabilities."""
    crops = list(images.crops)
    return np.concatenate(
        [classify(crops[start : start + batch]) for start in range(0, len(crops), batch)]
    )


def confusion(
    labels: NDArray[np.intp], predicted: NDArray[np.intp], classes: int = 4
) -> NDArray[np.int64]:
    """(C, C) counts; rows are the true classes, columns the predicted ones."""
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def classifier_figures(classify: Classify, images: EmotionImages) -> dict[str, float]:
    """Accuracy, macro-F1 and the recall of each class that the images' targets are over."""
    classes = images.targets.shape[1]
    counts = confusion(images.labels, predict(classify, images).argmax(axis=1), classes)
    hits = np.diag(counts)
    recall = hits / np.maximum(counts.sum(axis=1), 1)
    f1 = 2 * hits / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    figures = {"accuracy": float(hits.sum() / counts.sum()), "macro_f1": float(f1.mean())}
    return figures | {
        f"recall_{label}": float(value)
        for label, value in zip(EMOTIONS[:classes], recall, strict=True)
    }


def among(classes: int, classify: Classify) -> Classify:
    """A classifier that is asked about the first classes alone: it divides 1 among them."""

    def restricted(crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        some = classify(crops)[:, :classes]
        return np.asarray(some / some.sum(axis=1, keepdims=True), np.float32)

    return restricted
