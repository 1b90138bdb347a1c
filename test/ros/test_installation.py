"""What the build has installed, and that the shipped parameter file fits the node."""

import configparser
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

packages = pytest.importorskip("ament_index_python.packages", reason="needs a ROS 2 environment")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def prefix() -> Path:
    return Path(packages.get_package_prefix("emotion_recognition"))


def test_every_console_script_is_an_executable_for_ros2_run(prefix: Path) -> None:
    setup_cfg = configparser.ConfigParser()
    setup_cfg.read(ROOT / "setup.cfg")
    scripts = setup_cfg["options.entry_points"]["console_scripts"].split("\n")[1:]
    # These are for ROS alone; pip has the benchmark as a word of `emotion_recognition`.
    for name in ["benchmark", "views", *(line.split(" = ")[0] for line in scripts)]:
        executable = prefix / "lib" / "emotion_recognition" / name
        assert os.access(executable, os.X_OK)
        # A fixed interpreter would miss what is installed in a virtual environment.
        assert executable.read_text().startswith("#!/usr/bin/env python3\n")


def test_launch_and_config_files_are_installed(prefix: Path) -> None:
    share = prefix / "share" / "emotion_recognition"
    for folder in ("launch", "config", "examples", "policies"):
        expected = {path.name for path in (ROOT / folder).iterdir() if path.is_file()}
        assert expected <= {path.name for path in (share / folder).iterdir()}


def test_models_are_installed_beside_the_messages() -> None:
    import emotion_recognition.msg

    installed = Path(emotion_recognition.msg.__file__).parents[1] / "models"
    models = ROOT / "emotion_recognition" / "models"
    expected = {path.relative_to(models) for path in models.rglob("*.json")}
    assert expected
    assert all((installed / path).is_file() for path in expected)


def test_the_marker_of_type_hints_is_installed() -> None:
    import emotion_recognition.msg

    assert (Path(emotion_recognition.msg.__file__).parents[1] / "py.typed").is_file()


def flat(parameters: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Parameters by their full name, from the nested form of YAML files."""
    names: dict[str, Any] = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            names |= flat(value, f"{prefix}{name}.")
        else:
            names[prefix + name] = value
    return names


@pytest.mark.parametrize("board", ["pi3", "pi4", "pi5"])
def test_parameter_files_of_the_boards_are_taken_by_the_node(board: str) -> None:
    rclpy = pytest.importorskip("rclpy")
    from emotion_recognition.ros.emotion_node.node import EmotionNode

    file = ROOT / "config" / f"{board}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    stated = flat(content["/**"]["ros__parameters"])
    assert stated
    rclpy.init(args=["--ros-args", "-r", "__ns:=/robot", "--params-file", str(file)])
    try:
        node = EmotionNode()
        try:
            assert stated == {name: node.get_parameter(name).value for name in stated}
        finally:
            node.close()
    finally:
        rclpy.shutdown()


def test_parameter_file_states_the_defaults() -> None:
    rclpy = pytest.importorskip("rclpy")
    from test_parameters import AT_START

    from emotion_recognition.ros.emotion_node.node import EmotionNode
    from emotion_recognition.ros.parameters.settings import SETTINGS

    content = yaml.safe_load((ROOT / "config" / "emotion_node.yaml").read_text(encoding="utf-8"))
    rclpy.init()
    try:
        node = EmotionNode()
        try:
            stated = flat(content["/**"]["ros__parameters"])
            actual = {name: node.get_parameter(name).value for name in stated}
            assert stated == actual
            of_models = {"score_threshold", "reject_threshold"}
            assert set(stated) | of_models == {*AT_START, *SETTINGS}
        finally:
            node.close()
    finally:
        rclpy.shutdown()
