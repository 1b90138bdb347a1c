"""When each face of a video was there and what it showed, for a table and a picture of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emotion_recognition.core.types import Face


@dataclass(frozen=True)
class Span:
    """For how long a face showed one emotion without a break. start, end: in seconds."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Track:
    """One face over time. spans: in the order of time, with gaps where it was not seen."""

    id: int
    spans: tuple[Span, ...]

    @property
    def first_seen(self) -> float:
        """Seconds."""
        return self.spans[0].start

    @property
    def last_seen(self) -> float:
        """Seconds."""
        return self.spans[-1].end

    @property
    def shares(self) -> dict[str, float]:
        """Of the time that it was seen, by label, summing to 1."""
        times: dict[str, float] = {}
        for span in self.spans:
            times[span.label] = times.get(span.label, 0.0) + span.end - span.start
        seen = sum(times.values())
        return {label: time / seen if seen else 1 / len(times) for label, time in times.items()}


class TrackTimes:
    """Collects what the faces of a video show, image by image.

    An image stands for the time until the next one; the last one for as long as the one before it.
    Faces without a track id are left out.
    """

    def __init__(self) -> None:
        self._spans: dict[int, list[Span]] = {}
        self._shown: dict[int, str] = {}
        self._time: float | None = None
        self._interval = 0.0

    def add(self, faces: Iterable[Face], time: float) -> None:
        """faces: all of the next image. time: when it was taken, in seconds from the start."""
        if self._time is not None:
            self._interval = max(time - self._time, 0.0)
            self._close(self._time, time)
        self._shown = {face.track_id: face.emotion.label for face in faces if face.track_id}
        self._time = time

    def tracks(self) -> Sequence[Track]:
        """Those so far, in the order in which they appeared."""
        if self._time is not None:
            self._close(self._time, self._time + self._interval)
            self._shown = {}
        return [Track(track_id, tuple(spans)) for track_id, spans in self._spans.items()]

    def _close(self, start: float, end: float) -> None:
        """Adds the time that the last image stands for."""
        for track_id, label in self._shown.items():
            spans = self._spans.setdefault(track_id, [])
            if spans and spans[-1].end == start and spans[-1].label == label:
                spans[-1] = Span(spans[-1].start, end, label)
            else:
                spans.append(Span(start, end, label))
