"""Requests and messages that make no sense cost a line in the log, and no node."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from builtin_interfaces.msg import Time
from conftest import ROOT, Peer, StartNode
from conversation import READY, Conversation, Diagnostics, Lifecycle, Parameters, Pixels, values
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableTransitions
from node_process import NodeProcess
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image

ODD_NAMES = ["", ".", "a..b", "x" * 100_000, "\0", "\U0001f600", "../../etc", "%s%n", "a\nb", "[x]"]


class Requests(Parameters):
    """Requests to a node that it may not answer."""

    def send(self, kind: Any, service: str, request: Any) -> None:  # noqa: ANN401
        self._client(kind, service).call_async(request)

    def set_nonsense(self) -> None:
        """Sets parameters of a type that does not exist."""
        bad = Parameter(name="rate", value=ParameterValue(type=200))
        self.send(SetParameters, "set_parameters", SetParameters.Request(parameters=[bad]))
        self.send(
            SetParametersAtomically,
            "set_parameters_atomically",
            SetParametersAtomically.Request(parameters=[bad]),
        )

    def is_answered(self) -> bool:
        """Whether the node goes on answering; fails otherwise."""
        request = ListParameters.Request()
        return bool(self._call(ListParameters, "list_parameters", request).result.names)


def test_a_parameter_of_no_type_costs_one_line(
    node: NodeProcess, conversation: Conversation, peer: Peer, face_image: Pixels
) -> None:
    requests, diagnostics = Requests(peer), Diagnostics(peer)
    for _ in range(20):
        requests.set_nonsense()
        assert requests.is_answered()
    node.wait_for_log("A request to 'emotion_node/set_parameters' failed with ValueError")
    node.wait_for_log("A request to 'emotion_node/set_parameters_atomically' failed with")
    assert conversation.ask(conversation.message(face_image)).faces
    diagnostics.wait_for(lambda status: values(status)["failed callbacks"] == "40")
    assert len([line for line in node.log.splitlines() if "failed with" in line]) <= 8
    assert "Traceback" not in node.log
    assert node.stop() == 0


def test_every_service_outlives_nonsense(
    node: NodeProcess, conversation: Conversation, peer: Peer, face_image: Pixels
) -> None:
    requests, lifecycle = Requests(peer), Lifecycle(peer)
    for type_number in (0, 1, 3, 10, 200, 255):
        for value in (float("nan"), float("inf"), 1e308):
            bad = [
                Parameter(name=name, value=ParameterValue(type=type_number, double_value=value))
                for name in (*ODD_NAMES[:3], "max_rate", "use_sim_time", "threads")
            ]
            request = SetParameters.Request(parameters=bad)
            requests.send(SetParameters, "set_parameters", request)
    names = ODD_NAMES + ["max_rate"] * 10_000
    prefixes = ListParameters.Request(prefixes=ODD_NAMES, depth=2**63)
    requests.send(GetParameters, "get_parameters", GetParameters.Request(names=names))
    requests.send(GetParameterTypes, "get_parameter_types", GetParameterTypes.Request(names=names))
    requests.send(
        DescribeParameters, "describe_parameters", DescribeParameters.Request(names=names)
    )
    requests.send(ListParameters, "list_parameters", prefixes)
    for number in set(range(256)) - set(range(1, 8)):
        request = ChangeState.Request(transition=Transition(id=number))
        requests.send(ChangeState, "change_state", request)
    for label in ODD_NAMES:
        request = ChangeState.Request(transition=Transition(id=1, label=label))
        if label:
            requests.send(ChangeState, "change_state", request)
    for service in ("get_available_transitions", "get_transition_graph"):
        requests.send(GetAvailableTransitions, service, GetAvailableTransitions.Request())
    assert requests.is_answered()
    assert lifecycle.state == "active"
    assert conversation.ask(conversation.message(face_image)).faces
    assert node.stop() == 0


def test_a_clock_that_goes_wrong_ends_nothing(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("emotion_node", use_sim_time=True)
    node.wait_for_log(READY)
    conversation, clock = Conversation(peer), peer.publisher(Clock, "/clock")
    peer.wait_for_subscriber(clock)

    def complained() -> bool:
        clock.publish(Clock(clock=Time(sec=-1)))  # best effort, so the first may be lost
        return "A message on '/clock' failed with ValueError" in node.log

    peer.wait_until(complained, "a line in the log")
    times = [(-(2**31), 2**32 - 1), (2**31 - 1, 2**32 - 1), (0, 10**9), (0, 0), (5, 0)]
    for sec, nanosec in times:
        clock.publish(Clock(clock=Time(sec=sec, nanosec=nanosec)))
        assert conversation.ask(conversation.message(face_image)).faces
    assert "Traceback" not in node.log
    assert node.stop() == 0


def test_stamps_and_names_of_any_kind_are_answered(
    conversation: Conversation, face_image: Pixels
) -> None:
    stamps = [(-1, 0), (-(2**31), 2**32 - 1), (2**31 - 1, 2**32 - 1), (7, 2**32 - 1), (-5, 7)]
    for (sec, nanosec), frame_id in zip(stamps, ODD_NAMES[-5:], strict=True):
        message = conversation.message(face_image, frame_id)
        message.header.stamp = Time(sec=sec, nanosec=nanosec)
        answer = conversation.ask(message)
        assert answer.header == message.header
        assert answer.faces
        assert answer.latency.sec >= 0


def test_bytes_that_are_no_message_are_lost_and_nothing_else(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("emotion_node", use_sim_time=True)
    node.wait_for_log(READY)
    conversation, clock = Conversation(peer), peer.publisher(Clock, "/clock")
    images = peer.publisher(Image, "image_raw", QoSProfile(depth=100))
    peer.wait_for_subscriber(images)
    peer.wait_for_subscriber(clock)
    noise = random.Random(1)
    valid = serialize_message(conversation.message(face_image))
    for _ in range(200):
        images.publish(noise.randbytes(noise.randrange(64)))
        clock.publish(noise.choice((b"", b"\0\1\0\0")) + noise.randbytes(noise.randrange(9)))
        damaged = bytearray(valid[: noise.randrange(4, 200)])
        damaged[noise.randrange(len(damaged))] = noise.randrange(256)
        images.publish(bytes(damaged))
    assert conversation.ask(conversation.message(face_image)).faces
    assert Requests(peer).is_answered()
    assert node.stop() == 0


@pytest.mark.parametrize("name", ["video_source", "multi_camera_node", "hri_bridge", "greeter"])
def test_every_node_outlives_a_parameter_of_no_type(
    start_node: StartNode, peer: Peer, interfaces: Callable[[str], None], name: str
) -> None:
    if name == "hri_bridge":
        interfaces("hri_msgs")
    parameters = {"multi_camera_node": {"cameras": "[left]"}}.get(name, {})
    script = str(ROOT / "examples" / "greeter.py")
    node = start_node(script if name == "greeter" else name, **parameters)
    nodes = ["left/emotion_node"] if name == "multi_camera_node" else []
    for one in (name, *nodes):
        requests = Requests(peer, one)
        requests.set_nonsense()
        assert requests.is_answered()
    node.wait_for_log("failed with ValueError")
    time.sleep(0.1)
    assert node.process.poll() is None
