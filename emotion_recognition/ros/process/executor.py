"""Spins nodes, and goes on spinning when a callback raises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from traceback import format_exception, walk_tb
from typing import Any

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.task import Future, Task

from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.process.log_throttle import LogThrottle

_PACKAGE = __name__.partition(".")[0]
_LONGEST_ERROR = 300  # characters; whoever sent the request may have a say in them

_Execute = Callable[[], Coroutine[None, None, None]]


class SturdyExecutor(SingleThreadedExecutor):
    """Runs callbacks in one thread; what one of them raises costs a line in the log, not the node.

    rclpy raises in callbacks of its own where a request or a message makes no sense, such as a
    parameter of a type that does not exist or a negative time on /clock, and its executors end with
    that. A line with a traceback tells of an error in this package, one without of the sender's.

    NodeError still ends the node, as do errors of the executor itself.
    """

    # rclpy's `__del__` wants it, also when a signal has ended the context and __init__ has failed.
    _sigint_gc = None

    def __init__(self, *, context: Context | None = None) -> None:
        super().__init__(context=context)
        self._throttle = LogThrottle()
        self._failures: Counter[Node] = Counter()

    def spin_until(self, future: Future[None]) -> None:
        """Works until the future is done, or raises ExternalShutdownException.

        `spin_until_future_complete` leaves a callback in the future for each that it has waited
        for: half a kilobyte an image, for as long as the node runs.
        """
        future.add_done_callback(lambda _: self.create_task(_nothing))  # so that spin_once returns
        while self.context.ok() and not future.done():
            self.spin_once()

    def failures(self, node: Node) -> int:
        """How many callbacks of the node have raised."""
        return self._failures[node]

    def _make_handler(
        self,
        entity: Any,  # noqa: ANN401
        node: Node,
        take_from_wait_list: Callable[[Any], _Execute | None],
    ) -> Task[None]:
        """As rclpy has it: take_from_wait_list takes the message, what it returns works on it."""

        def take(entity: Any) -> _Execute | None:  # noqa: ANN401
            try:
                execute = take_from_wait_list(entity)
            except Exception as error:
                # Raised from here, it would leave the callback group locked and the node deaf.
                self._report(entity, node, error)
                return None
            return None if execute is None else lambda: self._survive(execute, entity, node)

        return super()._make_handler(entity, node, take)

    async def _survive(self, execute: _Execute, entity: Any, node: Node) -> None:  # noqa: ANN401
        try:
            await execute()
        except NodeError:
            raise
        except Exception as error:
            self._report(entity, node, error)

    def _report(self, entity: Any, node: Node, error: Exception) -> None:  # noqa: ANN401
        if not self.context.ok():
            return  # shut down in the middle of it
        self._failures[node] += 1
        # The error is no part of what is throttled: a sender could vary it without end.
        if text := self._throttle(f"{_source(entity)} failed with {type(error).__name__}"):
            details = "".join(format_exception(error)) if _is_ours(error) else ""
            node.get_logger().error(f"{text}: {str(error)[:_LONGEST_ERROR]!r}\n{details}".rstrip())


def _nothing() -> None:
    pass


def _source(entity: Any) -> str:  # noqa: ANN401
    """What the callback was called for."""
    if name := getattr(entity, "srv_name", None):
        return f"A request to '{name}'"
    if name := getattr(entity, "topic", None):
        return f"A message on '{name}'"
    return f"A callback of a {type(entity).__name__}"


def _is_ours(error: Exception) -> bool:
    """Whether code of this package has a part in it, other than this module."""
    modules = (str(frame.f_globals.get("__name__")) for frame, _ in walk_tb(error.__traceback__))
    return any(name.partition(".")[0] == _PACKAGE and name != __name__ for name in modules)
