"""The parameters of emotion_node: described, ranged, and changed together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Conversation, Parameters, Pixels
from node_process import TIMEOUT, NodeProcess
from rclpy.parameter_client import AsyncParameterClient

from emotion_recognition.ros.emotion_node.parameters import PARAMETER_NAMES
from emotion_recognition.ros.parameters.settings import SETTINGS
from emotion_recognition.ros.parameters.unknown_parameters import OF_RCLPY

CONFIG = Path(__file__).resolve().parents[2] / "config"
AT_START = (
    "detector",
    "classifier",
    "backend",
    "threads",
    "input_width",
    "image_transport",
    "reliability",
    "max_megapixels",
    "autostart",
    "publish_annotated_image",
)


@pytest.fixture
def parameters(node: NodeProcess, peer: Peer) -> Parameters:
    return Parameters(peer)


def test_every_parameter_is_described_and_has_its_range(parameters: Parameters) -> None:
    descriptors = {item.name: item for item in parameters.describe(*AT_START, *SETTINGS)}
    assert all(len(descriptor.description) > 10 for descriptor in descriptors.values())
    assert {name for name, item in descriptors.items() if item.read_only} == set(AT_START)
    for name, setting in SETTINGS.items():
        (given,) = descriptors[name].floating_point_range or descriptors[name].integer_range
        assert (given.from_value, given.to_value) == (setting.minimum, setting.maximum)
    (width,) = descriptors["input_width"].integer_range
    assert (width.from_value, width.to_value, width.step) == (0, 640, 32)


def test_other_nodes_know_all_parameters_by_name(node: NodeProcess, peer: Peer) -> None:
    client = AsyncParameterClient(peer.node, "emotion_node")
    assert client.wait_for_services(TIMEOUT)
    future = client.list_parameters()
    peer.wait_until(future.done, "an answer")
    own = {name for name in future.result().result.names if not name.startswith(OF_RCLPY)}
    assert own == PARAMETER_NAMES == {*AT_START, *SETTINGS}


def test_a_shipped_file_can_be_loaded_into_a_running_node(
    start_node: StartNode, peer: Peer
) -> None:
    start_node("emotion_node", ros_args=["-r", "__ns:=/robot"]).wait_for_log(READY)
    client = AsyncParameterClient(peer.node, "/robot/emotion_node")
    assert client.wait_for_services(TIMEOUT)
    future = client.load_parameter_file(str(CONFIG / "pi3.yaml"), use_wildcard=True)
    peer.wait_until(future.done, "an answer")
    assert [result.successful for result in future.result().results] == [True] * 2
    assert Parameters(peer, "/robot/emotion_node").get("max_rate") == 10.0


def test_what_is_read_at_the_start_says_that_it_cannot_change(parameters: Parameters) -> None:
    for name, value in (
        ("backend", "opencv"),
        ("threads", 2),
        ("input_width", 640),
        ("autostart", False),
    ):
        result = parameters.set(name, value)
        assert not result.successful
        assert "read-only" in result.reason
        assert name in result.reason
    (descriptor,) = parameters.describe("backend")
    assert "start the node anew" in descriptor.additional_constraints


def test_whole_numbers_are_taken_where_a_point_is_meant(start_node: StartNode, peer: Peer) -> None:
    node = start_node("emotion_node", max_rate=5, max_megapixels=8)
    node.wait_for_log(READY)
    parameters = Parameters(peer)
    assert parameters.get("max_rate") == 5.0
    assert parameters.get("max_megapixels") == 8.0
    assert parameters.set("max_rate", 7).successful
    assert parameters.get("max_rate") == 7.0
    assert parameters.set_together(max_rate=6, smoothing__time_constant=1).successful
    assert parameters.get("smoothing.time_constant") == 1.0
    assert not parameters.set("score_threshold", 2).successful
    assert not parameters.set("tracking.birth_hits", 2.0).successful, "a count has no point"


def test_several_change_together_or_not_at_all(parameters: Parameters) -> None:
    before = parameters.get("score_threshold")
    result = parameters.set_together(score_threshold=0.9, smoothing__switch_margin=float("nan"))
    assert not result.successful
    assert "smoothing.switch_margin" in result.reason
    assert "nan" in result.reason
    assert parameters.get("score_threshold") == before

    assert parameters.set_together(score_threshold=0.9, smoothing__switch_margin=0.2).successful
    assert parameters.get("score_threshold") == 0.9
    assert parameters.get("smoothing.switch_margin") == 0.2


def test_emotions_below_the_reject_threshold_are_unknown(
    parameters: Parameters, conversation: Conversation, face_image: Pixels
) -> None:
    assert parameters.get("reject_threshold") < 1
    known = conversation.ask(conversation.message(face_image)).faces[0]
    assert parameters.set_together(reject_threshold=1.0, smoothing__reject_margin=0.0).successful
    unknown = conversation.ask(conversation.message(face_image)).faces[0]
    assert (unknown.emotion, unknown.label, unknown.confidence) == (unknown.UNKNOWN, "unknown", 0.0)
    assert list(unknown.probabilities) == pytest.approx(list(known.probabilities), abs=0.01)
    assert parameters.set("reject_threshold", 0.0).successful
    assert conversation.ask(conversation.message(face_image)).faces[0].label == known.label


def test_tracking_follows_its_parameters(
    parameters: Parameters, conversation: Conversation, face_image: Pixels
) -> None:
    def track_id() -> int:
        answer = conversation.ask(conversation.message(face_image))
        return int(answer.faces[0].track_id)

    assert parameters.set("tracking.birth_hits", 1).successful
    first = track_id()
    assert first > 0
    assert track_id() == first
