"""Messages that are taken without an executor, where many come and each is little work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.exceptions import InvalidHandle
from rclpy.subscription import Subscription


class HandOver(CallbackGroup):
    """Subscriptions that the executor serves, or `take_all` while `by_hand` is set.

    rclpy's executors, written in Python, spend more on a message than most messages are worth:
    before each they collect everything a node has and build a wait set of it, which takes more than
    1 ms on a desktop's core. To look whether a message waits takes 5 microseconds.

    The events of these subscriptions go along with them: Fast DDS has one condition for both, and
    an executor that waits for the events alone would be woken by a message until it is taken.
    """

    def __init__(self) -> None:
        super().__init__()
        self.by_hand = False

    def can_execute(self, entity: object) -> bool:
        """Whether the executor may wait for it."""
        return not self.by_hand

    def beginning_execution(self, entity: object) -> bool:
        """As for callbacks that may run at any time."""
        return not self.by_hand

    def ending_execution(self, entity: object) -> None:
        """Nothing is to be undone."""


def take_all(subscription: Subscription) -> Iterator[tuple[Any, Any]]:
    """The messages that wait, oldest first, each with what the middleware tells of it.

    None of a subscription that is destroyed in the meantime. Raises whatever rclpy raises for a
    message that makes no sense, which is gone then.
    """
    handle = subscription.handle
    try:
        with handle:
            while taken := handle.take_message(subscription.msg_type, subscription.raw):
                yield taken
    except InvalidHandle:
        return
