"""emotion_node as a process of its own, over real topics."""

from __future__ import annotations

import signal
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import TIMEOUT, Peer, StartNode
from conversation import READY, Conversation, Diagnostics, Parameters, Pixels, age, counts
from node_process import NodeProcess
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from slow_emotion_node import SECONDS

from emotion_recognition import EmotionPipeline


def test_one_image_gives_one_answer_that_belongs_to_it(
    conversation: Conversation, face_image: Pixels
) -> None:
    message = conversation.message(face_image, frame_id="left_camera_optical_frame")
    answer = conversation.ask(message)
    assert answer.header == message.header
    assert (answer.image_width, answer.image_height) == (320, 240)
    assert 0 < age(answer) < TIMEOUT
    assert answer.model == "default/default"
    assert len(conversation.answers.all) == 1
    face = answer.faces[0]
    assert face.label in ("neutral", "angry", "surprised", "happy")
    assert face.confidence == pytest.approx(max(face.probabilities))
    assert sum(face.probabilities) == pytest.approx(1, abs=1e-3)
    assert face.roi.x_offset + face.roi.width <= 320
    assert face.roi.y_offset + face.roi.height <= 240


def test_an_image_without_a_face_gives_an_empty_answer(
    conversation: Conversation, empty_image: Pixels
) -> None:
    assert list(conversation.ask(conversation.message(empty_image)).faces) == []


def malformations() -> dict[str, tuple[dict[str, Any], str]]:
    """What is wrong with an image of 320x240 bgr8, and what the log must say of it."""
    return {
        "no encoding": ({"encoding": ""}, "the encoding is empty"),
        "unknown encoding": ({"encoding": "bgr9"}, "unknown encoding 'bgr9'"),
        "not an encoding": ({"encoding": "\n%s\x07"}, r"unknown encoding '\n%s\x07'"),
        "no width": ({"width": 0}, "empty: 0x240"),
        "no height": ({"height": 0}, "empty: 320x0"),
        "no size at all": ({"width": 0, "height": 0, "step": 0, "data": b""}, "empty: 0x0"),
        "huge": ({"width": 2**32 - 1, "height": 2**32 - 1, "step": 2**32 - 1}, "too large"),
        "no step": ({"step": 0}, "step 0 is too small"),
        "small step": ({"step": 959}, "step 959 is too small"),
        "large step": ({"step": 961}, "230400 bytes long; expected 230640"),
        "huge step": ({"step": 2**32 - 1}, "230400 bytes long; expected 1030792150800"),
        "no data": ({"data": b""}, "0 bytes long; expected 230400"),
        "truncated": ({"data": bytes(230399)}, "230399 bytes long"),
        "trailing bytes": ({"data": bytes(230401)}, "230401 bytes long"),
        "higher than its data": ({"height": 241}, "expected 231360"),
        "wider than its step": ({"width": 321}, "at least 963 bytes"),
        "bgra8 in bgr8": ({"encoding": "bgra8"}, "at least 1280 bytes"),
        "odd yuv422": ({"encoding": "yuv422", "width": 319}, "yuv422 of 319x240"),
        "odd nv12": ({"encoding": "nv12", "height": 239}, "nv12 of 320x239"),
        "short nv21": ({"encoding": "nv21"}, "expected 345600"),
    }


def test_malformed_images_are_rejected_one_by_one_and_every_good_one_is_answered(
    conversation: Conversation, node: NodeProcess, face_image: Pixels
) -> None:
    kinds = malformations()
    for turn in range(200):
        fields, reason = list(kinds.values())[turn % len(kinds)]
        bad = conversation.message(face_image)
        for name, value in fields.items():
            setattr(bad, name, value)
        conversation.send(bad)
        if turn < len(kinds):  # repeats are throttled
            node.wait_for_log(reason)
        answer = conversation.ask(conversation.message(face_image))
        assert answer.faces
    assert node.stop() == 0
    assert len(conversation.answers.all) == 200
    final = counts(node.log)
    assert final["answered"] == 200
    assert final["rejected"] >= len(kinds)
    assert final["failed"] == 0
    assert "Traceback" not in node.log


def test_repeated_reasons_are_throttled(
    conversation: Conversation, node: NodeProcess, peer: Peer, empty_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    bad = conversation.message(empty_image)
    bad.encoding = "bgr9"
    conversation.send_until(bad, lambda: diagnostics.count("rejected") >= 10, "10 rejections")
    assert node.stop() == 0
    assert counts(node.log)["rejected"] >= 10
    assert 1 <= node.log.count("unknown encoding 'bgr9'") < 5


def test_under_load_answers_stay_fresh_and_drops_are_counted(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("slow_emotion_node.py")
    node.wait_for_log(READY)
    conversation = Conversation(peer)
    rate = peer.node.create_rate(30)
    sent = 90
    for _ in range(sent):
        last = conversation.message(face_image)
        conversation.send(last)
        rate.sleep()
    conversation.answers.wait_for_stamp(last.header.stamp)
    ages = sorted(age(answer) for answer in conversation.answers.all)
    assert ages[len(ages) // 2] < 2 * SECONDS
    assert ages[-1] < 3, "a queue would make the last ones 20 seconds old"
    stamps = [(a.header.stamp.sec, a.header.stamp.nanosec) for a in conversation.answers.all]
    assert stamps == sorted(set(stamps))
    assert node.stop() == 0
    final = counts(node.log)
    assert final["dropped (busy)"] >= sent // 4
    assert final["answered"] == len(ages)
    assert final["received"] == final["answered"] + final["dropped (busy)"]


BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.mark.parametrize(
    ("subscription", "publisher"),
    [("auto", BEST_EFFORT), ("best_effort", BEST_EFFORT), ("best_effort", 10), ("reliable", 10)],
    ids=["auto and best effort", "best effort", "best effort and reliable", "reliable"],
)
def test_publishers_of_every_reliability_are_heard(
    start_node: StartNode,
    peer: Peer,
    empty_image: Pixels,
    subscription: str,
    publisher: QoSProfile | int,
) -> None:
    node = start_node("emotion_node", reliability=subscription)
    node.wait_for_log(READY)
    conversation = Conversation(peer, publisher)
    message = conversation.message(empty_image)

    def answered() -> bool:  # what is sent with best effort may be lost
        conversation.send(message)
        return bool(conversation.answers.all)

    peer.wait_until(answered, "an answer")
    assert conversation.answers.all[0].header == message.header
    fell_back = "offers best effort only: subscribing with best effort" in node.log
    assert fell_back == (subscription == "auto")


def test_a_best_effort_publisher_does_not_silence_a_reliable_one(
    node: NodeProcess, conversation: Conversation, peer: Peer, empty_image: Pixels
) -> None:
    conversation.ask(conversation.message(empty_image))
    peer.publisher(Image, "image_raw", BEST_EFFORT)
    node.wait_for_log("subscribing with best effort")
    message = conversation.message(empty_image)

    def answered() -> bool:  # now with best effort
        conversation.send(message)
        return conversation.answers.all[-1].header == message.header

    peer.wait_until(answered, "an answer")


@pytest.mark.parametrize(
    "signals",
    [[signal.SIGINT], [signal.SIGINT, signal.SIGINT], [signal.SIGTERM]],
    ids=["ctrl-c", "ctrl-c twice", "terminate"],
)
def test_a_signal_ends_the_node_with_exit_code_0(
    conversation: Conversation,
    node: NodeProcess,
    face_image: Pixels,
    signals: list[signal.Signals],
) -> None:
    for _ in range(3):
        conversation.send(conversation.message(face_image))
    assert node.stop(*signals) == 0
    assert "Traceback" not in node.log
    assert "[emotion_node]: Stopped: " in node.log  # by the logger of all else that it says
    assert "Failed to publish" not in node.log


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"backend": "abacus"}, "abacus"),
        ({"detector": "none"}, "none"),
        ({"reliability": "sometimes"}, "expected one of: auto, reliable, best_effort"),
        ({"score_threshold": 1.5}, "score_threshold"),
        ({"score_threshold": ".nan"}, "score_threshold"),
        ({"score_threshold": "high"}, "score_threshold"),
        ({"threads": -1}, "threads"),
        ({"input_width": 330}, "input_width"),
        ({"input_width": 128}, "multiple of 32 from 160 to 640, got 128"),
        (
            {"input_width": 320, "detector": "paper"},
            "'input_width': detector 'paper' has an input of fixed size",
        ),
    ],
)
def test_what_cannot_work_ends_the_node_with_one_line_and_exit_code_1(
    start_node: StartNode, parameters: dict[str, object], reason: str
) -> None:
    node = start_node("emotion_node", **parameters)
    assert node.wait() == 1
    (line,) = [line for line in node.log.splitlines() if "[FATAL]" in line]
    assert reason in line
    assert "Traceback" not in node.log


def test_the_detector_takes_the_input_width(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    start_node("emotion_node", input_width=640).wait_for_log(READY)
    conversation = Conversation(peer)
    (face,) = conversation.ask(conversation.message(face_image)).faces
    wide, own = (EmotionPipeline(input_width=width)(face_image)[0].score for width in (640, None))
    assert face.detection_score == pytest.approx(wide, abs=1e-4)
    assert wide != pytest.approx(own, abs=1e-4)


@pytest.mark.parametrize(("detector", "count"), [("default", 5), ("paper", 0)])
def test_a_face_has_the_landmarks_of_its_detector(
    start_node: StartNode, peer: Peer, face_image: Pixels, detector: str, count: int
) -> None:
    start_node("emotion_node", detector=detector).wait_for_log(READY)
    conversation = Conversation(peer)
    (face,) = conversation.ask(conversation.message(face_image)).faces
    assert len(face.landmarks) == count
    roi = face.roi
    for point in face.landmarks:
        assert roi.x_offset < point.x < roi.x_offset + roi.width
        assert roi.y_offset < point.y < roi.y_offset + roi.height
    xs = [point.x for point in face.landmarks]
    assert not xs or (xs[0] < xs[1] and xs[3] < xs[4]), "image-left first"


def test_the_score_threshold_changes_while_the_node_runs(
    conversation: Conversation, peer: Peer, face_image: Pixels
) -> None:
    parameters = Parameters(peer)
    shipped = parameters.get("score_threshold")
    assert 0 < shipped < 1
    few = len(conversation.ask(conversation.message(face_image)).faces)
    assert parameters.set("score_threshold", 0.0).successful
    assert len(conversation.ask(conversation.message(face_image)).faces) > few
    for wrong in (1.5, -0.1, float("nan"), "high"):
        assert not parameters.set("score_threshold", wrong).successful
        assert parameters.get("score_threshold") == 0.0
    assert parameters.set("score_threshold", shipped).successful
    assert len(conversation.ask(conversation.message(face_image)).faces) == few
