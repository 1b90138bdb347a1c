"""A thread that works on the newest item only."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic
from typing import Generic, TypeVar

Item = TypeVar("Item")

#: Seconds after which work on one image is taken to hang. A Raspberry Pi 3 needs about 0.1.
HUNG = 2.0


class LatestSlot(Generic[Item]):
    """A slot of one: a new item takes the place of one that nobody took, so that no queue grows."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._item: Item | None = None
        self._closed = False

    def put(self, item: Item) -> bool:
        """Stores the item; True if one was dropped: an older one, or this, once it is closed."""
        with self._condition:
            if self._closed:
                return True
            dropped = self._item is not None
            self._item = item
            self._condition.notify()
            return dropped

    def take(self) -> Item | None:
        """Waits for an item and removes it; None once the slot is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or self._item is not None)
            item, self._item = self._item, None
            return None if self._closed else item

    def close(self) -> bool:
        """Ends all waiting; True if an item was dropped that nobody will take now."""
        with self._condition:
            dropped, self._item = self._item is not None, None
            self._closed = True
            self._condition.notify_all()
            return dropped


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
        """Hands over an item; True if one was dropped: an older one, or this, after the end."""
        return self._slot.put(item)

    def busy(self) -> float:
        """Seconds that the item being worked on has taken so far; 0 while there is none."""
        begun = self._begun
        return 0.0 if begun is None else monotonic() - begun

    def stop(self) -> bool:
        """Begins no more work; True if an item that waited was dropped."""
        return self._slot.close()

    def join(self, timeout: float) -> bool:
        """Waits for the work after `stop`; False if it takes more than `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (item := self._slot.take()) is not None:
            self._begun = monotonic()
            self._work(item)
            self._begun = None
            del item  # an image is large, and the next may be long in coming
