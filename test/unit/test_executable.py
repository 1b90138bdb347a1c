"""A node that cannot start says why in one line and exits with 1."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def start_without(module: str, node: str) -> subprocess.CompletedProcess[str]:
    """Runs a node in a process in which a module cannot be imported."""
    program = (
        f"import sys; sys.modules['{module}'] = None; "
        f"from emotion_recognition.ros.{node}.__main__ import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("node", ["emotion_node", "video_source", "hri_bridge", "web_view"])
def test_without_ros_one_line_tells_what_to_do(node: str) -> None:
    ended = start_without("rclpy", node)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{node}: cannot start: ")
    assert "source its setup.bash" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_without_built_messages_one_line_tells_what_to_do() -> None:
    pytest.importorskip("rclpy", reason="needs ROS 2")
    ended = start_without("emotion_recognition.msg", "emotion_node")
    assert ended.returncode == 1
    assert "build this package with colcon" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("library", "node", "remedy"),
    [
        ("hri_msgs", "hri_bridge", "install ros-$ROS_DISTRO-hri-msgs"),
        ("aiohttp", "web_view", "apt install python3-aiohttp, or pip install aiohttp"),
    ],
)
def test_without_a_library_its_node_tells_what_to_install(
    library: str, node: str, remedy: str
) -> None:
    pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")
    ended = start_without(library, node)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"{node}: cannot start: ")
    assert remedy in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("library", ["numpy", "cv2"])
def test_the_linear_algebra_of_a_library_starts_no_threads(library: str) -> None:
    if (os.cpu_count() or 1) == 1:
        pytest.skip("one core has one thread anyway")
    program = (
        f"import emotion_recognition.ros.process.executable, {library}, os; "
        "print(len(os.listdir('/proc/self/task')))"
    )
    environment = {name: value for name, value in os.environ.items() if "_NUM_THREADS" not in name}
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert int(ended.stdout) == 1


@pytest.mark.parametrize(
    ("environment", "threads"), [({}, 1), ({"OPENCV_FOR_THREADS_NUM": "3"}, 3)], ids=str
)
def test_opencv_works_with_one_thread_unless_told_otherwise(
    environment: dict[str, str], threads: int
) -> None:
    program = "import emotion_recognition.ros.process.executable, cv2; print(cv2.getNumThreads())"
    others = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=others | environment,
        check=True,
    )
    assert int(ended.stdout) == threads
