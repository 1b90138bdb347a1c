"""What happens to robots, in short; see faults.py for the long form."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer
from fault_bench import Bench, Outcome
from faults import catches, two_publishers


def test_two_cameras_of_different_size_and_encoding_on_one_topic_are_both_answered(
    peer: Peer, tmp_path: Path
) -> None:
    outcome = two_publishers(Bench(peer, tmp_path), 1)
    assert outcome.failures == []
    assert outcome.times >= 20


def test_what_did_not_come_through_is_counted_and_told() -> None:
    outcome = Outcome()
    outcome.check(True, "unseen")
    outcome.check(False, "exit code 1")
    assert str(outcome) == "2 times, 1 FAILED: exit code 1"


@pytest.mark.parametrize("setup", ["SIG_DFL", "SIG_IGN"])
def test_a_process_without_a_handler_is_told_from_one_with(setup: str) -> None:
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # a script's
        f"signal.signal(signal.SIGTERM, signal.{setup}); print(flush=True); input()"  # & ignores it
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        assert catches(process.pid, signal.SIGINT)
        assert not catches(process.pid, signal.SIGTERM)
        process.communicate(b"\n")
