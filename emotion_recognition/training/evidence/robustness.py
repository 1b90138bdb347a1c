"""How a classifier answers on crops as detectors, cameras and people make them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.training.confidence import temper
from emotion_recognition.training.evaluate_classifier import Classify
from emotion_recognition.training.evidence.reliability import reliability
from emotion_recognition.training.labelled_faces import LabelledFaces
from emotion_recognition.training.perturbations import PERTURBATIONS, perturbed


@dataclass(frozen=True)
class Robustness:
    """How answers are at one level, with the shipped temperature and reject threshold.

    accuracy: of all faces, rejected or not. coverage: the share of faces answered. risk: the share
    of these answers that are wrong.
    """

    accuracy: float
    coverage: float
    risk: float


def by_level(
    classify: Classify,
    faces: LabelledFaces,
    temperature: float,
    reject_threshold: float,
) -> tuple[dict[str, dict[float, Robustness]], float]:
    """By perturbation and level; and the expected calibration error over all of them pooled.

    classify: at temperature 1.
    """
    results: dict[str, dict[float, Robustness]] = {}
    pooled: list[NDArray[np.float32]] = []
    for perturbation in PERTURBATIONS:
        levels = {}
        for level in perturbation.levels:
            answers = temper(classify(perturbed(faces, perturbation, level)), temperature)
            levels[level] = robustness(answers, faces.labels, reject_threshold)
            pooled.append(answers)
        results[perturbation.name] = levels
    truth = np.tile(faces.labels, len(pooled))
    error = reliability(np.concatenate(pooled), truth).expected_calibration_error
    return results, error


def robustness(
    probabilities: NDArray[np.float32], labels: NDArray[np.intp], reject_threshold: float
) -> Robustness:
    """probabilities: (N, C) at the shipped temperature."""
    right = probabilities.argmax(axis=1) == labels
    answered = probabilities.max(axis=1) >= reject_threshold
    wrong = float((~right[answered]).mean()) if answered.any() else 0.0
    return Robustness(float(right.mean()), float(answered.mean()), wrong)
