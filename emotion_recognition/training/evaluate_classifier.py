"""Classifier figures under the four-class protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import LABELS
from emotion_recognition.training.emotion_data import EmotionImages

#: Crops of any size to (N, 4) probabilities, as core.classifier.EmotionClassifier.
Classify = Callable[[Sequence[NDArray[np.uint8]]], NDArray[np.float32]]


def predict(classify: Classify, images: EmotionImages, batch: int = 64) -> NDArray[np.float32]:
    """(N, 4) probabilities."""
    crops = list(images.crops)
    return np.concatenate(
        [classify(crops[start : start + batch]) for start in range(0, len(crops), batch)]
    )


def confusion(labels: NDArray[np.intp], predicted: NDArray[np.intp]) -> NDArray[np.int64]:
    """(4, 4) counts; rows are the true classes, columns the predicted ones."""
    counts = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def classifier_figures(classify: Classify, images: EmotionImages) -> dict[str, float]:
    """Accuracy, macro-F1 and the recall of each class."""
    counts = confusion(images.labels, predict(classify, images).argmax(axis=1))
    hits = np.diag(counts)
    recall = hits / np.maximum(counts.sum(axis=1), 1)
    f1 = 2 * hits / np.maximum(counts.sum(axis=0) + counts.sum(axis=1), 1)
    figures = {"accuracy": float(hits.sum() / counts.sum()), "macro_f1": float(f1.mean())}
    return figures | {
        f"recall_{label}": float(value) for label, value in zip(LABELS, recall, strict=True)
    }
