"""What a node has done in the last seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from emotion_recognition.ros.stream.frame_counts import FrameCounts


@dataclass(frozen=True)
class Activity:
    """The last seconds. counts: of frames in them. latencies: of the answers, in seconds."""

    seconds: float = 0.0
    counts: FrameCounts = field(default_factory=FrameCounts)
    latencies: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.counts.answered / self.seconds if self.seconds else 0.0

    def latency(self, percent: float) -> float:
        """The latency that this many percent of the answers kept, in seconds; 0 without answers."""
        return percentile(self.latencies, percent)


class RecentActivity:
    """Remembers the last seconds. Times are those of a clock that never jumps, in seconds."""

    def __init__(self, now: float, window: float = 10.0) -> None:
        """window: how many seconds."""
        self._window = window
        self._lock = Lock()
        self._latencies: deque[tuple[float, float]] = deque()
        self._counts = deque([(now, FrameCounts())])

    def add_answer(self, latency: float, now: float) -> None:
        """An answer was published, `latency` seconds after its image was taken."""
        with self._lock:
            self._latencies.append((now, latency))

    def update(self, counts: FrameCounts, now: float) -> Activity:
        """The activity up to now. counts: all until now. To be called about once a second."""
        with self._lock:
            self._counts.append((now, counts))
            while len(self._counts) > 2 and self._counts[1][0] <= now - self._window:
                self._counts.popleft()
            start, before = self._counts[0]
            while self._latencies and self._latencies[0][0] < start:
                self._latencies.popleft()
            latencies = tuple(latency for _, latency in self._latencies)
        return Activity(now - start, counts - before, latencies)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of the values that at least this many percent do not exceed; 0 for none."""
    if not values:
        return 0.0
    rank = -(-len(values) * percent // 100)  # rounded up
    return sorted(values)[max(0, int(rank) - 1)]
