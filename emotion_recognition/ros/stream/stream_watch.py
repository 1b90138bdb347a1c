"""Notices what goes wrong with a stream of stamped images: silence, repeats, jumps back in time."""

from __future__ import annotations

from enum import Enum


class StreamState(Enum):
    """WAITING: no image yet, but it is early. STALLED: none for too long, be it the first."""

    WAITING = "waiting"
    FLOWING = "flowing"
    STALLED = "stalled"


def stream_state(silence: float, timeout: float, has_begun: bool) -> StreamState:
    """The verdict on a stream.

    silence: seconds since the last image, or since listening began. timeout: how many are too
    many. has_begun: whether there has been an image.
    """
    if silence >= timeout:
        return StreamState.STALLED
    return StreamState.FLOWING if has_begun else StreamState.WAITING


class StampChange(Enum):
    """How a stamp follows the one before. UNSTAMPED: it is 0, which says nothing."""

    FORWARD = "forward"
    REPEATED = "repeated"
    BACKWARD = "backward"
    UNSTAMPED = "unstamped"


class StreamWatch:
    """Observes one stream. Times of arrival are those of a clock that never jumps, in seconds."""

    def __init__(self, now: float) -> None:
        self._last_arrival = now
        self._last_stamp = 0
        self._has_begun = False

    def observe(self, stamp: int, now: float) -> StampChange:
        """An image with this stamp, in nanoseconds, arrived."""
        self._last_arrival = now
        self._has_begun = True
        if stamp == 0:
            return StampChange.UNSTAMPED
        last, self._last_stamp = self._last_stamp, stamp
        if stamp == last:
            return StampChange.REPEATED
        return StampChange.BACKWARD if stamp < last else StampChange.FORWARD

    def silence(self, now: float) -> float:
        """Seconds since the last image, or since the watch began."""
        return now - self._last_arrival

    def state(self, now: float, timeout: float) -> StreamState:
        """The verdict at this time."""
        return stream_state(self.silence(now), timeout, self._has_begun)
