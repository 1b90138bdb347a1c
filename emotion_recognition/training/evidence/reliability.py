"""Whether a classifier's confidence is its accuracy: Guo et al., 2017, as in `confidence`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.training.confidence import Floats, Labels

BINS = 15


@dataclass(frozen=True)
class Reliability:
    """Answers in bins of equal width of the confidence, which is the top class's probability.

    count, confidence and accuracy: (BINS,); the last two are means, 0 for an empty bin.
    """

    count: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def expected_calibration_error(self) -> float:
        """The gap between confidence and accuracy, averaged over answers."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float((gaps * self.count).sum() / self.count.sum())


def reliability(probabilities: Floats, labels: Labels, bins: int = BINS) -> Reliability:
    """probabilities: (N, C), N >= 1."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    # Bins are (low, high], so that a confidence of exactly 1 is in the last.
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(index, minlength=bins)
    divisor = np.maximum(count, 1)
    return Reliability(
        count,
        np.bincount(index, confidence, bins) / divisor,
        np.bincount(index, correct, bins) / divisor,
    )
