"""What is told, and what can be done, when the work on an image does not end."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Conversation, Diagnostics, Lifecycle, Pixels, counts, values
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import NodeProcess
from rclpy.duration import Duration
from rclpy.time import Time
from sensor_msgs.msg import Image


@pytest.fixture
def brake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """While this file exists, the node hangs."""
    path = tmp_path / "hang"
    monkeypatch.setenv("HANG_WHILE_EXISTS", str(path))
    return path


@pytest.fixture
def hanging(brake: Path, start_node: StartNode) -> NodeProcess:
    node = start_node("hanging_emotion_node.py", stall_timeout=60.0)
    node.wait_for_log(READY)
    return node


def hang(node: NodeProcess, brake: Path, conversation: Conversation, image: Pixels) -> Image:
    """Has a node hang, and returns the image that it hangs on, stamped as it was sent."""
    conversation.ask(conversation.message(image))
    brake.touch()
    message = conversation.message(image)
    conversation.send(message)
    node.wait_for_log("Hanging")
    return message


def test_a_hanging_worker_is_an_error_within_3_seconds_and_recovers_by_itself(
    hanging: NodeProcess, brake: Path, peer: Peer, face_image: Pixels
) -> None:
    conversation, diagnostics = Conversation(peer), Diagnostics(peer)
    sent = hang(hanging, brake, conversation, face_image)
    status = diagnostics.wait_for(lambda status: status.level > DiagnosticStatus.OK)
    assert peer.node.get_clock().now() - Time.from_msg(sent.header.stamp) < Duration(seconds=3)
    assert status.level == DiagnosticStatus.ERROR
    assert status.message.startswith("One image has been worked on for 2.")
    hanging.wait_for_log("An image has been worked on for more than 2 s")

    brake.unlink()
    answers = len(conversation.answers.all)
    peer.wait_until(lambda: len(conversation.answers.all) > answers, "the late answer")
    assert conversation.ask(conversation.message(face_image)).faces
    diagnostics.wait_for(lambda status: status.level != DiagnosticStatus.ERROR)
    assert "The image that took so long is done" in hanging.log


def test_a_hanging_worker_does_not_keep_the_node_from_ending(
    hanging: NodeProcess, brake: Path, peer: Peer, face_image: Pixels
) -> None:
    hang(hanging, brake, Conversation(peer), face_image)
    started = time.monotonic()
    assert hanging.stop() == 0
    assert time.monotonic() - started < 2
    assert "Traceback" not in hanging.log


def test_new_models_answer_while_the_old_ones_still_hang(
    hanging: NodeProcess, brake: Path, peer: Peer, face_image: Pixels
) -> None:
    lifecycle, conversation = Lifecycle(peer), Conversation(peer)
    left_behind = hang(hanging, brake, conversation, face_image)
    assert lifecycle.change("deactivate")
    conversation.wait_for_no_subscriber()
    assert "left behind" in hanging.log
    assert lifecycle.change("cleanup")
    assert lifecycle.change("configure")
    brake.rename(brake.with_name("gone"))
    assert lifecycle.change("activate")
    conversation.wait_for_subscriber()
    for _ in range(3):
        assert conversation.ask(conversation.message(face_image)).faces
    assert left_behind.header.stamp not in [
        answer.header.stamp for answer in conversation.answers.all
    ]
    assert hanging.stop() == 0
    final = counts(hanging.log)
    assert final["received"] == final["answered"] + final["dropped (busy)"]
    assert "Traceback" not in hanging.log


def test_images_that_never_reach_the_node_are_counted(
    node: NodeProcess, conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    conversation.ask(conversation.message(empty_image))
    assert values(diagnostics.wait_for(lambda _: True))["lost (transport)"] == "0"
    node.process.send_signal(signal.SIGSTOP)
    for _ in range(30):
        conversation.send(conversation.message(empty_image))
    node.process.send_signal(signal.SIGCONT)
    conversation.ask(conversation.message(empty_image))
    status = diagnostics.wait_for(lambda status: int(values(status)["lost (transport)"]) > 0)
    told = values(status)
    assert int(told["received"]) + int(told["lost (transport)"]) == 32
    assert status.level == DiagnosticStatus.WARN
    assert "of 32 images dropped or lost" in status.message
