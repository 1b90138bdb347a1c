"""What emotion_node tells of itself on /diagnostics, once a second."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import Conversation, Diagnostics, Lifecycle, Pixels, age, values
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from node_process import NodeProcess


def test_a_healthy_node_tells_how_it_does(
    conversation: Conversation, peer: Peer, face_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    rate = peer.node.create_rate(10)
    answers = []
    for _ in range(30):
        answers.append(conversation.ask(conversation.message(face_image)))
        rate.sleep()
    status = diagnostics.wait_for(lambda status: values(status)["answered"] == "30")
    assert status.level == DiagnosticStatus.OK
    assert status.message == "Answering images"
    assert status.name == "emotion_node: emotions"
    told = values(status)
    assert 3 < float(told["rate (Hz)"]) < 12
    longest = max(age(answer) for answer in answers) * 1000
    assert 0 < float(told["latency p50 (ms)"]) <= float(told["latency p95 (ms)"]) <= longest + 1
    assert float(told["latency p95 (ms)"]) < 500
    assert (told["received"], told["rejected"], told["failed"]) == ("30", "0", "0")
    assert int(told["faces"]) == len(conversation.answers.all[-1].faces) > 0
    assert (told["state"], told["model"]) == ("active", "default/default")
    assert told["backend"] in ("onnxruntime", "ncnn", "torch", "opencv")


def test_rejected_images_are_a_warning_and_are_counted_by_reason(
    node: NodeProcess, conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    malformations = [
        ("encoding", "bgr9", "unknown encoding 'bgr9'"),
        ("step", 1, "step 1 is too small"),
        ("step", 2, "step 2 is too small"),
        ("width", 0, "the image is empty"),
    ]
    for field, value, reason in malformations:
        bad = conversation.message(empty_image)
        setattr(bad, field, value)
        conversation.send(bad)
        node.wait_for_log(reason)
        conversation.ask(conversation.message(empty_image))
    status = diagnostics.wait_for(lambda status: values(status)["rejected"] == "4")
    assert status.level == DiagnosticStatus.WARN
    assert status.message == "4 images rejected"
    told = values(status)
    reasons = [told[f"rejected ({reason})"] for reason in ("encoding", "layout", "size")]
    assert reasons == ["1", "2", "1"]


def test_a_camera_that_sends_only_bad_images_is_an_error(
    conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    bad = conversation.message(empty_image)
    bad.encoding = "h264"
    conversation.send(bad)
    status = diagnostics.wait_for(lambda status: values(status)["rejected"] == "1")
    assert status.level == DiagnosticStatus.ERROR
    assert "No image could be used" in status.message


def test_it_is_told_once_a_second_in_every_state(start_node: StartNode, peer: Peer) -> None:
    node = start_node("emotion_node", autostart=False)
    arrivals: list[float] = []
    peer.node.create_subscription(
        DiagnosticArray, "/diagnostics", lambda _: arrivals.append(time.monotonic()), 10
    )
    diagnostics = Diagnostics(peer)
    status = diagnostics.wait_for(lambda status: True)
    assert status.level == DiagnosticStatus.STALE
    assert status.message == "Not active, but unconfigured"
    assert Lifecycle(peer).change("configure")
    diagnostics.wait_for(lambda status: values(status)["state"] == "inactive")
    peer.wait_until(lambda: len(arrivals) >= 4, "diagnostics")
    assert arrivals[-1] - arrivals[0] == pytest.approx(len(arrivals) - 1, abs=0.5)
    assert node.stop() == 0
