"""Follows faces from image to image, so that each keeps one id."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emotion_recognition.core.types import Box, Face

# The part of a position's error that corrects the velocity, and the part of the velocity that is
# left after each image without the face: what is known of its motion ages.
_VELOCITY_GAIN = 0.5
_VELOCITY_KEPT = 0.7


@dataclass(frozen=True)
class TrackingSettings:
    """When a face gets an id and when it loses it.

    birth_hits: images in a row that must show a face before it gets an id, >= 1. death_misses:
    images in a row that may lack it before the id is given up, >= 0. max_leap: how far from where
    it was expected a face may be found, in sizes of the face, >= 0.

    Raises ValueError for values outside these limits.
    """

    birth_hits: int = 3
    death_misses: int = 30
    max_leap: float = 1.5

    def __post_init__(self) -> None:
        if self.birth_hits < 1:
            raise ValueError(f"birth_hits must be at least 1, got {self.birth_hits}")
        if self.death_misses < 0:
            raise ValueError(f"death_misses must not be negative, got {self.death_misses}")
        if not 0 <= self.max_leap < math.inf:
            raise ValueError(f"max_leap must be a number >= 0, got {self.max_leap}")


class FaceTracker:
    """Gives the faces of one camera their track ids.

    A face is passed on from the first image that shows it, with track_id 0 until `birth_hits`
    images in a row have shown it: whoever keeps a record by id is spared those of false alarms,
    while whoever only looks misses nothing. Ids count up from 1 and are never used again.

    settings: can be assigned at any time, by any thread; all else is for one thread at a time.
    """

    def __init__(self, settings: TrackingSettings | None = None) -> None:
        self.settings = settings or TrackingSettings()
        self._tracks: list[_Track] = []
        self._last_id = 0

    def update(self, faces: Sequence[Face]) -> tuple[Face, ...]:
        """faces: all of the next image. Returns the same faces in the same order with their ids."""
        settings = self.settings
        matches = self._match(faces, settings.max_leap)
        unseen = [track for track in self._tracks if track not in matches.values()]
        for track in unseen:
            track.miss()
        seen = [matches.get(index) or _Track(face.box) for index, face in enumerate(faces)]
        for track, face in zip(seen, faces, strict=True):
            track.hit(face.box)
            if not track.id and track.hits >= settings.birth_hits:
                self._last_id += 1
                track.id = self._last_id
        waiting = [track for track in unseen if track.id and track.misses <= settings.death_misses]
        self._tracks = seen + waiting
        return tuple(
            replace(face, track_id=track.id) for face, track in zip(faces, seen, strict=True)
        )

    def reset(self) -> None:
        """Forgets all faces, as after a jump in time. Ids go on counting up."""
        self._tracks = []

    def _match(self, faces: Sequence[Face], max_leap: float) -> dict[int, _Track]:
        """The track of each face that continues one, by the face's index: the closest first."""
        expected = [track.expected_box() for track in self._tracks]
        candidates = sorted(
            (
                (closeness(face.box, box), index, number)
                for index, face in enumerate(faces)
                for number, box in enumerate(expected)
            ),
            key=lambda candidate: -candidate[0],
        )
        matches: dict[int, _Track] = {}
        taken: set[int] = set()
        for value, index, number in candidates:
            if value < -max_leap:
                break
            if index not in matches and number not in taken:
                matches[index] = self._tracks[number]
                taken.add(number)
        return matches


def closeness(first: Box, second: Box) -> float:
    """How well two boxes fit one face: at most 1, and falling on where they no longer touch.

    It is their intersection over union, less the distance of their centres in sizes of the smaller
    box (the root of its area): a small face may leap by more than its size between two images, and
    one box much larger than the other is hardly the same face. A box without area fits none.
    """
    dx, dy = _offset(first, second)
    size = math.sqrt(min(first.area, second.area))
    return first.iou(second) - math.hypot(dx, dy) / size if size else -math.inf


class _Track:
    """One face over time, its motion followed as by an alpha-beta filter.

    id: 0 until it is born. hits: images that showed it. misses: images since the last of them.
    velocity: in pixels an image.
    """

    def __init__(self, box: Box) -> None:
        self.id = 0
        self.hits = 0
        self.misses = 0
        self.box = box
        self.velocity = (0.0, 0.0)

    def expected_box(self) -> Box:
        """Where the face should be in the next image if it moves on as it did."""
        dx, dy = self.velocity
        return Box(self.box.x1 + dx, self.box.y1 + dy, self.box.x2 + dx, self.box.y2 + dy)

    def hit(self, box: Box) -> None:
        """The face was seen, in this box."""
        error = _offset(self.expected_box(), box)
        gain = _VELOCITY_GAIN / (self.misses + 1)
        self.velocity = (self.velocity[0] + gain * error[0], self.velocity[1] + gain * error[1])
        self.box = box
        self.hits += 1
        self.misses = 0

    def miss(self) -> None:
        """The face was not seen."""
        self.box = self.expected_box()
        self.velocity = (self.velocity[0] * _VELOCITY_KEPT, self.velocity[1] * _VELOCITY_KEPT)
        self.misses += 1


def _offset(start: Box, end: Box) -> tuple[float, float]:
    """From the centre of one box to that of another."""
    return (end.x1 + end.x2 - start.x1 - start.x2) / 2, (end.y1 + end.y2 - start.y1 - start.y2) / 2
