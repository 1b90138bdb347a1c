"""Thins a stream out to a highest rate."""

from __future__ import annotations


class RateLimit:
    """Decides which items of a stream to take so that their rate keeps below a limit.

    The times at which items are due follow each other in steps of the period. One that comes up
    to half a period early is taken as well, because a stream whose rate is the limit has jitter and
    would lose half of its items otherwise; on average the limit holds all the same.
    """

    def __init__(self) -> None:
        self._rate = 0.0
        self._due = 0.0

    def allows(self, now: float, rate: float) -> bool:
        """Whether to take an item that came at `now`, in seconds. rate: items a second, 0: all."""
        if rate <= 0:
            return True
        period = 1 / rate
        if rate != self._rate or now > self._due + period:  # silence is not made up for
            self._rate, self._due = rate, now
        if now < self._due - period / 2:
            return False
        self._due += period
        return True
