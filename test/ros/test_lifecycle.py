"""emotion_node as a managed node."""

from __future__ import annotations

import gc
import signal
import time
import weakref
from collections.abc import Iterator

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

import rclpy
from conftest import Peer, StartNode
from conversation import READY, Conversation, Diagnostics, Lifecycle, Pixels
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycles import run_lifecycles
from node_process import NodeProcess
from sensor_msgs.msg import Image


def test_by_hand_it_goes_through_all_states(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("emotion_node", autostart=False)
    lifecycle = Lifecycle(peer)
    images = peer.publisher(Image, "image_raw")
    assert lifecycle.state == "unconfigured"
    assert "Waiting to be configured" in node.log
    assert peer.node.count_publishers("emotions") == 0

    assert not lifecycle.change("activate"), "without models"
    assert lifecycle.change("configure")
    assert lifecycle.state == "inactive"
    peer.wait_for_publisher("emotions")
    assert images.get_subscription_count() == 0

    assert lifecycle.change("activate")
    assert lifecycle.state == "active"
    conversation = Conversation(peer)
    assert conversation.ask(conversation.message(face_image)).faces

    assert lifecycle.change("deactivate")
    peer.wait_until(lambda: images.get_subscription_count() == 0, "the end of the subscription")
    assert peer.node.count_publishers("emotions") == 1

    assert lifecycle.change("cleanup")
    assert lifecycle.state == "unconfigured"
    peer.wait_until(lambda: peer.node.count_publishers("emotions") == 0, "no publisher")

    assert lifecycle.change("shutdown")
    assert lifecycle.state == "finalized"
    assert node.stop(signal.SIGINT) == 0
    assert "Traceback" not in node.log


def test_it_can_be_started_again_and_gives_no_track_id_twice(
    node: NodeProcess, peer: Peer, face_image: Pixels
) -> None:
    lifecycle = Lifecycle(peer)
    conversation = Conversation(peer)

    def track_ids() -> set[int]:
        images = [conversation.message(face_image) for _ in range(5)]
        return {face.track_id for image in images for face in conversation.ask(image).faces} - {0}

    first = track_ids()
    conversation.restart(lifecycle, "activate")
    second = track_ids()
    conversation.restart(lifecycle, "cleanup", "configure", "activate")
    third = track_ids()
    assert first
    assert second
    assert third
    assert len(first | second | third) == len(first) + len(second) + len(third)
    assert node.log.count(READY) == 3


def test_deactivating_ends_all_work(start_node: StartNode, peer: Peer, face_image: Pixels) -> None:
    node = start_node("slow_emotion_node.py")
    node.wait_for_log(READY)
    lifecycle = Lifecycle(peer)
    conversation = Conversation(peer)
    for _ in range(5):
        conversation.send(conversation.message(face_image))
    conversation.answers.wait_for(lambda answer: True)
    conversation.send(conversation.message(face_image))
    assert lifecycle.change("deactivate")
    time.sleep(0.5)  # for what was published before
    answered = len(conversation.answers.all)
    for _ in range(5):
        conversation.send(conversation.message(face_image))
    time.sleep(1)
    assert len(conversation.answers.all) == answered
    assert lifecycle.state == "inactive"


def test_after_a_failure_it_says_why_and_can_be_configured_again(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("failing_emotion_node.py", autostart=False)
    lifecycle, diagnostics = Lifecycle(peer), Diagnostics(peer)

    assert not lifecycle.change("configure")
    assert lifecycle.state == "unconfigured"
    node.wait_for_log("The node could not be configured: int8.onnx is damaged")
    assert "Traceback" not in node.log
    status = diagnostics.wait_for(lambda status: status.level == DiagnosticStatus.ERROR)
    assert status.message == "int8.onnx is damaged"

    assert not lifecycle.change("configure")
    assert lifecycle.state == "unconfigured"
    node.wait_for_log("KeyError: 'unforeseen'")
    assert "Traceback" in node.log

    assert lifecycle.change("configure")
    assert lifecycle.change("activate")
    diagnostics.wait_for(lambda status: status.level != DiagnosticStatus.ERROR)
    conversation = Conversation(peer)
    assert conversation.ask(conversation.message(face_image)).faces


def test_autostart_ends_with_exit_code_1_when_the_models_do_not_load(start_node: StartNode) -> None:
    node = start_node("failing_emotion_node.py")
    assert node.wait() == 1
    (line,) = node.log.splitlines()
    assert "[FATAL]" in line
    assert "int8.onnx is damaged" in line
    assert "Traceback" not in node.log


@pytest.mark.parametrize("state", ["unconfigured", "inactive", "finalized"])
def test_a_signal_ends_it_in_every_state_with_exit_code_0(
    start_node: StartNode, peer: Peer, state: str
) -> None:
    node = start_node("emotion_node", autostart=False)
    lifecycle = Lifecycle(peer)
    change = {"inactive": "configure", "finalized": "shutdown"}.get(state)
    assert change is None or lifecycle.change(change)
    assert lifecycle.state == state
    assert node.stop(signal.SIGTERM) == 0
    assert "Traceback" not in node.log


@pytest.fixture
def no_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.collect()  # a destroyed node stays in the graph until its last part is gone


@pytest.mark.usefixtures("no_garbage_collection")
def test_cleaning_up_frees_the_models_at_once() -> None:
    from emotion_recognition.ros.emotion_node.node import EmotionNode
    from emotion_recognition.ros.process.executor import SturdyExecutor

    rclpy.init()
    try:
        node, executor = EmotionNode(), SturdyExecutor()
        executor.add_node(node)

        def spin() -> None:
            for _ in range(20):
                executor.spin_once(timeout_sec=0.05)

        try:
            for _ in range(2):
                node.trigger_configure()
                assert node._configured
                pipeline = weakref.ref(node._configured.processor.pipeline)
                node.trigger_activate()
                stream = weakref.ref(node._stream)
                spin()
                assert pipeline() is not None
                assert stream() is not None
                node.trigger_deactivate()
                spin()
                assert stream() is None
                node.trigger_cleanup()
                assert pipeline() is None
        finally:
            node.close()
            executor.shutdown()
    finally:
        rclpy.shutdown()


def test_many_lifecycles_leave_memory_threads_and_files_as_they_were(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("emotion_node", autostart=False)
    usages = list(run_lifecycles(peer, node.process.pid, face_image, number=14))
    settled, last = usages[3], usages[-1]
    assert max(usage.threads for usage in usages) == settled.threads
    assert last.files <= settled.files
    assert last.megabytes < settled.megabytes + 25, "a pipeline takes about 10 MB"
    assert node.stop() == 0
