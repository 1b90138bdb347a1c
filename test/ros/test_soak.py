"""A node that works as fast as it can stays as it is; see soak.py for the long form."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Pixels
from lifecycles import Usage
from soak import Soak, soak


def test_a_node_that_works_as_fast_as_it_can_does_not_grow(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("emotion_node")
    node.wait_for_log(READY)
    result = soak(peer, node, face_image, frames=300)
    assert result.failures == []
    assert result.answered >= 299


def an_hour(megabytes: float = 0.0, threads: int = 0, files: int = 0) -> Soak:
    """Of a node that grows by so much from the sixth minute on, and by more before."""
    samples = [
        (
            60.0 * minute,
            Usage(
                170.0 + min(minute, 5) * 4 + megabytes * minute / 60,
                17 + (threads if minute > 30 else 0),
                23 + (files if minute > 30 else 0),
            ),
        )
        for minute in range(61)
    ]
    return Soak(samples, answered=100_000, exit_code=0)


def test_what_grows_is_told() -> None:
    assert an_hour(megabytes=0.9).failures == []
    assert an_hour(megabytes=1.1).failures == ["memory rises by 1.10 MB/h"]
    assert an_hour(threads=1).failures == ["threads from 17 to 18"]
    assert an_hour(files=2).failures == ["files from 23 to 25"]


def test_lost_answers_and_a_bad_end_are_told() -> None:
    result = an_hour()
    result.lost, result.exit_code = 101, -6
    assert result.failures == ["101 images without an answer", "exit code -6"]
