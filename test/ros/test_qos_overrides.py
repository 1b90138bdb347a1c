"""The quality of service of every topic is a parameter, as elsewhere in ROS 2."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Conversation, Lifecycle, Parameters, Pixels
from node_process import NodeProcess
from rcl_interfaces.srv import ListParameters
from rclpy.qos import QoSProfile, ReliabilityPolicy

from emotion_recognition.msg import FaceEmotionArray

BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)


class Names(Parameters):
    """The names of a node's parameters."""

    def topics(self) -> set[tuple[str, str]]:
        """Whose quality of service can be set, each with `publisher` or `subscription`."""
        request = ListParameters.Request(prefixes=["qos_overrides"])
        names = self._call(ListParameters, "list_parameters", request).result.names
        parts = [name.removeprefix("qos_overrides.").rsplit(".", 2) for name in names]
        return {(topic, kind) for topic, kind, _ in parts}


def offered(peer: Peer, topic: str) -> ReliabilityPolicy:
    peer.wait_for_publisher(topic)
    (endpoint,) = peer.node.get_publishers_info_by_topic(topic)
    return endpoint.qos_profile.reliability


@pytest.fixture
def node(start_node: StartNode, tmp_path: Path) -> NodeProcess:
    """emotion_node whose answers are sent with best effort."""
    file = tmp_path / "qos.yaml"
    file.write_text(
        "emotion_node:\n  ros__parameters:\n    qos_overrides:\n"
        "      /emotions: {publisher: {reliability: best_effort}}\n"
        "      /image_raw: {subscription: {depth: 2}}\n"
    )
    process = start_node(
        "emotion_node", publish_annotated_image=True, ros_args=["--params-file", str(file)]
    )
    process.wait_for_log(READY)
    return process


def test_emotions_are_sent_as_the_parameters_say_also_when_configured_anew(
    node: NodeProcess, peer: Peer, face_image: Pixels
) -> None:
    conversation = Conversation(peer)
    assert offered(peer, "/emotions") == ReliabilityPolicy.BEST_EFFORT
    lifecycle = Lifecycle(peer)
    for transition in ("deactivate", "cleanup", "configure", "activate"):
        assert lifecycle.change(transition)
    assert offered(peer, "/emotions") == ReliabilityPolicy.BEST_EFFORT
    answers = peer.subscribe(FaceEmotionArray, "emotions", BEST_EFFORT)
    message = conversation.message(face_image)
    conversation.send_until(message, lambda: bool(answers.all), "an answer")


def test_every_topic_of_emotion_node_has_such_parameters(node: NodeProcess, peer: Peer) -> None:
    assert Names(peer).topics() >= {
        ("/emotions", "publisher"),
        ("/diagnostics", "publisher"),
        ("/annotated_image", "publisher"),
        ("/annotated_image/compressed", "publisher"),
        ("/image_raw", "subscription"),
    }


def test_every_topic_of_video_source_has_such_parameters(start_node: StartNode, peer: Peer) -> None:
    parameter = "qos_overrides./image_raw.publisher.reliability:=best_effort"
    start_node("video_source", ros_args=["-p", parameter])
    assert offered(peer, "/image_raw") == ReliabilityPolicy.BEST_EFFORT
    assert offered(peer, "/image_raw/compressed") == ReliabilityPolicy.RELIABLE
    assert Names(peer, "video_source").topics() >= {
        ("/image_raw", "publisher"),
        ("/image_raw/compressed", "publisher"),
    }


def test_a_quality_of_service_that_does_not_exist_ends_the_node(start_node: StartNode) -> None:
    parameter = "qos_overrides./emotions.publisher.reliability:=sometimes"
    node = start_node("emotion_node", ros_args=["-p", parameter])
    assert node.wait() == 1
    (line,) = [line for line in node.log.splitlines() if "[FATAL]" in line]
    assert f"{parameter.split(':=')[0]}' is 'sometimes'; expected one of: " in line
    assert "best_effort" in line
