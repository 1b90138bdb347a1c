"""What became of the frames that a node received."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock


@dataclass(frozen=True)
class FrameCounts:
    """Frames since the node started.

    received: all of them. answered: a result was published. dropped: a newer frame came before this
    one's turn. rejected: not an image that can be read. failed: an unexpected error.
    """

    received: int = 0
    answered: int = 0
    dropped: int = 0
    rejected: int = 0
    failed: int = 0

    def __str__(self) -> str:
        return (
            f"{self.received} images received, {self.answered} answered, {self.dropped} dropped, "
            f"{self.rejected} rejected, {self.failed} failed"
        )


class FrameCounter:
    """Counts from several threads; `counts` is a snapshot of all figures at one moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = FrameCounts()

    @property
    def counts(self) -> FrameCounts:
        return self._counts

    def add(self, **increments: int) -> None:
        """Adds to the figures of these names."""
        with self._lock:
            sums = {name: getattr(self._counts, name) + n for name, n in increments.items()}
            self._counts = replace(self._counts, **sums)
