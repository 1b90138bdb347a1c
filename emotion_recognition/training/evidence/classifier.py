"""Everything measured of a classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.decision import DecisionSettings
from emotion_recognition.core.types import LABELS
from emotion_recognition.training.evaluate_classifier import confusion
from emotion_recognition.training.evidence.calibration import (
    Reliability,
    RiskCoverage,
    fit_confidence,
    reliability,
    risk_coverage,
    split_halves,
    temper,
)
from emotion_recognition.training.evidence.faces import Classify, LabelledFaces, together
from emotion_recognition.training.evidence.report import (
    accuracy,
    classification_report,
    wilson_interval,
)
from emotion_recognition.training.evidence.robustness import PERTURBATIONS, accuracy_by_level

TARGET_RISK = 0.05  # the share of wrong answers that the reject threshold is chosen for


@dataclass(frozen=True)
class Calibration:
    """Fitted on one half of the faces; the rest is measured on the other half.

    before: at temperature 1. after: at the fitted one. shipped: at the manifest's, which may have
    been fitted on more faces. threshold: on the confidence at the fitted temperature. confusion:
    (4, 4), rows are the true classes.
    """

    temperature: float
    shipped_temperature: float
    before: Reliability
    after: Reliability
    shipped: Reliability
    risk_coverage: RiskCoverage
    threshold: float
    confusion: NDArray[np.int64]

    def figures(self) -> dict[str, Any]:
        runtime = DecisionSettings().reject_threshold
        return {
            "measured_on": int(self.after.count.sum()),
            "other_half": _summary(self.confusion),
            "temperature": self.temperature,
            "shipped_temperature": self.shipped_temperature,
            "expected_calibration_error_at_temperature_1": self.before.expected_calibration_error,
            "expected_calibration_error": self.after.expected_calibration_error,
            "expected_calibration_error_as_shipped": self.shipped.expected_calibration_error,
            "area_under_risk_coverage": self.risk_coverage.area,
            "risk_without_rejecting": float(self.risk_coverage.risk[-1]),
            "reject": {
                "target_risk": TARGET_RISK,
                "threshold": self.threshold,
                **self.risk_coverage.at(self.threshold),
            },
            "reject_at_the_default_of_the_node": {
                "threshold": runtime,
                **self.risk_coverage.at(runtime),
            },
        }


@dataclass(frozen=True)
class ClassifierEvidence:
    """What one run over the faces gave.

    confusion, wild_confusion: (4, 4), rows are the true classes. wild_by_source: the same, by
    source. robustness: perturbation name to accuracy by level. probabilities: (N, 4) on valid, at
    the fitted temperature.
    """

    confusion: NDArray[np.int64]
    calibration: Calibration
    robustness: dict[str, dict[float, float]]
    wild_confusion: NDArray[np.int64]
    wild_by_source: dict[str, NDArray[np.int64]]
    wild_reliability: Reliability
    probabilities: NDArray[np.float32]

    def figures(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ferplus_valid": _summary(self.confusion),
            "calibration": self.calibration.figures(),
            "robustness": self.robustness,
            "wild_held_out": {
                **_summary(self.wild_confusion),
                "expected_calibration_error": self.wild_reliability.expected_calibration_error,
                "accuracy_by_source": {
                    source: {
                        "accuracy": accuracy(counts),
                        "accuracy_interval": wilson_interval(accuracy(counts), int(counts.sum())),
                        "faces": int(counts.sum()),
                    }
                    for source, counts in self.wild_by_source.items()
                },
            },
        }


def measure_classifier(
    classify: Classify,
    shipped_temperature: float,
    valid: LabelledFaces,
    wild: dict[str, LabelledFaces],
) -> ClassifierEvidence:
    """classify: at temperature 1. wild: held-out faces by source."""
    probabilities = classify(valid.crops)
    calibration = calibrate(probabilities, valid.labels, shipped_temperature)
    wild_probabilities = {source: classify(faces.crops) for source, faces in wild.items()}
    wild_by_source = {
        source: confusion(wild[source].labels, answers.argmax(axis=1))
        for source, answers in wild_probabilities.items()
    }
    return ClassifierEvidence(
        confusion(valid.labels, probabilities.argmax(axis=1)),
        calibration,
        {item.name: accuracy_by_level(classify, valid, item) for item in PERTURBATIONS},
        np.sum(list(wild_by_source.values()), axis=0),
        wild_by_source,
        reliability(
            temper(np.concatenate(list(wild_probabilities.values())), calibration.temperature),
            together(list(wild.values())).labels,
        ),
        temper(probabilities, calibration.temperature),
    )


def calibrate(
    probabilities: NDArray[np.float32], labels: NDArray[np.intp], shipped_temperature: float
) -> Calibration:
    """Fits the temperature and the reject threshold on one half and measures them on the other.

    probabilities: (N, 4) at temperature 1.
    """
    fit, rest = split_halves(len(labels))
    temperature, threshold = fit_confidence(probabilities[fit], labels[fit], TARGET_RISK)
    calibrated = temper(probabilities[rest], temperature)
    return Calibration(
        temperature,
        shipped_temperature,
        reliability(probabilities[rest], labels[rest]),
        reliability(calibrated, labels[rest]),
        reliability(temper(probabilities[rest], shipped_temperature), labels[rest]),
        risk_coverage(calibrated, labels[rest]),
        threshold,
        confusion(labels[rest], probabilities[rest].argmax(axis=1)),
    )


def _summary(counts: NDArray[np.int64]) -> dict[str, Any]:
    report = classification_report(counts)
    return {
        "faces": int(counts.sum()),
        "accuracy": accuracy(counts),
        "accuracy_interval": wilson_interval(accuracy(counts), int(counts.sum())),
        "macro_f1": report["macro average"]["f1"],
        "report": report,
        "confusion": {"labels": list(LABELS), "rows_are_true_classes": counts.tolist()},
    }
