"""Notices messages that were sent and never received."""

from __future__ import annotations


class LossWatch:
    """Finds the gaps in the numbers that a publisher gives its messages."""

    def __init__(self) -> None:
        self._last: dict[bytes, int] = {}

    def observe(self, publisher: bytes, number: int) -> int:
        """A message arrived; how many between the one before and this one did not.

        publisher: who sent it. number: counts up by one with each message of that publisher; when
        it goes back, the publisher has begun anew.
        """
        last = self._last.get(publisher, number)
        self._last[publisher] = number
        return max(0, number - last - 1)
