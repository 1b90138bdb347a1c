"""Everything measured of a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import EMOTIONS, LABELS
from emotion_recognition.training.confidence import (
    TARGET_RISK,
    RiskCoverage,
    fit_confidence,
    risk_coverage,
    split_halves,
    temper,
)
from emotion_recognition.training.evaluate_classifier import Classify, among, confusion
from emotion_recognition.training.evidence.masked import MaskedFaces, answers_to_masked
from emotion_recognition.training.evidence.reliability import Reliability, reliability
from emotion_recognition.training.evidence.report import (
    accuracy,
    classification_report,
    wilson_interval,
)
from emotion_recognition.training.evidence.robustness import Robustness, by_level
from emotion_recognition.training.labelled_faces import Crop, LabelledFaces, together


@dataclass(frozen=True)
class Shipped:
    """What the manifest says of a classifier's confidence, and the node does by default.

    temperature: divides the logits. reject_threshold: the confidence at it below which an answer
    is `unknown`, 0 to 1; 0 rejects nothing.
    """

    temperature: float
    reject_threshold: float


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Fitted on one half of the faces; the rest is measured on the other half.

    before: at temperature 1. after: at the fitted one. as_shipped: at the manifest's, which may
    have been fitted on other faces. risk_coverage, threshold: on the confidence at the fitted
    temperature; risk_coverage_as_shipped: at the manifest's. confusion: (C, C), rows are the true
    classes.
    """

    shipped: Shipped
    temperature: float
    threshold: float
    before: Reliability
    after: Reliability
    as_shipped: Reliability
    risk_coverage: RiskCoverage
    risk_coverage_as_shipped: RiskCoverage
    confusion: NDArray[np.int64]

    def figures(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "measured_on": int(self.after.count.sum()),
            "other_half": _summary(self.confusion),
            "temperature": self.temperature,
            "shipped_temperature": self.shipped.temperature,
            "expected_calibration_error_at_temperature_1": self.before.expected_calibration_error,
            "expected_calibration_error": self.after.expected_calibration_error,
            "expected_calibration_error_as_shipped": self.as_shipped.expected_calibration_error,
            "area_under_risk_coverage": self.risk_coverage.area,
            "risk_without_rejecting": float(self.risk_coverage.risk[-1]),
            "reject": {
                "target_risk": TARGET_RISK,
                "threshold": self.threshold,
                **self.risk_coverage.at(self.threshold),
            },
            "reject_at_the_default_of_the_node": {
                "threshold": self.shipped.reject_threshold,
                **self.risk_coverage_as_shipped.at(self.shipped.reject_threshold),
            },
        }


@dataclass(frozen=True, kw_only=True)
class ClassifierEvidence:
    """What one run over the faces gave.

    confusion: (C, C), rows are the true classes; agreed: the same of the faces on which nearly all
    annotators agree, where an error is the classifier's own. wild_confusion: (4, 4), a classifier
    of eight is asked about the four alone, as the wild faces have no other labels. wild_by_source:
    the same, by source. robustness: by perturbation and level, on the half that nothing was
    fitted on. robust_calibration_error: over all of these. masked: of faces in real masks.
    probabilities: (N, C) on valid, at the fitted temperature.
    """

    confusion: NDArray[np.int64]
    agreed: NDArray[np.int64]
    calibration: Calibration
    robustness: dict[str, dict[float, Robustness]]
    robust_calibration_error: float
    masked: MaskedFaces
    wild_confusion: NDArray[np.int64]
    wild_by_source: dict[str, NDArray[np.int64]]
    wild_reliability: Reliability
    probabilities: NDArray[np.float32]

    def figures(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "ferplus_valid": _summary(self.confusion),
            "annotators_agree": _accuracy(self.agreed),
            "calibration": self.calibration.figures(),
            "robustness": {
                name: {level: asdict(item) for level, item in levels.items()}
                for name, levels in self.robustness.items()
            },
            "largest_risk": max(
                item.risk for levels in self.robustness.values() for item in levels.values()
            ),
            "expected_calibration_error_over_all_levels": self.robust_calibration_error,
            "masked_faces": asdict(self.masked),
            "wild_held_out": {
                **_summary(self.wild_confusion),
                "expected_calibration_error": self.wild_reliability.expected_calibration_error,
                "accuracy_by_source": {
                    source: _accuracy(counts) for source, counts in self.wild_by_source.items()
                },
            },
        }


def measure_classifier(
    classify: Classify,
    shipped: Shipped,
    valid: LabelledFaces,
    agreed: LabelledFaces,
    wild: dict[str, LabelledFaces],
    masked: Sequence[Crop],
) -> ClassifierEvidence:
    """classify: at temperature 1. agreed: those of valid on which nearly all annotators agree.

    wild: held-out faces by source. masked: faces in masks.
    """
    probabilities = classify(valid.crops)
    calibration = measure_calibration(probabilities, valid.labels, shipped)
    of_four = among(len(LABELS), classify)
    wild_probabilities = {source: of_four(faces.crops) for source, faces in wild.items()}
    wild_by_source = {
        source: confusion(wild[source].labels, answers.argmax(axis=1))
        for source, answers in wild_probabilities.items()
    }
    _, rest = split_halves(len(valid.labels))
    unseen = LabelledFaces([valid.crops[index] for index in rest], valid.labels[rest])
    robust, robust_error = by_level(classify, unseen, shipped.temperature, shipped.reject_threshold)
    return ClassifierEvidence(
        confusion=confusion(valid.labels, probabilities.argmax(axis=1), probabilities.shape[1]),
        agreed=confusion(
            agreed.labels, classify(agreed.crops).argmax(axis=1), probabilities.shape[1]
        ),
        calibration=calibration,
        robustness=robust,
        robust_calibration_error=robust_error,
        masked=answers_to_masked(classify, masked, shipped.temperature, shipped.reject_threshold),
        wild_confusion=np.sum(list(wild_by_source.values()), axis=0),
        wild_by_source=wild_by_source,
        wild_reliability=reliability(
            temper(np.concatenate(list(wild_probabilities.values())), calibration.temperature),
            together(list(wild.values())).labels,
        ),
        probabilities=temper(probabilities, calibration.temperature),
    )


def measure_calibration(
    probabilities: NDArray[np.float32], labels: NDArray[np.intp], shipped: Shipped
) -> Calibration:
    """Fits the temperature and the reject threshold on one half and measures them on the other.

    probabilities: (N, C) at temperature 1.
    """
    fit, rest = split_halves(len(labels))
    temperature, threshold = fit_confidence(probabilities[fit], labels[fit], TARGET_RISK)
    uncalibrated, truth = probabilities[rest], labels[rest]
    calibrated = temper(uncalibrated, temperature)
    as_shipped = temper(uncalibrated, shipped.temperature)
    return Calibration(
        shipped=shipped,
        temperature=temperature,
        threshold=threshold,
        before=reliability(uncalibrated, truth),
        after=reliability(calibrated, truth),
        as_shipped=reliability(as_shipped, truth),
        risk_coverage=risk_coverage(calibrated, truth),
        risk_coverage_as_shipped=risk_coverage(as_shipped, truth),
        confusion=confusion(truth, uncalibrated.argmax(axis=1), uncalibrated.shape[1]),
    )


def _accuracy(counts: NDArray[np.int64]) -> dict[str, Any]:
    return {
        "faces": int(counts.sum()),
        "accuracy": accuracy(counts),
        "accuracy_interval": wilson_interval(accuracy(counts), int(counts.sum())),
    }


def _summary(counts: NDArray[np.int64]) -> dict[str, Any]:
    report = classification_report(counts)
    return {
        **_accuracy(counts),
        "macro_f1": report["macro average"]["f1"],
        "report": report,
        "confusion": {
            "labels": list(EMOTIONS[: len(counts)]),
            "rows_are_true_classes": counts.tolist(),
        },
    }
