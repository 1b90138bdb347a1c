"""Several cameras in one process."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Conversation, Lifecycle, Pixels, counts
from node_process import NodeProcess

CAMERAS = ("left", "right")


def wait_until_ready(node: NodeProcess, *namespaces: str) -> None:
    for namespace in namespaces:
        node.wait_for_log(f"answers to '{namespace}/emotions'")


@pytest.fixture
def node(start_node: StartNode) -> NodeProcess:
    process = start_node("multi_camera_node", cameras="[left, right]")
    wait_until_ready(process, "/left", "/right")
    return process


def test_every_camera_gets_its_own_answers(
    node: NodeProcess, peer: Peer, face_image: Pixels, empty_image: Pixels
) -> None:
    left, right = (Conversation(peer, namespace=f"/{camera}") for camera in CAMERAS)
    for _ in range(4):
        with_face = left.message(face_image, frame_id="left_optical_frame")
        without = right.message(empty_image, frame_id="right_optical_frame")
        right.send(without)
        answer = left.ask(with_face)
        assert answer.header == with_face.header
        assert answer.faces
        assert not right.answers.wait_for_stamp(without.header.stamp).faces
    assert answer.faces[0].track_id > 0
    assert {str(a.header.frame_id) for a in left.answers.all} == {"left_optical_frame"}
    assert {str(a.header.frame_id) for a in right.answers.all} == {"right_optical_frame"}


def test_one_camera_can_rest_while_the_other_goes_on(
    node: NodeProcess, peer: Peer, face_image: Pixels
) -> None:
    right = Conversation(peer, namespace="/right")
    resting = Conversation(peer, namespace="/left")
    left = Lifecycle(peer, "/left/emotion_node")
    assert left.change("deactivate")
    resting.wait_for_no_subscriber()
    assert left.change("cleanup")
    assert left.state == "unconfigured"
    assert right.ask(right.message(face_image)).faces
    assert left.change("configure")
    assert left.change("activate")
    resting.wait_for_subscriber()
    assert resting.ask(resting.message(face_image)).faces


def test_names_parameters_and_namespace_are_those_of_nodes_in_processes_of_their_own(
    start_node: StartNode, peer: Peer, face_image: Pixels, tmp_path: Path
) -> None:
    parameters = tmp_path / "parameters.yaml"
    parameters.write_text(
        "/**/multi_camera_node: {ros__parameters: {cameras: [left, right]}}\n"
        "/**/emotion_node: {ros__parameters: {autostart: false}}\n"
        "/robot/right/emotion_node: {ros__parameters: {autostart: true}}\n"
    )
    node = start_node(
        "multi_camera_node",
        ros_args=["-r", "__ns:=/robot", "--params-file", str(parameters)],
    )
    wait_until_ready(node, "/robot/right")
    right = Conversation(peer, namespace="/robot/right")
    assert right.ask(right.message(face_image)).faces
    assert Lifecycle(peer, "/robot/left/emotion_node").state == "unconfigured"


@pytest.mark.parametrize("signal_count", [1, 2])
def test_a_signal_ends_all_with_exit_code_0_and_their_counts(
    node: NodeProcess, peer: Peer, face_image: Pixels, signal_count: int
) -> None:
    import signal

    left = Conversation(peer, namespace="/left")
    left.ask(left.message(face_image))
    assert node.stop(*[signal.SIGINT] * signal_count) == 0
    assert "Traceback" not in node.log
    assert node.log.count("Stopped: ") == 2
    for camera in ("left", "right"):  # by the logger of all else that they say
        assert f"[{camera}.emotion_node]: Ready: " in node.log
        assert f"[{camera}.emotion_node]: Stopped: " in node.log
    assert "Failed to publish" not in node.log
    assert counts(node.log)["answered"] == 1


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({}, "parameter 'cameras' is not set"),
        ({"cameras": "[]"}, "cameras"),
        ({"cameras": "[left, left]"}, "each once"),
        ({"cameras": "[left, '']"}, "such as [left, right]"),
        ({"cameras": "['no good']"}, "no good"),
        ({"cameras": "left"}, "cameras"),
        ({"cameras": "[left]", "backend": "abacus"}, "abacus"),
    ],
)
def test_what_cannot_work_ends_the_node_with_one_line_and_exit_code_1(
    start_node: StartNode, parameters: dict[str, object], reason: str
) -> None:
    node = start_node("multi_camera_node", **parameters)
    assert node.wait() == 1
    (line,) = [line for line in node.log.splitlines() if "[FATAL]" in line]
    assert reason in line
    assert "Traceback" not in node.log


def test_models_are_loaded_once_and_freed_with_their_last_user() -> None:
    from emotion_recognition.ros.multi_camera_node.node import SharedModels

    models = SharedModels()
    first = models.load("paper", "paper", "auto", threads=1)
    assert models.load("paper", "paper", "auto", threads=1) is first
    assert models.load("paper", "paper", "auto", threads=2) is not first
    narrow = models.load("default", "paper", "auto", threads=1, input_width=160)
    assert models.load("default", "paper", "auto", threads=1, input_width=160) is narrow
    assert models.load("default", "paper", "auto", threads=1) is not narrow
    forgotten = weakref.ref(first)
    del first
    gc.collect()
    assert forgotten() is None


def test_both_cameras_get_their_share_when_the_processor_is_too_slow(
    start_node: StartNode, peer: Peer, empty_image: Pixels
) -> None:
    node = start_node("slow_multi_camera_node.py", cameras="[left, right]")
    node.wait_for_log(READY)
    wait_until_ready(node, "/left", "/right")
    conversations = [Conversation(peer, namespace=f"/{camera}") for camera in CAMERAS]
    pause = threading.Event()
    for _ in range(100):
        for conversation in conversations:
            conversation.send(conversation.message(empty_image))
        pause.wait(0.03)
    left, right = (len(conversation.answers.all) for conversation in conversations)
    assert left + right >= 5
    assert abs(left - right) <= 2
