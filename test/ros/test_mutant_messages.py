"""Mutants of messages, requests and parameter files are taken or refused; see mutants.py."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

import rclpy
from callbacks import Callbacks, start_rclpy
from mutant_messages import CAMERAS, IMAGE, mutant_of, reading_kinds
from mutant_parameters import mutant_file
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, Image

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from mutation import judge


@pytest.fixture
def nodes(interfaces: Callable[[str], None]) -> Iterator[Callbacks]:
    interfaces("hri_msgs")
    start_rclpy()
    nodes = Callbacks()
    yield nodes
    nodes.close()
    rclpy.shutdown()


def test_mutants_of_messages_are_taken_or_refused_each_in_a_moment(
    nodes: Callbacks, capfd: pytest.CaptureFixture[str]
) -> None:
    report = judge(reading_kinds(nodes), 10_000)
    assert report.wrong == []
    for kind, outcome in (
        ("Image", "answered"),
        ("Image", "rejected"),
        ("CompressedImage", "answered"),
        ("CompressedImage", "rejected"),
        ("CameraInfo", "answered"),
        ("Clock", "refused by rclpy (ValueError)"),
        ("Clock", "taken"),
        ("DiagnosticArray", "taken"),
        ("FaceEmotionArray", "shown"),
        ("FaceEmotionArray bridged", "taken"),
        ("request", "taken"),
        ("parameter file", "starts"),
    ):
        assert report.outcomes[kind][outcome] > 10, (kind, report.outcomes[kind])
    assert any("no message" in outcome for outcome in report.outcomes["Image"])
    assert "Traceback" not in capfd.readouterr().err


def test_mutants_of_messages_are_the_same_for_the_same_seed() -> None:
    for make, read in (
        (mutant_of(IMAGE), image_of),
        (mutant_of(*CAMERAS), camera_of),
        (mutant_file, lambda content: content),
    ):
        first, again, other = (read(make(random.Random(seed))) for seed in (1, 1, 2))
        assert first == again != other


def image_of(content: bytes) -> str:
    """As a text: bytes have gaps between fields, with whatever was there before."""
    return str(deserialize_message(content, Image))


def camera_of(content: bytes) -> str:
    return str(deserialize_message(content, CameraInfo))


def test_a_node_that_fails_over_an_image_is_noticed(
    nodes: Callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(*_: object) -> None:
        raise ValueError("careless")

    monkeypatch.setattr("emotion_recognition.ros.emotion_node.answering.decode_message", careless)
    kinds = [kind for kind in reading_kinds(nodes) if kind.name == "Image"]
    assert judge(kinds, 50).wrong
