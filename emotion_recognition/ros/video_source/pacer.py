"""Steady timing of a periodic job."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from time import monotonic


class Pacer:
    """Waits for the turns of a fixed rate. Turns are counted from the first, so none drifts.

    A turn that is more than a period late is where counting starts anew: what was missed is not
    made up for in a burst.
    """

    def __init__(self, rate: float, stop: Event, clock: Callable[[], float] = monotonic) -> None:
        """rate: turns per second. stop: ends any waiting when it is set."""
        self._period = 1 / rate
        self._stop = stop
        self._clock = clock
        self._start: float | None = None
        self._turns = 0

    def wait(self) -> bool:
        """Waits for the next turn, the first of which is now; False if told to stop instead."""
        now = self._clock()
        due = now if self._start is None else self._start + self._turns * self._period
        if self._start is None or now - due > self._period:
            self._start, self._turns, due = now, 0, now
        self._turns += 1
        return not self._stop.wait(max(0.0, due - now))
