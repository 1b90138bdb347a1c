"""Names that are given twice, and names that nobody knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Conversation, Diagnostics, Pixels
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import NodeProcess

WARNING = "nodes are named"
UNKNOWN = "Parameters that this node does not have: "


def test_two_nodes_of_one_name_both_say_so_once(
    start_node: StartNode, peer: Peer, empty_image: Pixels
) -> None:
    first = start_node("emotion_node", stall_timeout=60.0)
    first.wait_for_log(READY)
    conversation, diagnostics = Conversation(peer), Diagnostics(peer)
    conversation.ask(conversation.message(empty_image))
    diagnostics.wait_for(lambda status: status.level == DiagnosticStatus.OK)
    second = start_node("emotion_node", stall_timeout=60.0)
    for node in (first, second):
        node.wait_for_log("2 nodes are named '/emotion_node', and all of them answer")
    diagnostics.wait_for(lambda status: status.message == "1 other nodes of the same name")
    time.sleep(2.5)  # more looks
    assert first.log.count(WARNING) == second.log.count(WARNING) == 1
    assert second.stop() == 0
    diagnostics.wait_for(lambda status: status.level == DiagnosticStatus.OK)


def test_nodes_of_one_name_in_different_namespaces_are_different(
    start_node: StartNode,
) -> None:
    left, right = (
        start_node("video_source", ros_args=["-r", f"__ns:=/{side}"], width=64)
        for side in ("left", "right")
    )
    twin = start_node("video_source", ros_args=["-r", "__ns:=/left"], width=64)
    left.wait_for_log("2 nodes are named '/left/video_source'")
    twin.wait_for_log("2 nodes are named '/left/video_source'")
    time.sleep(2)  # more looks
    assert WARNING not in right.log


def started(node: NodeProcess, ready: str) -> str:
    node.wait_for_log(ready)
    return node.log


def test_a_misspelt_key_of_a_parameter_file_is_told_with_the_likely_one(
    start_node: StartNode, tmp_path: Path
) -> None:
    file = tmp_path / "robot.yaml"
    file.write_text(
        "emotion_node:\n  ros__parameters:\n    max_rat: 5.0\n    use_sim_time: false\n"
        "    tracking: {birth_hit: 2, death_misses: 5}\n"
        "    qos_overrides: {/parameter_events: {publisher: {depth: 5}}}\n"
        "another_node:\n  ros__parameters:\n    zoom: 2\n"
    )
    log = started(start_node("emotion_node", ros_args=["--params-file", str(file)]), READY)
    (line,) = [line for line in log.splitlines() if UNKNOWN in line]
    assert "[WARN]" in line
    assert line.endswith(
        "'max_rat' (did you mean 'max_rate'?), "
        "'tracking.birth_hit' (did you mean 'tracking.birth_hits'?)"
    )


@pytest.mark.parametrize(
    ("name", "ready", "given", "likely"),
    [
        ("video_source", "Publishing ", "sorce", "source"),
        ("hri_bridge", "Publishing ", "gone_aftr", "gone_after"),
    ],
)
def test_other_nodes_tell_of_misspelt_parameters_too(
    start_node: StartNode,
    interfaces: Callable[[str], None],
    name: str,
    ready: str,
    given: str,
    likely: str,
) -> None:
    if name == "hri_bridge":
        interfaces("hri_msgs")
    log = started(start_node(name, **{given: 1}), ready)
    assert f"{UNKNOWN}'{given}' (did you mean '{likely}'?)" in log
    assert UNKNOWN not in started(start_node(name), ready)


def test_parameters_for_several_cameras_are_known_to_all_nodes_of_the_process(
    start_node: StartNode,
) -> None:
    node = start_node("multi_camera_node", cameras="[left, right]", max_rate=5.0, bckend="opencv")
    node.wait_for_log("'/right/emotions'")
    lines = [line for line in node.log.splitlines() if UNKNOWN in line]
    assert len(lines) == 3
    assert all(line.endswith(f"{UNKNOWN}'bckend' (did you mean 'backend'?)") for line in lines)


@pytest.mark.parametrize(
    ("name", "ready"), [("video_source", "Publishing "), ("web_view", "The page is at ")]
)
def test_parameters_of_emotion_node_in_a_file_for_all_nodes_are_no_mistake(
    start_node: StartNode, name: str, ready: str
) -> None:
    if name == "web_view":
        pytest.importorskip("aiohttp", reason="web_view needs aiohttp")
    file = Path(__file__).resolve().parents[2] / "config" / "emotion_node.yaml"
    node = start_node(name, ros_args=["--params-file", str(file)], port=0, chanel=1)
    log = started(node, ready)
    assert f"{UNKNOWN}'chanel'" in log
    assert "max_rate" not in log
