"""The launch files under launch_testing: nodes come up and end with exit code 0.

`launch_test test/ros/launch_files.py` runs this, and test_launch.py does.
"""

from __future__ import annotations

import os
import sys
import unittest
from collections.abc import Mapping
from pathlib import Path

import launch_testing
from ament_index_python.packages import get_packages_with_prefixes
from launch import LaunchDescription
from launch.actions import ExecuteProcess, IncludeLaunchDescription
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes
from launch_testing.io_handler import ActiveIoHandler
from launch_testing.proc_info_handler import ActiveProcInfoHandler

LAUNCH = Path(__file__).resolve().parents[2] / "launch"
#: What somebody else's launch file starts after including one of these: its transport is its own.
HOST = """
import os, sys
profiles = [name for name in os.environ if name.endswith("PROFILES_FILE")]
print("The host's profiles:", profiles, file=sys.stderr)
"""
for variable in [name for name in os.environ if name.endswith("PROFILES_FILE")]:
    del os.environ[variable]  # our launch files would leave it alone
TIMEOUT = 60.0  # seconds; generous, because a busy machine is no failure

#: Launch file, arguments, and what the nodes log when they are ready.
LAUNCHES: list[tuple[str, Mapping[str, str], tuple[str, ...]]] = [
    ("emotion_recognition", {"params_file": "pi4", "namespace": "robot"}, ("'/robot/image_raw'",)),
    ("emotion_recognition", {"autostart": "false"}, ("Waiting to be configured",)),
    (
        "demo",
        {"source": "astronaut", "rate": "5", "image_transport": "compressed", "loop": "false"},
        ("Publishing 'astronaut' at 5 ", "Ready: ", "'/image_raw/compressed'"),
    ),
    ("pi_camera", {"use_camera": "false", "backend": "opencv"}, ("'/camera/image_raw'", "opencv")),
    (
        "usb_camera",
        {"use_camera": "false", "image_topic": "/cam", "publish_annotated_image": "true"},
        ("images from '/cam'",),
    ),
    (
        "multi_camera",
        {"cameras": "left,right", "params_file": "pi3"},
        ("'/left/emotions'", "'/right/emotions'"),
    ),
    (
        "multi_camera",
        {"cameras": "left,right", "one_process": "false", "namespace": "robot"},
        ("'/robot/left/emotions'", "'/robot/right/emotions'"),
    ),
    (
        "demo",
        {"web": "true", "rate": "5", "params_file": "pi4", "namespace": "robot"},
        ("Ready: ", "The page is at http://127.0.0.1:"),
    ),
    (
        "multi_camera",
        {"cameras": "left,right", "web": "true"},
        ("'/left/emotions'", "The page is at http://127.0.0.1:"),
    ),
    (
        "demo",
        {"detector": "paper", "classifier": "paper", "frame_id": "eye", "respawn": "true"},
        ("models paper/paper", "Publishing "),
    ),
    ("emotion_recognition", {"log_level": "warn"}, ("No image on '/image_raw'",)),
    (
        "pi_camera",
        {
            "use_camera": "false",
            "image_topic": "",
            "web": "",
            "hri": "",
            "respawn": "",
            "width": "",
        },
        ("images from '/camera/image_raw'",),
    ),
    ("multi_camera", {"cameras": "left,right", "one_process": ""}, ("'/right/emotions'",)),
    ("../examples/robot.launch.py", {"robot": "anna"}, ("'/anna/camera/image_raw'",)),
    ("../examples/robot.launch.xml", {"robot": "anna"}, ("'/anna/camera/image_raw'",)),
    ("../examples/robot.launch.yaml", {"robot": "anna"}, ("'/anna/camera/image_raw'",)),
]
if "ros2bag" in get_packages_with_prefixes():  # a recording that waits for an active node
    LAUNCHES.append(("bag", {"bag": str(LAUNCH), "autostart": "false"}, ("Waiting to be",)))


@launch_testing.parametrize("name, arguments, expected", LAUNCHES)
def generate_test_description(
    name: str, arguments: Mapping[str, str], expected: tuple[str, ...]
) -> LaunchDescription:
    file = str(LAUNCH / (name if "." in Path(name).name else f"{name}.launch.py"))
    included = IncludeLaunchDescription(
        AnyLaunchDescriptionSource(file), launch_arguments=arguments.items()
    )
    host = ExecuteProcess(cmd=[sys.executable, "-c", HOST], name="host", output="screen")
    return LaunchDescription([included, host, ReadyToTest()])


class Running(unittest.TestCase):
    def test_nodes_are_ready(
        self,
        proc_output: ActiveIoHandler,
        name: str,
        arguments: Mapping[str, str],
        expected: tuple[str, ...],
    ) -> None:
        for text in (*expected, "The host's profiles: []"):
            proc_output.assertWaitFor(text, timeout=TIMEOUT)


@launch_testing.post_shutdown_test()
class Ended(unittest.TestCase):
    def test_exit_codes_are_0(self, proc_info: ActiveProcInfoHandler) -> None:
        assertExitCodes(proc_info)
