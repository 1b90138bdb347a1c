"""What a callback raises ends no node, unless it is meant to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Timer
from time import monotonic
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

import rclpy
from rclpy.node import Node
from rclpy.task import Future
from rclpy.waitable import NumberOfEntities, Waitable

from emotion_recognition.ros.diagnostics.name_watch import NameWatch
from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.process.executor import SturdyExecutor


@pytest.fixture
def node() -> Iterator[Node]:
    rclpy.init()
    node = rclpy.create_node("some_node")
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


@pytest.fixture
def executor(node: Node) -> Iterator[SturdyExecutor]:
    executor = SturdyExecutor()
    executor.add_node(node)
    yield executor
    executor.shutdown()


def spin(executor: SturdyExecutor) -> None:
    for _ in range(30):
        executor.spin_once(timeout_sec=0.05)


class Untakeable(Waitable):  # type: ignore[misc]
    """Always ready, and raises when its data are taken, which rclpy itself never does in tests."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.default_callback_group)
        self._guard = node.create_guard_condition(lambda: None)
        self.taken = 0

    def is_ready(self, wait_set: Any) -> bool:  # noqa: ANN401
        return True

    def take_data(self) -> None:
        self.taken += 1
        raise RuntimeError("cannot be taken")

    async def execute(self, taken_data: None) -> None:
        raise AssertionError

    def get_num_entities(self) -> NumberOfEntities:
        return NumberOfEntities()

    def add_to_wait_set(self, wait_set: Any) -> None:  # noqa: ANN401
        pass

    def __enter__(self) -> None:
        pass

    def __exit__(self, *details: object) -> None:
        pass


def test_a_callback_that_raises_is_called_again_and_told_once(
    node: Node, executor: SturdyExecutor, capfd: pytest.CaptureFixture[str]
) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise KeyError("some\nthing")

    node.create_timer(0.001, fail)
    spin(executor)
    assert len(calls) >= 10
    assert executor.failures(node) == len(calls)
    (line,) = capfd.readouterr().err.splitlines()
    assert "[ERROR]" in line
    assert line.endswith("A callback of a Timer failed with KeyError: \"'some\\\\nthing'\"")


def test_an_error_of_this_package_is_told_with_its_traceback(
    node: Node, executor: SturdyExecutor, capfd: pytest.CaptureFixture[str]
) -> None:
    watch = NameWatch(node)
    del watch._node
    node.create_timer(0.001, watch.look)
    spin(executor)
    errors = capfd.readouterr().err
    assert errors.count("Traceback") == 1
    assert "name_watch.py" in errors


def test_what_cannot_be_taken_does_not_lock_the_others_out(
    node: Node, executor: SturdyExecutor
) -> None:
    calls: list[int] = []
    waitable = Untakeable(node)
    node.add_waitable(waitable)
    node.create_timer(0.001, lambda: calls.append(1))
    end = monotonic() + 20
    while min(waitable.taken, len(calls)) < 10 and monotonic() < end:
        executor.spin_once(timeout_sec=0.05)
    assert waitable.taken >= 10
    assert len(calls) >= 10


def test_an_error_that_is_meant_to_end_the_node_ends_it(
    node: Node, executor: SturdyExecutor
) -> None:
    def give_up() -> None:
        raise NodeError("no use")

    node.create_timer(0.001, give_up)
    with pytest.raises(NodeError, match="no use"):
        spin(executor)


class CountingFuture(Future):  # type: ignore[misc, type-arg]
    """Counts the callbacks that it has to keep."""

    def __init__(self) -> None:
        super().__init__()
        self.callbacks = 0

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self.callbacks += 1
        super().add_done_callback(callback)


def test_what_is_waited_for_does_not_grow_with_the_work(
    node: Node, executor: SturdyExecutor
) -> None:
    future = CountingFuture()
    calls = 0

    def work() -> None:
        nonlocal calls
        calls += 1
        if calls == 30:
            future.set_result(None)

    node.create_timer(0.001, work)
    executor.spin_until(future)
    assert calls == 30
    assert future.callbacks == 1


def test_a_future_that_another_thread_completes_ends_the_spinning(executor: SturdyExecutor) -> None:
    future: Future = Future()  # type: ignore[type-arg]
    Timer(0.3, future.set_result, [None]).start()
    executor.spin_until(future)
    assert future.done()
