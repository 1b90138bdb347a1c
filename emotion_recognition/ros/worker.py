"""A thread that works on the newest item only."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import Generic, TypeVar

from emotion_recognition.ros.latest_slot import LatestSlot

Item = TypeVar("Item")


class Worker(Generic[Item]):
    """Works on one item at a time; an item that waits is replaced by a newer one.

    work: what to do with an item, in the worker's thread. It must not raise.
    """

    def __init__(self, work: Callable[[Item], None]) -> None:
        self._work = work
        self._begun: float | None = None
        self._slot: LatestSlot[Item] = LatestSlot()
        self._thread = Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def put(self, item: Item) -> bool:
        """Hands over an item; True if an older one was dropped for it."""
        return self._slot.put(item)

    def busy(self) -> float:
        """Seconds that the item being worked on has taken so far; 0 while there is none."""
        begun = self._begun
        return 0.0 if begun is None else monotonic() - begun

    def close(self, timeout: float) -> bool:
        """Ends the work; False if what was begun takes more than `timeout` seconds."""
        self._slot.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._slot.take()) is not None:
            self._begun = monotonic()
            self._work(item)
            self._begun = None
            del item  # an image is large, and the next may be long in coming
