"""What the launch files tell the nodes that they start: namespaces, topics and time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("launch_ros.actions", reason="launch_ros is not on PyPI")

from launch_process import LAUNCH, run_launch

#: Stand in for all that the launch files start, and for what they only look for.
EXECUTABLES = {
    "camera_ros": ("camera_node",),
    "usb_cam": ("usb_cam_node_exe",),
    "emotion_recognition": ("emotion_node", "multi_camera_node", "web_view", "hri_bridge"),
    "ros2bag": (),
    "hri_msgs": (),
}
#: Notes its arguments, and what is in those that are files of parameters, a line each.
STAND_IN = """#!/bin/sh
for argument; do
  echo "$argument"
  if [ -f "$argument" ]; then cat "$argument"; fi
done > "$NOTES/${0##*/}.$$"
"""

Told = Callable[..., list[set[str]]]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Runs a launch file; what it told each process of one executable, as a set of lines."""
    packages = tmp_path / "share" / "ament_index" / "resource_index" / "packages"
    packages.mkdir(parents=True)
    for package, executables in EXECUTABLES.items():
        (packages / package).touch()
        (tmp_path / "lib" / package).mkdir(parents=True)
        for executable in executables:
            path = tmp_path / "lib" / package / executable
            path.write_text(STAND_IN, encoding="utf-8")
            path.chmod(0o755)
    (tmp_path / "share" / "emotion_recognition").mkdir()
    (tmp_path / "share" / "emotion_recognition" / "config").symlink_to(LAUNCH.parent / "config")
    notes = tmp_path / "notes"
    notes.mkdir()
    environment = os.environ | {
        "AMENT_PREFIX_PATH": f"{tmp_path}:{os.environ['AMENT_PREFIX_PATH']}",
        "ROS_LOG_DIR": str(tmp_path / "log"),
        "NOTES": str(notes),
    }

    def run(executable: str, launch_file: str, *arguments: str) -> list[set[str]]:
        done = run_launch(environment, launch_file, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        files = sorted(notes.glob(f"{executable}.*"))
        return [
            {line.strip() for line in file.read_text(encoding="utf-8").splitlines()}
            for file in files
        ]

    return run


@pytest.mark.parametrize(
    ("image_topic", "expected"),
    [
        ("/cam/image", "/cam/camera_info"),
        ("/image", "/camera_info"),
        ("robot/eye/image_raw", "robot/eye/camera_info"),
    ],
)
@pytest.mark.parametrize(
    ("launch_file", "executable", "own"),
    [
        ("pi_camera", "camera_node", "~/camera_info"),
        ("usb_camera", "usb_cam_node_exe", "camera_info"),
    ],
)
def test_the_calibration_of_a_camera_goes_where_its_images_go(
    told: Told, launch_file: str, executable: str, own: str, image_topic: str, expected: str
) -> None:
    (camera,) = told(executable, launch_file, f"image_topic:={image_topic}")
    assert f"{own}:={expected}" in camera
    assert f"{own.replace('camera_info', 'image_raw')}:={image_topic}" in camera


@pytest.mark.parametrize(
    ("launch_file", "executable"),
    [("pi_camera", "camera_node"), ("usb_camera", "usb_cam_node_exe")],
)
def test_by_default_the_calibration_of_a_camera_stays_where_it_is(
    told: Told, launch_file: str, executable: str
) -> None:
    (camera,) = told(executable, launch_file)
    assert not [line for line in camera if "camera_info" in line]


@pytest.mark.parametrize("executable", ["emotion_node", "web_view", "hri_bridge"])
def test_every_node_beside_a_recording_has_the_recordings_time(told: Told, executable: str) -> None:
    (node,) = told(executable, "bag", f"bag:={LAUNCH}", "web:=true", "hri:=true")
    assert "use_sim_time: true" in node


@pytest.mark.parametrize("namespace", ["", "/"])
def test_cameras_may_be_named_with_a_slash(told: Told, namespace: str) -> None:
    arguments = ("cameras:=/left,right/", "one_process:=false", f"namespace:={namespace}")
    left_and_right = told("emotion_node", "multi_camera", *arguments)
    spaces = {line for node in left_and_right for line in node if line.startswith("__ns:=")}
    assert spaces == {"__ns:=/left", "__ns:=/right"}


def test_the_page_of_cameras_with_a_slash_takes_the_images_of_image_topic(told: Told) -> None:
    arguments = ("namespace:=robot", "cameras:=/left", "image_topic:=color", "web:=true")
    (page,) = told("web_view", "multi_camera", *arguments)
    assert {"__ns:=/robot", "left/image_raw:=left/color", "- left"} <= page
