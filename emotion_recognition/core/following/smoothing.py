"""Steadies the probabilities of tracked faces over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emotion_recognition.core.following.track_memory import TrackMemory
from emotion_recognition.core.types import Face


@dataclass(frozen=True)
class SmoothingSettings:
    """time_constant: seconds after which a change of the probabilities has come through by 63 %, or
    0 for no smoothing.

    Raises ValueError for a time that is negative or not finite.
    """

    time_constant: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.time_constant < math.inf:
            raise ValueError(
                f"time_constant must be a number of seconds >= 0, got {self.time_constant}"
            )


@dataclass(frozen=True)
class _Mean:
    """What a track has shown so far. weight: that of all that it is the mean of. values: the
    probabilities, then the largest one of each image.
    """

    weight: float
    values: tuple[float, ...]


class EmotionSmoother:
    """Smooths the probabilities of the faces of one camera, each by its track id.

    They are the mean of all that the classifier has said of the track, each weighted by
    exp(-age / time_constant), so that neither the rate of the images nor their gaps matter. A face
    without a track id has no past: its probabilities stay as they are.

    settings: can be assigned at any time, by any thread; all else is for one thread at a time.
    """

    def __init__(self, settings: SmoothingSettings | None = None) -> None:
        self.settings = settings or SmoothingSettings()
        self._means: TrackMemory[_Mean] = TrackMemory()

    def update(self, faces: Sequence[Face], time: float) -> tuple[Face, ...]:
        """The same faces with smoothed probabilities, and the classifier's as raw_probabilities.

        Their certainty is smoothed alike: where the classifier is sure of one emotion and then of
        another, the probabilities of both are small for a while, and the certainty is not. Their
        emotions are still those of the classifier: see EmotionDecider.

        faces: all of one image, from a FaceTracker. time: when it was taken, in seconds from any
        origin; where it goes back, tracks start anew. Faces that no classifier has seen are passed
        on unchanged.
        """
        time_constant = self.settings.time_constant
        self._means.forget_old(time)
        return tuple(
            self._smooth(face, time, time_constant) if face.probabilities else face
            for face in faces
        )

    def reset(self) -> None:
        """Forgets all tracks, as after a jump in time."""
        self._means.clear()

    def _smooth(self, face: Face, time: float, time_constant: float) -> Face:
        raw = face.probabilities
        values = (*raw, max(raw))
        remembered = self._means.get(face.track_id)
        if remembered is None:
            mean = _Mean(1.0, values)
        else:
            last_time, last = remembered
            weight = 1 + last.weight * _kept(time - last_time, time_constant)
            mean = _Mean(
                weight,
                tuple(
                    old + (new - old) / weight for old, new in zip(last.values, values, strict=True)
                ),
            )
        self._means.store(face.track_id, time, mean)
        *probabilities, certainty = mean.values
        return replace(
            face,
            probabilities=tuple(probabilities),
            raw_probabilities=raw,
            certainty=certainty,
        )


def _kept(elapsed: float, time_constant: float) -> float:
    """How much of its weight the past keeps, in [0, 1]."""
    return math.exp(-elapsed / time_constant) if time_constant else 0.0
