"""Launch arguments that cannot be used are refused, with the argument and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ament_index_python", reason="needs a ROS 2 environment")

from emotion_recognition.ros.launch_files.arguments import (
    ArgumentError,
    MissingPackageError,
    Parser,
    boolean,
    existing_path,
    index_or_name,
    namespace,
    namespaces,
    not_negative,
    number,
    one_of,
    parameter_file,
    positive_number,
    require,
    sensor_mode,
    text,
    topic,
    whole_number,
)


@pytest.mark.parametrize(
    ("parse", "given", "expected"),
    [
        (text, "5", "5"),
        (boolean, "true", True),
        (boolean, "False", False),
        (boolean, "0", False),
        (boolean, "on", True),
        (number, "0", 0.0),
        (number, "29.97", 29.97),
        (positive_number, "1e-3", 0.001),
        (whole_number, "640", 640),
        (not_negative, "0", 0.0),
        (not_negative, "2.5", 2.5),
        (one_of(0, 90), "90", 90),
        (one_of("debug", "info"), "debug", "debug"),
        (sensor_mode, "1640:1232", "1640:1232"),
        (index_or_name, "0", 0),
        (index_or_name, "/base/soc/i2c0mux", "/base/soc/i2c0mux"),
        (namespace, "", ""),
        (namespace, "/robot/head_2", "/robot/head_2"),
        (namespace, "/", ""),
        (topic, "/camera/image_raw", "/camera/image_raw"),
        (namespaces, "left,right", ["left", "right"]),
        (namespaces, "[robot/left, right]", ["robot/left", "right"]),
        (namespaces, "left right", ["left", "right"]),
        (namespaces, "/left,robot/right/", ["left", "robot/right"]),
        (existing_path, "/", Path("/")),
    ],
)
def test_the_text_of_an_argument_becomes_its_value(
    parse: Parser, given: str, expected: object
) -> None:
    value = parse("name", given)
    assert value == expected
    assert type(value) is type(expected) or isinstance(value, Path)


@pytest.mark.parametrize(
    ("parse", "given", "expected"),
    [
        (boolean, "maybe", "true or false"),
        (boolean, "2", "true or false"),
        (number, "fast", "a number"),
        (number, "nan", "a number"),
        (number, "inf", "a number"),
        (positive_number, "0", "a number above 0"),
        (positive_number, "-1", "a number above 0"),
        (positive_number, "fast", "a number above 0"),
        (whole_number, "wide", "a whole number"),
        (whole_number, "-640", "a whole number"),
        (whole_number, "640.0", "a whole number"),
        (whole_number, "9" * 400, "a whole number"),
        (not_negative, "-0.1", "a number, 0 or above"),
        (not_negative, "nan", "a number, 0 or above"),
        (not_negative, "soon", "a number, 0 or above"),
        (one_of(0, 90), "45", "one of 0, 90"),
        (one_of("debug", "info"), "DEBUG", "one of debug, info"),
        (one_of("a", "b", because="c is not"), "c", "one of a, b, because c is not"),
        (sensor_mode, "1640x1232", "width:height in pixels"),
        (sensor_mode, "1640:", "width:height in pixels"),
        (one_of(0, 90), "x", "one of 0, 90"),
        (namespace, "9x", "a namespace of"),
        (namespace, "a//b", "a namespace of"),
        (namespace, "a b", "a namespace of"),
        (namespace, "robot/", "a namespace of"),
        (topic, "", "a topic"),
        (topic, "a//b", "a topic"),
        (topic, "a b", "a topic"),
        (topic, "/", "a topic"),
        (topic, "~/image", "a topic"),
        (namespaces, "", "different namespaces"),
        (namespaces, ",", "different namespaces"),
        (namespaces, "left,left", "different namespaces"),
        (namespaces, "left,/left", "different namespaces"),
        (namespaces, "/", "different namespaces"),
        (namespaces, "left,9", "different namespaces"),
        (existing_path, "/nowhere", "the path of a file or folder"),
        (existing_path, "~nosuchuser/bag", "a path whose ~ is that of a user there is"),
        (existing_path, "", "the path of a file or folder"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named_with_what_was_expected(
    parse: Parser, given: str, expected: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        parse("name", given)
    assert str(caught.value).startswith(f"name:={given}: expected {expected}")


def test_a_parameter_file_is_a_path_or_the_name_of_a_packaged_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("/**: {ros__parameters: {threads: 2}}\n")
    assert parameter_file("params_file", str(path), {}) == path
    assert parameter_file("params_file", "pi4", {"pi4": path}) == path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "the path of a YAML file, or one of pi4"),
        (b"a: [b\nc: {", "a readable YAML file, but while parsing"),
        (b"\xff\xfe\xfd", "a readable YAML file, but"),
        (b"", "parameters by node, there are none"),
        (b"- 1", "parameters by node, there are none"),
    ],
)
def test_a_parameter_file_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, content: bytes | None, expected: str
) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArgumentError) as caught:
        parameter_file("params_file", str(path), {"pi4": path})
    assert str(caught.value).startswith(f"params_file:={path}: expected ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the executables of a package `some_camera`, the only one that is installed."""
    index = tmp_path / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "some_camera").touch()
    folder = tmp_path / "lib" / "some_camera"
    folder.mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    return folder


def test_a_package_that_is_missing_is_named_with_the_way_to_get_it(installed: Path) -> None:
    with pytest.raises(MissingPackageError, match=r"apt install ros-jazzy-camera-ros, or wait$"):
        require("camera_ros", "camera_node", "wait")


def test_an_executable_that_is_missing_is_named(installed: Path) -> None:
    require("some_camera")
    with pytest.raises(MissingPackageError, match=r"no camera_node in .*ros-jazzy-some-camera"):
        require("some_camera", "camera_node")
    (installed / "camera_node").touch(mode=0o755)
    require("some_camera", "camera_node")
