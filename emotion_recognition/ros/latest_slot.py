"""A hand-over between two threads that keeps only the newest item."""

from __future__ import annotations

from threading import Condition
from typing import Generic, TypeVar

Item = TypeVar("Item")


class LatestSlot(Generic[Item]):
    """A slot of one: a new item takes the place of one that nobody took, so that no queue grows."""

    def __init__(self) -> None:
        self._condition = Condition()
        self._item: Item | None = None
        self._closed = False

    def put(self, item: Item) -> bool:
        """Stores the item; True if an older one was dropped for it."""
        with self._condition:
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

    def close(self) -> None:
        """Ends all waiting."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
