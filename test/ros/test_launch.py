"""The launch files, run by launch_testing where it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("launch_testing", reason="launch_testing is not on PyPI")
pytest.importorskip("launch_ros", reason="launch_ros is not on PyPI")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")


def test_every_launch_file_brings_up_its_nodes_and_ends_them_cleanly() -> None:
    # A process of its own, because the plugin for pytest does not fit every version of pytest.
    command = [sys.executable, "-m", "launch_testing.launch_test"]
    tests = str(Path(__file__).with_name("launch_files.py"))
    done = subprocess.run([*command, tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
