"""Precision, recall and F1 of each class from a confusion matrix, and how sure a share is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import EMOTIONS


def classification_report(counts: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """counts: (C, C), rows are the true classes. A figure without any case is 0."""
    hits = np.diag(counts)
    actual, predicted = counts.sum(axis=1), counts.sum(axis=0)
    precision, recall = hits / np.maximum(predicted, 1), hits / np.maximum(actual, 1)
    f1 = 2 * hits / np.maximum(actual + predicted, 1)
    report = {
        label: {
            "precision": float(precision[i]),
            "recall": float(recall[i]),
            "f1": float(f1[i]),
            "support": int(actual[i]),
        }
        for i, label in enumerate(EMOTIONS[: len(counts)])
    }
    means = {"precision": precision, "recall": recall, "f1": f1}
    report["macro average"] = {key: float(values.mean()) for key, values in means.items()} | {
        "support": int(counts.sum())
    }
    return report


def accuracy(counts: NDArray[np.int64]) -> float:
    return float(np.trace(counts) / max(counts.sum(), 1))


def wilson_interval(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """95 % bounds of a share that was seen in `count` >= 1 cases (Wilson, 1927)."""
    center = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return min(share, center - half), max(share, center + half)
