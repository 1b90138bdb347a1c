"""Steadies the emotions of tracked faces over time, so that labels do not flicker."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emotion_recognition.core.types import LABELS, UNKNOWN, Emotion, Face

# Seconds after which a track that was not seen is forgotten; its id does not come back.
_FORGET_AFTER = 10.0


@dataclass(frozen=True)
class SmoothingSettings:
    """How steady the published emotions are, and how late they therefore come.

    time_constant: seconds after which a change of the probabilities has come through by 63 %, or
    0 for no smoothing. switch_margin: another emotion takes the place of the published one when it
    leads by more than this. reject_threshold: the probability that an emotion needs to be
    published; `unknown` is where none has it. Where probabilities are calibrated, below 0.5 the
    answer is more often wrong than right. reject_margin: how far a published emotion may fall
    below the threshold and stay. The last three are probabilities, within [0, 1].

    Raises ValueError for values outside these limits.
    """

    time_constant: float = 0.5
    switch_margin: float = 0.1
    reject_threshold: float = 0.5
    reject_margin: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.time_constant < math.inf:
            raise ValueError(
                f"time_constant must be a number of seconds >= 0, got {self.time_constant}"
            )
        for name in ("switch_margin", "reject_threshold", "reject_margin"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be within [0, 1], got {getattr(self, name)}")


class EmotionSmoother:
    """Smooths the emotions of the faces of one camera, each by its track id.

    Probabilities are the mean of all that the classifier has said of the track, each weighted by
    exp(-age / time_constant), so that neither the rate of the images nor their gaps matter. The
    published emotion follows them with hysteresis. A face without a track id has no past: its
    probabilities stay as they are, and only the reject threshold applies.

    settings: can be assigned at any time, by any thread; all else is for one thread at a time.
    """

    def __init__(self, settings: SmoothingSettings | None = None) -> None:
        self.settings = settings or SmoothingSettings()
        self._tracks: dict[int, _Track] = {}

    def update(self, faces: Sequence[Face], time: float) -> tuple[Face, ...]:
        """The same faces with smoothed probabilities and emotions, the classifier's beside them.

        faces: all of one image, from a FaceTracker. time: when it was taken, in seconds from any
        origin; where it goes back, tracks start anew. Faces that no classifier has seen are passed
        on unchanged.
        """
        settings = self.settings
        self._tracks = {
            track_id: track
            for track_id, track in self._tracks.items()
            if 0 <= time - track.time <= _FORGET_AFTER
        }
        return tuple(self._smooth(face, time, settings) for face in faces)

    def reset(self) -> None:
        """Forgets all tracks, as after a jump in time."""
        self._tracks = {}

    def _smooth(self, face: Face, time: float, settings: SmoothingSettings) -> Face:
        raw = face.probabilities
        if not raw:
            return face
        before = self._tracks.get(face.track_id)
        if before is None:
            weight, probabilities, published = 1.0, raw, UNKNOWN
        else:
            weight = 1 + before.weight * _kept(time - before.time, settings.time_constant)
            probabilities = tuple(
                old + (new - old) / weight
                for old, new in zip(before.probabilities, raw, strict=True)
            )
            published = before.emotion
        emotion = _next_emotion(published, probabilities, settings)
        if face.track_id:
            self._tracks[face.track_id] = _Track(time, weight, probabilities, emotion)
        return replace(face, probabilities=probabilities, emotion=emotion, raw_probabilities=raw)


@dataclass(frozen=True)
class _Track:
    """The last answer on a track. weight: that of all that its probabilities are the mean of."""

    time: float
    weight: float
    probabilities: tuple[float, ...]
    emotion: Emotion


def _kept(elapsed: float, time_constant: float) -> float:
    """How much of its weight the past keeps, in [0, 1]."""
    return math.exp(-elapsed / time_constant) if time_constant else 0.0


def _next_emotion(
    published: Emotion, probabilities: tuple[float, ...], settings: SmoothingSettings
) -> Emotion:
    """What to publish after an emotion, or after UNKNOWN."""
    best = Emotion.from_probabilities(probabilities)
    if published != UNKNOWN:
        same = Emotion(published.id, LABELS[published.id], probabilities[published.id])
        lags = best.confidence - same.confidence > settings.switch_margin
        weak = same.confidence < settings.reject_threshold - settings.reject_margin
        if not (lags or weak):
            return same
    return best if best.confidence >= settings.reject_threshold else UNKNOWN
