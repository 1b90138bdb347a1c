"""Launch files as `ros2 launch` runs them, which is not on PyPI, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

LAUNCH = Path(__file__).resolve().parents[2] / "launch"
#: What `ros2 launch` does with a launch file and its arguments.
RUN = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription

file, *arguments = sys.argv[1:]
service = LaunchService()
pairs = [argument.split(":=", 1) for argument in arguments]
included = IncludeLaunchDescription(file, launch_arguments=pairs)
service.include_launch_description(LaunchDescription([included]))
sys.exit(service.run())
"""


def launch_command(name: str, *arguments: str) -> list[str]:
    """The command for <name>.launch.py. arguments: such as rate:=5."""
    return [sys.executable, "-c", RUN, str(LAUNCH / f"{name}.launch.py"), *arguments]


def run_launch(
    environment: Mapping[str, str], name: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """<name>.launch.py, until it ends by itself."""
    return subprocess.run(
        launch_command(name, *arguments),
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,  # generous, because a busy machine is no failure
        check=False,
    )
