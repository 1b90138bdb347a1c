"""What emotion_node makes of a stream in time: rates, ages, jumps, repeats, silence."""

from __future__ import annotations

import re
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import (
    READY,
    Conversation,
    Diagnostics,
    Parameters,
    Pixels,
    counts,
    values,
)
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import NodeProcess
from rclpy.time import Time
from rosgraph_msgs.msg import Clock


def test_max_rate_limits_the_work_and_can_be_lifted(
    node: NodeProcess, conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    parameters, diagnostics = Parameters(peer), Diagnostics(peer)
    rate = peer.node.create_rate(30)
    assert parameters.set("max_rate", 5.0).successful
    started = time.monotonic()
    for _ in range(60):
        conversation.send(conversation.message(empty_image))
        rate.sleep()
    assert 1 < len(conversation.answers.all) <= 5 * (time.monotonic() - started) + 2

    assert parameters.set("max_rate", 0.001).successful
    answers, skipped = len(conversation.answers.all), diagnostics.count("dropped (max_rate)")
    conversation.send_until(
        conversation.message(empty_image),
        lambda: diagnostics.count("dropped (max_rate)") >= skipped + 45,
        "skipped images",
    )
    # The first at the new rate, and one that was being worked on.
    assert len(conversation.answers.all) <= answers + 2
    assert parameters.set("max_rate", 0.0).successful
    conversation.ask(conversation.message(empty_image))
    assert node.stop() == 0
    final = counts(node.log)
    assert final["dropped (max_rate)"] >= 45
    dropped = final["dropped (busy)"] + final["dropped (max_rate)"]
    assert final["received"] == final["answered"] + dropped


def test_max_age_refuses_an_image_that_is_too_old(
    start_node: StartNode, peer: Peer, empty_image: Pixels
) -> None:
    node = start_node("emotion_node", max_age=5.0)
    node.wait_for_log(READY)
    conversation = Conversation(peer)
    conversation.send(conversation.message(empty_image, seconds=time.time() - 10))
    node.wait_for_log("older than max_age")
    conversation.ask(conversation.message(empty_image, seconds=time.time() - 1))
    unstamped = conversation.message(empty_image, seconds=0)
    assert conversation.ask(unstamped).header == unstamped.header
    assert len(conversation.answers.all) == 2, "the old one was answered"
    assert node.stop() == 0
    assert counts(node.log)["dropped (max_age)"] == 1


def test_a_recording_that_starts_again_gets_new_tracks_without_a_restart(
    node: NodeProcess, conversation: Conversation, peer: Peer, face_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)

    def play() -> list[int]:
        images = [conversation.message(face_image, seconds=1000 + i / 30) for i in range(6)]
        track_ids = []
        for image in images:
            answers = len(conversation.answers.all)
            conversation.send(image)
            peer.wait_until(lambda n=answers: len(conversation.answers.all) > n, "an answer")  # type: ignore[misc]
            track_ids.append(conversation.answers.all[-1].faces[0].track_id)
        return track_ids

    first, second = play(), play()
    assert first[0] == second[0] == 0
    assert first[-1] > 0
    assert second[-1] > first[-1]
    assert "stamps have jumped back" in node.log
    status = diagnostics.wait_for(lambda status: values(status)["jumps back in time"] == "1")
    assert status.level == DiagnosticStatus.WARN


def test_repeated_stamps_are_counted_and_answered(
    node: NodeProcess, conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    image = conversation.message(empty_image)
    for number in range(1, 4):
        conversation.send(image)
        peer.wait_until(lambda n=number: len(conversation.answers.all) == n, "an answer")  # type: ignore[misc]
    status = diagnostics.wait_for(lambda status: values(status)["repeated stamps"] == "2")
    assert status.level == DiagnosticStatus.WARN
    assert "2 stamps repeated" in status.message
    assert "does the camera repeat itself?" in node.log


def test_a_stalled_stream_is_reported_within_2_seconds_and_recovers(
    node: NodeProcess, conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    conversation.ask(conversation.message(empty_image))
    status = diagnostics.wait_for(lambda status: status.level == DiagnosticStatus.ERROR)
    assert re.search(r"No image on '/image_raw' for 1\.[5-9] s", status.message)
    node.wait_for_log("its 1 publishers are silent")

    conversation.ask(conversation.message(empty_image))
    diagnostics.wait_for(lambda status: status.level == DiagnosticStatus.OK)
    node.wait_for_log("Images arrive on '/image_raw' again")


def test_a_longer_stall_timeout_is_not_taken_for_an_image(
    node: NodeProcess, conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    conversation.ask(conversation.message(empty_image))
    diagnostics.wait_for(lambda status: status.level == DiagnosticStatus.ERROR)
    assert Parameters(peer).set("stall_timeout", 60.0).successful
    diagnostics.wait_for(lambda status: status.level == DiagnosticStatus.OK)
    conversation.ask(conversation.message(empty_image))
    assert "Images arrive" not in node.log


def test_a_topic_that_nobody_publishes_is_reported_until_the_first_image_comes(
    start_node: StartNode, peer: Peer, empty_image: Pixels
) -> None:
    node = start_node("emotion_node")
    node.wait_for_log("No image on '/image_raw' for 1.")
    assert "nobody sends any" in node.log
    conversation = Conversation(peer)
    conversation.ask(conversation.message(empty_image))
    node.wait_for_log("Images arrive on '/image_raw'\n")


def test_simulated_time_is_the_time(start_node: StartNode, peer: Peer, face_image: Pixels) -> None:
    start_node("emotion_node", use_sim_time=True, max_age=1.0).wait_for_log(READY)
    conversation, diagnostics = Conversation(peer), Diagnostics(peer)
    publisher = peer.publisher(Clock, "/clock")
    now = Time()
    peer.node.create_timer(0.05, lambda: publisher.publish(Clock(clock=now.to_msg())))

    def set_time(seconds: float) -> None:
        nonlocal now
        now = Time(seconds=seconds)
        # They come by steady time and are stamped with simulated time.
        stamp = now.to_msg()
        diagnostics.wait_for_message(lambda message: message.header.stamp == stamp)

    for start in (500.0, 40.0):  # as when the simulation is started again
        set_time(start)
        answer = conversation.ask(conversation.message(face_image, seconds=start - 0.25))
        assert answer.latency.sec + answer.latency.nanosec / 1e9 == pytest.approx(0.25)
        assert answer.faces[0].track_id == 0
