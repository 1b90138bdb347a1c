"""Makes a classifier's probabilities mean what they say, and says when it had better not answer.

Guo et al., "On Calibration of Modern Neural Networks", 2017; Alexandari et al., "Maximum Likelihood
with Bias-Corrected Calibration is Hard-To-Beat at Label Shift Adaptation", 2020; Geifman and
El-Yaniv, "Selective Classification for Deep Neural Networks", 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.classifier import softmax

SPLIT_SEED = 0
#: The share of wrong answers that the reject threshold is chosen for.
TARGET_RISK = 0.05
#: The share of wrong answers that it may leave under any of the conditions that it is fitted to.
MOST_RISK = 0.08
#: How large offsets of the classes are expected to be. Chosen among 0.05, 0.1, 0.2, 0.4 and 10 by
#: fits on 30 random halves of valid: larger ones cost the answers on the other halves accuracy.
OFFSET_DEVIATION = 0.1

Floats = NDArray[np.float32]
Labels = NDArray[np.intp]


def split_halves(count: int) -> tuple[Labels, Labels]:
    """Indices of two random halves, the same on every call: one to fit on, one to measure on."""
    order = np.random.default_rng(SPLIT_SEED).permutation(count)
    return np.sort(order[: count // 2]), np.sort(order[count // 2 :])


def temper(probabilities: Floats, temperature: float) -> Floats:
    """What (N, C) probabilities become when their logits are divided by a temperature."""
    logits = np.log(np.maximum(probabilities, 1e-12)) / temperature
    return softmax(logits.astype(np.float32))


def fit_temperature(probabilities: Floats, labels: Labels) -> float:
    """The temperature, within [0.3, 3], at which the labels are most likely.

    It calibrates without changing an answer. probabilities: (N, C) at temperature 1.
    """
    candidates = np.exp(np.linspace(np.log(0.3), np.log(3), 400))
    rows = np.arange(len(labels))
    losses = [
        -np.log(temper(probabilities, t)[rows, labels] + 1e-12).mean() for t in candidates.tolist()
    ]
    return round(float(candidates[int(np.argmin(losses))]), 3)


def fit_class_offsets(
    probabilities: Floats, labels: Labels, deviation: float = OFFSET_DEVIATION
) -> Floats:
    """What to add to the logits of each class so that, with a temperature, labels are most likely.

    Alexandari et al., 2020. A network that learned how annotators divide on every face answers
    unlike a count of the faces that they agree on: it is shy of the classes that they often
    confuse. probabilities: (N, C) at temperature 1. deviation: of the normal prior of each offset,
    in logits divided by the temperature. Returns float32 (C,) whose mean is 0, for logits that are
    not divided yet.
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    classes = logits.shape[1]
    truth = np.eye(classes)[labels]
    # Softmax regression on the logits: a slope and an offset a class, by Newton's method.
    features = np.concatenate(
        [logits[:, :, None], np.broadcast_to(np.eye(classes), (len(logits), classes, classes))], 2
    )
    prior = np.array([0.0] + [1 / deviation**2] * classes) / len(truth)

    def log_answers(parameters: NDArray[np.float64]) -> NDArray[np.float64]:
        scores = features @ parameters
        return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))

    def loss(parameters: NDArray[np.float64]) -> float:
        return float(
            -(truth * log_answers(parameters)).sum() / len(truth)
            + (prior * parameters**2).sum() / 2
        )

    parameters = np.array([1.0] + [0.0] * classes)
    for _ in range(100):
        answers = np.exp(log_answers(parameters))
        mean = np.einsum("nc,ncp->np", answers, features)
        gradient = np.einsum("nc,ncp->p", answers - truth, features) / len(truth)
        gradient += prior * parameters
        curvature = np.einsum("nc,ncp,ncq->pq", answers, features, features) - mean.T @ mean
        step = np.linalg.solve(curvature / len(truth) + np.diag(prior), gradient)
        while loss(parameters - step) > loss(parameters) and np.abs(step).max() > 1e-6:
            step /= 2
        parameters -= step
        if np.abs(step).max() < 1e-6:
            break
    offsets = parameters[1:] / parameters[0]
    return np.asarray(offsets - offsets.mean(), np.float32)


@dataclass(frozen=True)
class RiskCoverage:
    """What answering only above a confidence gives, for every confidence that occurs.

    thresholds: falling. coverage: the share of faces answered, rising. risk: the share of these
    answers that are wrong. All of one length, with faces of equal confidence together.
    """

    thresholds: NDArray[np.float64]
    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]

    def threshold_for(self, target_risk: float) -> float:
        """The confidence that answers the most faces with at most this risk; 1 if none does."""
        good = np.flatnonzero(self.risk <= target_risk)
        return float(self.thresholds[good[-1]]) if len(good) else 1.0

    def at(self, threshold: float) -> dict[str, float]:
        """Coverage and risk of answering at this confidence or above."""
        answered = int((self.thresholds >= threshold).sum())
        if not answered:
            return {"coverage": 0.0, "risk": 0.0}
        return {
            "coverage": float(self.coverage[answered - 1]),
            "risk": float(self.risk[answered - 1]),
        }

    @property
    def area(self) -> float:
        """Area under the curve of risk over coverage; lower is better."""
        steps = np.diff(self.coverage, prepend=0.0)
        return float((self.risk * steps).sum())


def risk_coverage(probabilities: Floats, labels: Labels) -> RiskCoverage:
    """probabilities: (N, C), N >= 1."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    order = np.argsort(-confidence, kind="stable")
    confidence = confidence[order]
    wrong = (probabilities.argmax(axis=1) != labels)[order]
    answered = np.arange(1, len(order) + 1)
    last_of_equals = np.append(confidence[1:] != confidence[:-1], True)
    return RiskCoverage(
        confidence[last_of_equals],
        (answered / len(order))[last_of_equals],
        (np.cumsum(wrong) / answered)[last_of_equals],
    )


def threshold_for_all(
    conditions: Sequence[Floats], labels: Labels, target_risk: float, lowest: float
) -> float:
    """The least confidence from which on at most this share is wrong under every condition.

    That share and a standard error of it, so that it holds for other faces too. conditions: (N, C)
    probabilities of the same faces under each. lowest: where to begin. 1 if there is none below.
    """
    confidences = [probabilities.max(axis=1) for probabilities in conditions]
    wrongs = [probabilities.argmax(axis=1) != labels for probabilities in conditions]
    for threshold in np.arange(lowest, 1.0, 0.002).tolist():
        answered = (
            wrong[confidence >= threshold]
            for confidence, wrong in zip(confidences, wrongs, strict=True)
        )
        if max(map(_likely_risk, answered)) <= target_risk:
            return round(float(threshold), 3)
    return 1.0


def _likely_risk(wrong: NDArray[np.bool_]) -> float:
    """The share of answers that are wrong, and a standard error of it; 0 without answers."""
    if not wrong.any():
        return 0.0
    share = float(wrong.mean())
    return share + math.sqrt(share * (1 - share) / len(wrong))


def fit_confidence(
    probabilities: Floats, labels: Labels, target_risk: float
) -> tuple[float, float]:
    """The temperature, and the confidence at it from which on answers have at most this risk.

    probabilities: (N, C) at temperature 1.
    """
    temperature = fit_temperature(probabilities, labels)
    curve = risk_coverage(temper(probabilities, temperature), labels)
    return temperature, curve.threshold_for(target_risk)
