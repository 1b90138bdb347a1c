"""Follows faces from image to image, so that each keeps one id."""

from __future__ import annotations

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
    images in a row that may lack it before the id is given up, >= 0. min_overlap: the smallest
    `overlap` of a face with the place where it was expected, in (-1, 1).

    Raises ValueError for values outside these limits.
    """

    birth_hits: int = 3
    death_misses: int = 30
    min_overlap: float = -0.3

    def __post_init__(self) -> None:
        if self.birth_hits < 1:
            raise ValueError(f"birth_hits must be at least 1, got {self.birth_hits}")
        if self.death_misses < 0:
            raise ValueError(f"death_misses must not be negative, got {self.death_misses}")
        if not -1 < self.min_overlap < 1:
            raise ValueError(f"min_overlap must be between -1 and 1, got {self.min_overlap}")


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
        matches = self._match(faces, settings.min_overlap)
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

    def _match(self, faces: Sequence[Face], min_overlap: float) -> dict[int, _Track]:
        """The track of each face that continues one, by the face's index: best overlaps first."""
        expected = [track.expected_box() for track in self._tracks]
        candidates = sorted(
            (
                (overlap(face.box, box), index, number)
                for index, face in enumerate(faces)
                for number, box in enumerate(expected)
            ),
            key=lambda candidate: -candidate[0],
        )
        matches: dict[int, _Track] = {}
        taken: set[int] = set()
        for value, index, number in candidates:
            if value < min_overlap:
                break
            if index not in matches and number not in taken:
                matches[index] = self._tracks[number]
                taken.add(number)
        return matches


def overlap(first: Box, second: Box) -> float:
    """Intersection over union, less a penalty for the distance of the centres; in (-1, 1].

    It goes on falling below 0 where boxes no longer touch, so that a small face that leaps by more
    than its own size between two images still has a nearest place: -0.2 for equal squares side by
    side, -0.31 with half a side between them.

    This is the distance-IoU of Zheng et al. (2020), https://arxiv.org/abs/1911.08287.
    """
    width = max(first.x2, second.x2) - min(first.x1, second.x1)
    height = max(first.y2, second.y2) - min(first.y1, second.y1)
    dx, dy = _offset(first, second)
    squared_diagonal = width**2 + height**2
    penalty = (dx**2 + dy**2) / squared_diagonal if squared_diagonal else 0.0
    return first.iou(second) - penalty


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
