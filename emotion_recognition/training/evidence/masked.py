"""How a classifier answers faces in masks, of which the mouth cannot be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emotion_recognition.core.types import LABELS
from emotion_recognition.training.confidence import temper
from emotion_recognition.training.evaluate_classifier import Classify
from emotion_recognition.training.labelled_faces import Crop


@dataclass(frozen=True)
class MaskedFaces:
    """Answers with the shipped temperature and reject threshold.

    faces: how many. answered: the share of them that get an emotion. other_than_neutral: the share
    that get another one than neutral. Both 0 where there are no faces.
    """

    faces: int
    answered: float
    other_than_neutral: float


def answers_to_masked(
    classify: Classify, crops: Sequence[Crop], temperature: float, reject_threshold: float
) -> MaskedFaces:
    """classify: at temperature 1."""
    if not crops:
        return MaskedFaces(0, 0.0, 0.0)
    probabilities = temper(classify(crops), temperature)
    answered = probabilities.max(axis=1) >= reject_threshold
    other = answered & (probabilities.argmax(axis=1) != LABELS.index("neutral"))
    return MaskedFaces(len(crops), float(answered.mean()), float(other.mean()))
