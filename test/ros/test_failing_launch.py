"""A launch that cannot do what it was asked for ends, with a reason and leaving nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest

pytest.importorskip("launch_ros.actions", reason="launch_ros is not on PyPI")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from ament_index_python.packages import get_packages_with_prefixes
from launch_process import launch_command, run_launch

MARK = "LAUNCH_UNDER_TEST"
CAMERAS = {"pi_camera": "camera_ros", "usb_camera": "usb_cam"}


def started_by(mark: str) -> list[int]:
    """The processes that live and have the mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # of another user, or gone
            continue
    return found


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("demo rate:=fast", "rate:=fast: expected a number"),
        ("demo loop:=maybe", "loop:=maybe: expected true or false"),
        ("demo autostart:=perhaps", "autostart:=perhaps: expected true or false"),
        ("demo namespace:=9x", "namespace:=9x: expected a namespace"),
        ("demo image_topic:=a//b", "image_topic:=a//b: expected a topic"),
        ("demo params_file:=/nowhere", "params_file:=/nowhere: expected the path of a YAML file"),
        ("pi_camera use_camera:=maybe", "use_camera:=maybe: expected true or false"),
        ("pi_camera", "apt install ros-"),
        ("usb_camera", "apt install ros-"),
        ("multi_camera cameras:=,", "cameras:=,: expected different namespaces"),
        ("multi_camera cameras:=a,b one_process:=maybe", "one_process:=maybe: expected true"),
        ("bag bag:=/nowhere", "bag:=/nowhere: expected the path of a file or folder"),
        ("multi_camera cameras:=a,b hri:=true", "hri:=true: expected false for several cameras"),
        ("demo log_level:=loud", "log_level:=loud: expected one of debug, info, warn"),
        ("demo respawn:=maybe", "respawn:=maybe: expected true or false"),
        ("bag bag:=/tmp log_level:=warn", "log_level:=warn: expected one of debug, info, because"),
        ("bag bag:=/tmp log_level:=loud", "log_level:=loud: expected one of debug, info, because"),
        ("multi_camera cameras:=a,/a", "cameras:=a,/a: expected different namespaces"),
        ("bag bag:=/tmp rate:=0", "rate:=0: expected a number above 0"),
        ("bag bag:=/tmp delay:=-1", "delay:=-1: expected a number, 0 or above"),
        ("demo backend:=nonsense", "ended with exit code 1, and the launch with it"),
        ("demo detector:=nonsense", "detector:=nonsense: expected one of default, paper"),
        ("demo classifier:=nonsense", "classifier:=nonsense: expected one of default, eight"),
        ("demo image_transport:=png", "image_transport:=png: expected one of raw, compressed"),
        ("demo image_topic:=~/image", "image_topic:=~/image: expected a topic"),
        ("demo source:=/nowhere.mp4", "ended with exit code 1, and the launch with it"),
    ],
)
def test_a_failing_launch_says_why_and_leaves_nothing_behind(
    tmp_path: Path, command: str, expected: str
) -> None:
    name, *arguments = command.split()
    if not arguments and CAMERAS[name] in get_packages_with_prefixes():
        pytest.skip(f"{CAMERAS[name]} is installed")
    mark = uuid.uuid4().hex
    environment = os.environ | {MARK: mark, "ROS_LOG_DIR": str(tmp_path)}
    done = run_launch(environment, name, *arguments)
    left = started_by(mark)
    for process in left:
        os.kill(process, 9)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert expected in output
    assert output.count("Caught exception in launch") == 1
    assert "Traceback" not in output
    assert left == []


def test_with_respawn_a_killed_node_starts_again_and_an_interrupt_ends_all(tmp_path: Path) -> None:
    mark, log = uuid.uuid4().hex, tmp_path / "log"
    with log.open("w") as output:
        launch = subprocess.Popen(
            launch_command("emotion_recognition", "respawn:=true"),
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {MARK: mark, "ROS_LOG_DIR": str(tmp_path)},
        )

    def wait_for_starts(number: int) -> None:
        deadline = time.monotonic() + 60  # generous, because a busy machine is no failure
        while log.read_text().count("Ready: ") < number:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    try:
        wait_for_starts(1)
        (node,) = set(started_by(mark)) - {launch.pid}
        os.kill(node, signal.SIGKILL)
        wait_for_starts(2)
        launch.send_signal(signal.SIGINT)
        assert launch.wait(60) == 0, log.read_text()
        assert started_by(mark) == []
    finally:
        for process in started_by(mark):
            os.kill(process, signal.SIGKILL)
