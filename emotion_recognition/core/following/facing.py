"""Whether a face turns to the camera, with hysteresis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emotion_recognition.core.following.track_memory import TrackMemory
from emotion_recognition.core.types import Face


@dataclass(frozen=True)
class FacingSettings:
    """When a face counts as one that turns to the camera; angles in radians.

    max_yaw: by how much it may be turned to a side, within [0, pi/2]. margin: how much further it
    may turn before it no longer does, >= 0.

    Raises ValueError for values outside these limits.
    """

    max_yaw: float = 0.35
    margin: float = 0.15

    def __post_init__(self) -> None:
        if not 0 <= self.max_yaw <= math.pi / 2:
            raise ValueError(f"max_yaw must be within [0, pi/2], got {self.max_yaw}")
        if not 0 <= self.margin < math.inf:
            raise ValueError(f"margin must be a number >= 0, got {self.margin}")


class FacingDecider:
    """Decides for the faces of one camera, each by its track id.

    A face without a track id has no past: only `max_yaw` applies.

    settings: can be assigned at any time, by any thread; all else is for one thread at a time.
    """

    def __init__(self, settings: FacingSettings | None = None) -> None:
        self.settings = settings or FacingSettings()
        self._facing: TrackMemory[bool] = TrackMemory()

    def update(self, faces: Sequence[Face], time: float) -> tuple[Face, ...]:
        """The same faces with `facing`; None for those without landmarks.

        faces: all of one image. time: when it was taken, in seconds from any origin; where it goes
        back, tracks start anew.
        """
        settings = self.settings
        self._facing.forget_old(time)
        return tuple(self._decide(face, time, settings) for face in faces)

    def reset(self) -> None:
        """Forgets all tracks, as after a jump in time."""
        self._facing.clear()

    def _decide(self, face: Face, time: float, settings: FacingSettings) -> Face:
        yaw = face.yaw
        if yaw is None:
            return replace(face, facing=None)
        remembered = self._facing.get(face.track_id)
        limit = settings.max_yaw
        if remembered is not None and remembered[1]:
            limit += settings.margin
        facing = abs(yaw) <= limit
        self._facing.store(face.track_id, time, facing)
        return replace(face, facing=facing)
