"""What became of the frames that a node received."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from threading import Lock


@dataclass(frozen=True)
class FrameCounts:
    """Frames since the node started.

    received: all of them. answered: a result was published. dropped: a newer frame came before this
    one's turn. skipped: for the sake of max_rate. outdated: older than max_age. rejected: not an
    image that can be read. failed: an unexpected error. These add up to received, but for one that
    is being worked on.

    repeated: had the stamp of the frame before. jumps: had an earlier one. lost: by the middleware,
    before they were received.
    """

    received: int = 0
    answered: int = 0
    dropped: int = 0
    skipped: int = 0
    outdated: int = 0
    rejected: int = 0
    failed: int = 0
    repeated: int = 0
    jumps: int = 0
    lost: int = 0

    def __sub__(self, earlier: FrameCounts) -> FrameCounts:
        """What has been counted since then."""
        pairs = zip(astuple(self), astuple(earlier), strict=True)
        return FrameCounts(*(now - then for now, then in pairs))

    def __str__(self) -> str:
        return (
            f"{self.received} images received, {self.answered} answered, "
            f"{self.dropped} dropped (busy), {self.skipped} dropped (max_rate), "
            f"{self.outdated} dropped (max_age), {self.rejected} rejected, {self.failed} failed"
        )


class FrameCounter:
    """Counts from several threads; `counts` is a snapshot of all figures at one moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = FrameCounts()
        self._rejections: Counter[str] = Counter()

    @property
    def counts(self) -> FrameCounts:
        return self._counts

    @property
    def rejections(self) -> Mapping[str, int]:
        """Rejected frames by reason."""
        with self._lock:
            return dict(self._rejections)

    def add(self, **increments: int) -> None:
        """Adds to the figures of these names."""
        with self._lock:
            sums = {name: getattr(self._counts, name) + n for name, n in increments.items()}
            self._counts = replace(self._counts, **sums)

    def reject(self, reason: str) -> None:
        """Counts a rejected frame."""
        self.add(rejected=1)
        with self._lock:
            self._rejections[reason] += 1
