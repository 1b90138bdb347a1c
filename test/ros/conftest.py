"""A node of the test's own, and real nodes in other processes to talk to."""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from node_process import TIMEOUT, NodeProcess
from numpy.typing import NDArray

from emotion_recognition.core.images.sources import SourceError, open_source

if TYPE_CHECKING:
    from conversation import Conversation

ROOT = Path(__file__).resolve().parents[2]

StartNode = Callable[..., NodeProcess]


@pytest.fixture(scope="session", autouse=True)
def isolated_ros() -> None:
    """A domain for this run, this machine only, with a transport that carries whole images."""
    os.environ["ROS_DOMAIN_ID"] = str(random.SystemRandom().randint(1, 100))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    jazzy = os.environ.get("ROS_DISTRO") == "jazzy"
    variable = f"{'FASTRTPS' if jazzy else 'FASTDDS'}_DEFAULT_PROFILES_FILE"
    os.environ.setdefault(variable, str(ROOT / "config" / "fastdds.xml"))


class Messages:
    """The messages of one topic so far, in order."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self.subscription: Any = None
        self._arrived = threading.Condition()

    def add(self, message: Any) -> None:  # noqa: ANN401 - of any type
        with self._arrived:
            self.all.append(message)
            self._arrived.notify_all()

    def wait_for(self, wanted: Callable[[Any], bool], timeout: float = TIMEOUT) -> Any:  # noqa: ANN401
        """The first message that is wanted, whether it has arrived already or not."""
        with self._arrived:
            found: list[Any] = []

            def arrived() -> bool:
                found[:] = [message for message in self.all if wanted(message)][:1]
                return bool(found)

            assert self._arrived.wait_for(arrived, timeout), f"not among {len(self.all)} messages"
            return found[0]

    def wait_for_stamp(self, stamp: Any) -> Any:  # noqa: ANN401
        """The message with this stamp in its header."""
        return self.wait_for(lambda message: message.header.stamp == stamp)


class Peer:
    """A node of the test's, spun in the background."""

    def __init__(self) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor

        self._context = rclpy.Context()
        self._context.init()
        self.node = rclpy.create_node("test_peer", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def _spin(self) -> None:
        while not self._closing.is_set():
            self._executor.spin_once(timeout_sec=0.1)

    def subscribe(self, message_type: type, topic: str, qos: object = 1000) -> Messages:
        messages = Messages()
        messages.subscription = self.node.create_subscription(
            message_type, topic, messages.add, qos
        )
        return messages

    def unsubscribe(self, messages: Messages) -> None:
        self.node.destroy_subscription(messages.subscription)

    def publisher(self, message_type: type, topic: str, qos: object = 10) -> Any:  # noqa: ANN401
        return self.node.create_publisher(message_type, topic, qos)

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for something that the graph of nodes tells no event for."""
        for _ in range(round(TIMEOUT / 0.02)):
            if condition():
                return
            threading.Event().wait(0.02)
        raise AssertionError(f"timed out waiting for {what}")

    def wait_for_subscriber(self, publisher: Any) -> None:  # noqa: ANN401
        self.wait_until(lambda: publisher.get_subscription_count() > 0, "a subscriber")

    def wait_for_publisher(self, topic: str) -> None:
        self.wait_until(lambda: self.node.count_publishers(topic) > 0, f"a publisher of {topic}")

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.shutdown()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[StartNode]:
    """Starts a node of the package, or a script beside the tests; options: as NodeProcess."""
    started: list[NodeProcess] = []

    def start(name: str, **options: Any) -> NodeProcess:  # noqa: ANN401
        script = Path(__file__).parent / name
        command = [str(script)] if script.exists() else ["-m", f"emotion_recognition.ros.{name}"]
        process = NodeProcess(command, tmp_path / f"{len(started)}.log", **options)
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            sys.stdout.write(process.log)  # pytest shows it where a test fails


@pytest.fixture(scope="session")
def face_image() -> NDArray[np.uint8]:
    """A photograph with one face, uint8 (240, 320, 3) BGR."""
    try:
        photograph = next(iter(open_source("astronaut", width=320, height=240)))
    except SourceError as error:
        pytest.skip(str(error))
    return photograph


@pytest.fixture(scope="session")
def empty_image() -> NDArray[np.uint8]:
    """A soft gradient without a face, uint8 (240, 320, 3) BGR."""
    ramp = np.linspace(60, 200, 320, dtype=np.uint8)
    return cv2.cvtColor(np.tile(ramp, (240, 1)), cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]


@pytest.fixture
def node(start_node: StartNode) -> NodeProcess:
    """emotion_node with its defaults, active."""
    process = start_node("emotion_node")
    process.wait_for_log("Ready: ")
    return process


@pytest.fixture
def conversation(node: NodeProcess, peer: Peer) -> Conversation:
    from conversation import Conversation

    return Conversation(peer)


@pytest.fixture(scope="session")
def interfaces(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Makes the messages of a package available that may not be installed."""
    from interface_packages import provide

    cache = request.config.cache
    assert cache
    return lambda package: provide(package, cache.mkdir("interfaces"))
