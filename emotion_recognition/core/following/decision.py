"""From probabilities to the emotion that is published, or to `unknown` where none is sure enough.

Chow, On optimum recognition error and reject tradeoff, 1970: answering only above a threshold of
the probability gives the fewest errors for the answers given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from emotion_recognition.core.following.track_memory import TrackMemory
from emotion_recognition.core.types import LABELS, UNKNOWN, Emotion, Face

#: The smoothed probability that the emotion of a face with a past needs besides, where the
#: threshold is not below it: to be likelier than all others together. One that is published already
#: may be less likely, by `switch_margin`.
LIKELIER_THAN_NOT = 0.5


@dataclass(frozen=True)
class DecisionSettings:
    """When an emotion is published. All are probabilities, within [0, 1].

    reject_threshold: the probability that an emotion needs in an image; `unknown` is where none has
    it. Where probabilities are calibrated, below 0.5 the answer is more often wrong than right. A
    face with a past needs it on average over its images, whichever emotion it was (its certainty):
    a face that is sure to have changed is not unknown until the mean has followed. reject_margin:
    how far this may fall below the threshold while an emotion is published. switch_margin: another
    emotion takes its place when it leads by more than this.

    Raises ValueError for values outside these limits.
    """

    reject_threshold: float = 0.5
    reject_margin: float = 0.03
    switch_margin: float = 0.1

    def __post_init__(self) -> None:
        for name in ("reject_threshold", "reject_margin", "switch_margin"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be within [0, 1], got {getattr(self, name)}")


def decide(
    probabilities: tuple[float, ...],
    reject_threshold: float,
    labels: tuple[str, ...] = LABELS,
) -> Emotion:
    """The most probable emotion, or UNKNOWN where its probability is below the threshold.

    probabilities: one per label, summing to 1. reject_threshold: in [0, 1].
    """
    best = Emotion.from_probabilities(probabilities, labels)
    return best if best.confidence >= reject_threshold else UNKNOWN


class EmotionDecider:
    """Decides on the emotions of the faces of one camera, each by its track id, with hysteresis.

    A face without a track id has no past: only the reject threshold applies.

    settings: can be assigned at any time, by any thread; all else is for one thread at a time.
    """

    def __init__(self, settings: DecisionSettings | None = None) -> None:
        self.settings = settings or DecisionSettings()
        self._published: TrackMemory[Emotion] = TrackMemory()

    def update(self, faces: Sequence[Face], time: float) -> tuple[Face, ...]:
        """The same faces with the emotions to publish, for what their probabilities say.

        faces: all of one image. time: when it was taken, in seconds from any origin; where it goes
        back, tracks start anew. Faces that no classifier has seen are passed on unchanged.
        """
        settings = self.settings
        self._published.forget_old(time)
        return tuple(
            self._decide(face, time, settings) if face.probabilities else face for face in faces
        )

    def reset(self) -> None:
        """Forgets all tracks, as after a jump in time."""
        self._published.clear()

    def _decide(self, face: Face, time: float, settings: DecisionSettings) -> Face:
        remembered = self._published.get(face.track_id)
        emotion = Emotion.from_probabilities(face.probabilities, face.labels)
        if not _is_sure(emotion, face, settings):
            emotion = UNKNOWN
        if remembered is not None and remembered[1].label in face.labels:
            same = _with_probability(remembered[1], face)
            if _may_stay(same, face, settings):
                emotion = same
        self._published.store(face.track_id, time, emotion)
        return replace(face, emotion=emotion)


def _with_probability(emotion: Emotion, face: Face) -> Emotion:
    return replace(emotion, confidence=face.probabilities[face.labels.index(emotion.label)])


def _may_stay(published: Emotion, face: Face, settings: DecisionSettings) -> bool:
    lag = max(face.probabilities) - published.confidence
    return lag <= settings.switch_margin and _is_sure(
        published, face, settings, settings.reject_margin, settings.switch_margin
    )


def _is_sure(
    emotion: Emotion,
    face: Face,
    settings: DecisionSettings,
    reject_margin: float = 0.0,
    switch_margin: float = 0.0,
) -> bool:
    certainty = max(face.probabilities) if face.certainty is None else face.certainty
    needed = min(settings.reject_threshold, LIKELIER_THAN_NOT)
    return (
        certainty >= settings.reject_threshold - reject_margin
        and emotion.confidence >= needed - switch_margin
    )
