"""What tests say to emotion_node and hear from it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from conftest import TIMEOUT, Peer
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from numpy.typing import NDArray
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.parameter import Parameter
from rclpy.time import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.messages.images import encode_message

Pixels = NDArray[np.uint8]
READY = "Ready: "
REPEAT_AFTER = 5.0  # seconds until an unanswered request is sent again


class Conversation:
    """Sends images to a node and waits for its answers."""

    def __init__(
        self, peer: Peer, qos: object = 10, namespace: str = "", node: str | None = None
    ) -> None:
        """namespace: of the topics, and of the node where none is given."""
        self._peer = peer
        self._node = node or f"{namespace}/emotion_node"
        self.answers = peer.subscribe(FaceEmotionArray, f"{namespace}/emotions")
        self._publisher = peer.publisher(Image, f"{namespace}/image_raw", qos)
        peer.wait_for_publisher(f"{namespace}/emotions")
        self.wait_for_subscriber()

    def wait_for_subscriber(self) -> None:
        """Waits until the images are heard, and their answers."""
        self._peer.wait_for_subscriber(self._publisher)
        wait_until_known(self._peer, self._node)

    def wait_for_no_subscriber(self) -> None:
        """Waits until a node that has been deactivated is not taken for one that listens."""
        self._peer.wait_until(
            lambda: self._publisher.get_subscription_count() == 0, "the end of the subscription"
        )

    def restart(self, lifecycle: Lifecycle, *changes: str) -> None:
        """Deactivates the node, makes the changes, and waits until it listens again."""
        assert lifecycle.change("deactivate")
        self.wait_for_no_subscriber()
        for change in changes:
            assert lifecycle.change(change)
        self.wait_for_subscriber()

    def message(
        self, image: Pixels, frame_id: str = "camera", seconds: float | None = None
    ) -> Image:
        """An image as a camera sends it. seconds: its stamp, by default the time."""
        now = self._peer.node.get_clock().now()
        stamp = (Time(nanoseconds=round(seconds * 1e9)) if seconds is not None else now).to_msg()
        return encode_message(image, "bgr8", Header(stamp=stamp, frame_id=frame_id))

    def send(self, message: Image) -> None:
        self._publisher.publish(message)

    def send_until(self, message: Image, happened: Callable[[], bool], what: str) -> None:
        """Sends an image again and again; of those that come at once, one alone may be seen."""

        def sent_and_happened() -> bool:
            self.send(message)
            return happened()

        self._peer.wait_until(sent_and_happened, what)

    def ask(self, message: Image) -> FaceEmotionArray:
        self.send(message)
        return self.answers.wait_for_stamp(message.header.stamp)


def age(answer: FaceEmotionArray) -> float:
    """Seconds from the stamp of the image to the answer."""
    return float(answer.latency.sec + answer.latency.nanosec / 1e9)


def counts(log: str) -> dict[str, int]:
    """The figures of the line that a node logs when it stops, named as on /diagnostics."""
    line = next(line for line in log.splitlines() if "Stopped: " in line)
    figures = re.findall(r"(\d+) (?:images )?(\w+(?: \(\w+\))?)", line.split("Stopped: ")[1])
    return {name: int(figure) for figure, name in figures}


class Services:
    """The services of a node."""

    def __init__(self, peer: Peer, node: str = "emotion_node") -> None:
        self._peer = peer
        self._node = node
        self._clients: dict[str, Any] = {}

    def _client(self, kind: Any, service: str) -> Any:  # noqa: ANN401
        if service not in self._clients:
            client = self._peer.node.create_client(kind, f"{self._node}/{service}")
            self._clients[service] = client
            assert client.wait_for_service(TIMEOUT)
        return self._clients[service]

    def _call(self, kind: Any, service: str, request: Any) -> Any:  # noqa: ANN401
        """For requests that may be repeated without harm."""
        client = self._client(kind, service)
        # A server that has not discovered this new client's reader yet answers into the void.
        started, futures = time.monotonic(), [client.call_async(request)]

        def answered() -> bool:
            if time.monotonic() - started > REPEAT_AFTER * len(futures):
                futures.append(client.call_async(request))
            return any(future.done() for future in futures)

        self._peer.wait_until(answered, f"an answer of {service}")
        return next(future.result() for future in futures if future.done())


def wait_until_known(peer: Peer, node: str) -> None:
    """Waits until a node has discovered all publishers and subscriptions that a peer has by now.

    What is sent before that may never arrive, whatever the peer has discovered. A node hears of
    them in their order, so when it answers a client that is made now, it knows of all before.
    """
    Parameters(peer, node).describe()


class Parameters(Services):
    """The parameter services of a node."""

    def get(self, name: str) -> float:
        request = GetParameters.Request(names=[name])
        return float(self._call(GetParameters, "get_parameters", request).values[0].double_value)

    def set(self, name: str, value: object) -> Any:  # noqa: ANN401
        return self._call(SetParameters, "set_parameters", _setting(name, value)).results[0]

    def begin_to_set(self, name: str, value: object) -> Callable[[], Any]:
        """Asks without waiting for the answer; what is returned waits for it."""
        client = self._client(SetParameters, "set_parameters")
        future = client.call_async(_setting(name, value))

        def result() -> Any:  # noqa: ANN401
            self._peer.wait_until(future.done, f"an answer about {name}")
            return future.result().results[0]

        return result

    def set_together(self, **values: object) -> Any:  # noqa: ANN401
        """Sets several at once; `__` in a name stands for a dot."""
        parameters = [
            Parameter(name.replace("__", "."), value=value).to_parameter_msg()
            for name, value in values.items()
        ]
        request = SetParametersAtomically.Request(parameters=parameters)
        return self._call(SetParametersAtomically, "set_parameters_atomically", request).result

    def describe(self, *names: str) -> Any:  # noqa: ANN401
        request = DescribeParameters.Request(names=list(names))
        return self._call(DescribeParameters, "describe_parameters", request).descriptors


def _setting(name: str, value: object) -> Any:  # noqa: ANN401
    parameter = Parameter(name, value=value).to_parameter_msg()
    return SetParameters.Request(parameters=[parameter])


class Lifecycle(Services):
    """The lifecycle of a node."""

    def __init__(self, peer: Peer, node: str = "emotion_node") -> None:
        super().__init__(peer, node)
        self._change = self._client(ChangeState, "change_state")

    @property
    def state(self) -> str:
        return str(self._call(GetState, "get_state", GetState.Request()).current_state.label)

    def change(self, transition: str) -> bool:
        """transition: configure, activate, ...; whether it succeeded."""
        # Whoever answers this, which is repeated if need be, has discovered the client made before.
        assert self.state
        request = ChangeState.Request(transition=Transition(label=transition))
        future = self._change.call_async(request)
        self._peer.wait_until(future.done, f"the end of {transition}")
        return bool(future.result().success)


class Diagnostics:
    """What emotion_node says of its health."""

    def __init__(self, peer: Peer) -> None:
        self._messages = peer.subscribe(DiagnosticArray, "/diagnostics")
        wait_until_known(peer, "emotion_node")

    def wait_for(self, wanted: Callable[[DiagnosticStatus], bool]) -> DiagnosticStatus:
        """The first status that is wanted, of those that come from now on."""
        return self.wait_for_message(lambda message: wanted(message.status[0])).status[0]

    def wait_for_message(self, wanted: Callable[[DiagnosticArray], bool]) -> DiagnosticArray:
        """The same with its header."""
        self._messages.all.clear()
        return self._messages.wait_for(wanted)

    def count(self, key: str) -> int:
        """A counter of the newest status; 0 before the first."""
        messages = self._messages.all
        return int(values(messages[-1].status[0])[key]) if messages else 0


def values(status: DiagnosticStatus) -> dict[str, str]:
    return {item.key: item.value for item in status.values}
