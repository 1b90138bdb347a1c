"""Launch files as `ros2 launch` runs them, which is not on PyPI, in a process of their own."""

from __future__ import annotations

import sys
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
