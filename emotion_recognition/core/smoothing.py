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

    time_constant: seconds after which a change of the probabilities has come through by 63 %; 0
    for none of this. switch_margin: another emotion takes the place of the published one when it
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

    Probabilities follow the classifier's exponentially in time, whatever the rate of the images;
    the published emotion follows them with hysteresis. A face without a track id has no past: its
    probabilities stay as they are, and only the reject threshold applies.

    settings: can be assigned at any time.
    """

    def __init__(self, settings: SmoothingSettings | None = None) -> None:
        self.settings = settings or SmoothingSettings()
        self._tracks: dict[int, _Track] = {}

    def update(self, faces: Sequence[Face], time: float) -> tuple[Face, ...]:
        """The same faces with smoothed probabilities and emotions, the classifier's beside them.

        faces: all of one image, from a FaceTracker. time: when it was taken, in seconds from any
        origin. Tracks start anew when it goes back, and do not change while it stands still. Faces
        that no classifier has seen are passed on unchanged.
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
            probabilities, published = raw, UNKNOWN
        else:
            weight = _weight(time - before.time, settings.time_constant)
            probabilities = tuple(
                old + weight * (new - old)
                for old, new in zip(before.probabilities, raw, strict=True)
            )
            published = before.emotion
        emotion = _next_emotion(published, probabilities, settings)
        if face.track_id:
            self._tracks[face.track_id] = _Track(time, probabilities, emotion)
        return replace(face, probabilities=probabilities, emotion=emotion, raw_probabilities=raw)


@dataclass(frozen=True)
class _Track:
    """What was last published of a track, and when."""

    time: float
    probabilities: tuple[float, ...]
    emotion: Emotion


def _weight(elapsed: float, time_constant: float) -> float:
    """How much of the step to the newest value is made, in [0, 1]."""
    return -math.expm1(-elapsed / time_constant) if time_constant else 1.0


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
