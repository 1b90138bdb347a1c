"""Follows the faces of one camera over time: their track ids, then steady emotions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from emotion_recognition.core.following.decision import DecisionSettings, EmotionDecider
from emotion_recognition.core.following.facing import FacingDecider, FacingSettings
from emotion_recognition.core.following.smoothing import EmotionSmoother, SmoothingSettings
from emotion_recognition.core.following.track_memory import FORGET_AFTER
from emotion_recognition.core.following.tracking import FaceTracker, TrackingSettings
from emotion_recognition.core.types import Face


@dataclass(frozen=True)
class FollowingSettings:
    """Those of each step."""

    tracking: TrackingSettings = field(default_factory=TrackingSettings)
    smoothing: SmoothingSettings = field(default_factory=SmoothingSettings)
    decision: DecisionSettings = field(default_factory=DecisionSettings)
    facing: FacingSettings = field(default_factory=FacingSettings)


class FaceFollower:
    """Tracks faces, smooths their probabilities and decides what to publish, image by image."""

    def __init__(self) -> None:
        self._tracker = FaceTracker()
        self._smoother = EmotionSmoother()
        self._decider = EmotionDecider()
        self._facing = FacingDecider()
        self._last_time = -math.inf

    def update(
        self, faces: Sequence[Face], time: float, settings: FollowingSettings
    ) -> tuple[Face, ...]:
        """faces: all of the next image, from an EmotionPipeline. time: when it was taken, seconds.

        Returns the same faces in the same order, with track ids, steady emotions, and whether
        they turn to the camera. Where time goes back, as when a recording starts again, or leaves
        out more than FORGET_AFTER seconds, all are new faces: somebody else may be there by then.
        """
        if not self._last_time <= time <= self._last_time + FORGET_AFTER:
            self.reset()
        self._last_time = time
        self._tracker.settings = settings.tracking
        self._smoother.settings = settings.smoothing
        self._decider.settings = settings.decision
        self._facing.settings = settings.facing
        tracked = self._tracker.update(faces)
        decided = self._decider.update(self._smoother.update(tracked, time), time)
        return self._facing.update(decided, time)

    def reset(self) -> None:
        """Forgets all faces, as when another stream begins. Ids go on counting up."""
        self._tracker.reset()
        self._smoother.reset()
        self._decider.reset()
        self._facing.reset()
        self._last_time = -math.inf
