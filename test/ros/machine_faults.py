"""Faults of the machine that a node runs on: its disk, its memory, its files, its processors."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conversation import READY
from fault_bench import Bench, Outcome

from emotion_recognition.core.manifest import MODELS
from emotion_recognition.msg import FaceEmotionArray

STARVED_FOR = 5.0  # seconds
RUNS, STANDS = 0.01, 0.09  # seconds of each tenth that a starved node gets, and does not get


def _in_a_namespace(setup: str) -> list[str]:
    """What runs the interpreter where `setup`, of a shell, has mounted what it likes."""
    return ["unshare", "-m", "sh", "-c", f'{setup} && exec "$@"', "sh", sys.executable]


def _answers_there(bench: Bench, times: int, setup: str, **options: Any) -> Outcome:  # noqa: ANN401
    """Whether a node answers whose file systems a command has changed."""
    outcome = Outcome()
    for number in range(times):
        with (
            bench.start(python=_in_a_namespace(setup), **options) as node,
            bench.camera(width=320),
        ):
            try:
                node.wait_for_log(READY)
            except AssertionError as error:
                outcome.check(False, f"start {number + 1}: {str(error)[-300:]}")
                continue
            outcome.check(bench.is_answered(60.0), f"no answers, start {number + 1}")
            code = node.stop()
            outcome.check(code == 0, f"exit code {code}")
            outcome.check("Traceback" not in node.log, "a traceback")
    return outcome


def home_read_only(bench: Bench, times: int) -> Outcome:
    """Nothing can be written in the home."""
    return _answers_there(
        bench, times, "mount -t tmpfs -o ro none /mnt && export HOME=/mnt && unset ROS_LOG_DIR"
    )


def disk_full(bench: Bench, times: int) -> Outcome:
    """The disk of the log is full."""
    fill = "head -c 900000 /dev/zero > /mnt/full 2>/dev/null; cat /dev/zero > /mnt/rest 2>/dev/null"
    setup = f"mount -t tmpfs -o size=1m none /mnt && {{ {fill}; export ROS_LOG_DIR=/mnt; }}"
    return _answers_there(bench, times, setup)


def shared_memory_full(bench: Bench, times: int) -> Outcome:
    """/dev/shm has no room, for the camera, the node and whoever listens to it."""
    outcome = Outcome()
    # All three, because Fast DDS takes two processes of one machine to share it.
    setup = "mount -t tmpfs -o size=4m none /dev/shm && head -c 3900000 /dev/zero > /dev/shm/full"
    command = [
        *_in_a_namespace(setup),
        str(Path(__file__).with_name("faults.py")),
        "answers",
        "--times",
        str(times),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    outcome.check(done.returncode == 0, done.stdout[-800:] + done.stderr[-800:])
    outcome.times = times
    return outcome


def cpu_starved(bench: Bench, times: int) -> Outcome:
    """A node gets a tenth of the time, in slices, and then all of it again."""
    outcome = Outcome()
    answered = 0
    with bench.start() as node, bench.camera(width=320):
        node.wait_for_log(READY)
        for number in range(times):
            outcome.check(bench.is_answered(), f"no answers before time {number + 1}")
            answers = bench.peer.subscribe(FaceEmotionArray, "emotions")
            end = time.monotonic() + STARVED_FOR
            while time.monotonic() < end:
                node.process.send_signal(signal.SIGSTOP)
                time.sleep(STANDS)
                node.process.send_signal(signal.SIGCONT)
                time.sleep(RUNS)
            answered += len(answers.all)
            bench.peer.unsubscribe(answers)
        outcome.check(bench.is_answered(), "no answers after the last time")
        outcome.check(node.stop() == 0, "exit code")
        outcome.check("Traceback" not in node.log, "a traceback")
    outcome.times = times
    outcome.remark = f"{answered / times / STARVED_FOR:.1f} answers a second while starved"
    return outcome


def _truncate(file: Path, other: Path) -> None:
    with file.open("r+b") as content:
        content.truncate(file.stat().st_size // 2)


def _flip(file: Path, other: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _swap(file: Path, other: Path) -> None:
    shutil.copy(other, file)


def weights_damaged(bench: Bench, times: int) -> Outcome:
    """The classifier's files are cut off, have one bit flipped, or are those of another model."""
    outcome = Outcome()
    damages: tuple[Callable[[Path, Path], None], ...] = (_truncate, _flip, _swap)
    for damage in damages * times:
        with tempfile.TemporaryDirectory() as name:
            models = Path(shutil.copytree(MODELS, Path(name, "models")))
            for file in (models / "classifier_default").glob("*.*"):
                other = models / "classifier_paper" / file.name
                if file.suffix != ".json" and (damage is not _swap or other.exists()):
                    damage(file, other)
            there = _in_a_namespace(f"mount --bind {models} {MODELS}")
            with bench.start(python=there) as node:
                code = node.wait()
            told = "damaged or was altered" in node.log and "Traceback" not in node.log
            outcome.check(code == 1 and told, f"{damage.__name__}: exit code {code}: {node.log}")
    return outcome
