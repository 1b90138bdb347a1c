"""Keeps a log readable when the same thing goes wrong many times a second."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

PERIOD = 5.0
CAPACITY = 100


class LogThrottle:
    """Lets each distinct text through at once and its repeats only once in a period.

    period: in seconds. capacity: distinct texts in a period; further ones are held back as well,
    because an endless stream of different errors would fill a log just the same.
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
        self._held_back = 0

    def __call__(self, text: str) -> str | None:
        """What to log now: the text, with the number of those held back before it, or None."""
        now = self._clock()
        self._last = {key: at for key, at in self._last.items() if now - at < self._period}
        if text in self._last or len(self._last) >= self._capacity:
            self._held_back += 1
            return None
        self._last[text] = now
        held_back, self._held_back = self._held_back, 0
        return f"{text} ({held_back} more lines held back)" if held_back else text
