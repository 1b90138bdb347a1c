"""Keeps a log readable when the same thing goes wrong many times a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

PERIOD = 5.0
CAPACITY = 15


class LogThrottle:
    """Lets each distinct text through at once and its repeats only once in a period.

    period: in seconds. capacity: distinct texts of one kind that are let through one after another;
    then one in each period, because an endless stream of different texts would fill a log just the
    same.
    """

    def __init__(
        self,
        period: float = PERIOD,
        capacity: int = CAPACITY,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._period = period
        self._capacity = capacity
        self._clock = clock
        self._last: dict[str, float] = {}
        self._paid_until: dict[str, float] = {}
        self._held_back = 0

    def __call__(self, text: str, kind: str = "") -> str | None:
        """What to log now: the text, with the number of those held back before it, or None.

        kind: of what went wrong; one of a few, while texts may be as many as there are errors.
        """
        now = self._clock()
        self._last = {key: at for key, at in self._last.items() if now - at < self._period}
        # Each line costs its kind a period, of which it may owe as many as the capacity.
        paid_until = max(self._paid_until.get(kind, now), now)
        if text in self._last or paid_until - now > (self._capacity - 1) * self._period:
            self._held_back += 1
            return None
        self._last[text] = now
        self._paid_until[kind] = paid_until + self._period
        held_back, self._held_back = self._held_back, 0
        return f"{text} ({held_back} more lines held back)" if held_back else text
