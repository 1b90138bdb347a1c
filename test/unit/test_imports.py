"""What importing the package costs, and the direction of its dependencies."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "emotion_recognition"
HEAVY = ("torch", "rclpy", "onnxruntime", "ncnn", "onnx", "matplotlib", "aiohttp")

#: Each part of the package with the parts that it may import, beside itself.
DIRECTIONS = {
    "core": set(),
    "backends": {"core"},
    "pipeline": {"core", "backends"},
    "web": {"core"},
    "ros": {"core", "pipeline", "msg", "web"},
    "tools": {"core", "pipeline", "backends", "msg", "ros", "web"},
    "training": {"core", "pipeline", "backends"},
}
#: Other packages that a part must do without, whoever else is there.
FORBIDDEN = {
    "core": {"rclpy", "sensor_msgs", "std_msgs", "cv_bridge", "torch", "onnxruntime", "ncnn"},
    "pipeline": {"rclpy", "sensor_msgs", "std_msgs", "cv_bridge", "torch", "onnxruntime", "ncnn"},
    "backends": {"rclpy", "sensor_msgs", "std_msgs", "cv_bridge"},
    "web": {"rclpy", "sensor_msgs", "std_msgs", "cv_bridge", "torch", "onnxruntime", "ncnn"},
    "ros": {"torch", "onnxruntime", "ncnn"},
    "training": {"rclpy", "sensor_msgs", "std_msgs", "cv_bridge"},
}


def part_of(module: str) -> str:
    """The part of the package that a module of it belongs to."""
    return module.split(".")[1] if "." in module else "__init__"


def imported_modules(source: str) -> Iterator[str]:
    """Every module that a file imports, anywhere in it; names of the package itself resolved."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "emotion_recognition":
            for alias in node.names:
                if alias.name[0].isupper() or alias.name.startswith("load_"):
                    yield "emotion_recognition.pipeline"  # what __init__ hands on
                elif not alias.name.startswith("__"):
                    yield f"emotion_recognition.{alias.name}"
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def wrong_arrows(part: str, source: str) -> list[str]:
    """What a file of a part of the package imports against the directions."""
    allowed = DIRECTIONS[part] | {part}
    return [
        module
        for module in imported_modules(source)
        if (
            part_of(module) not in allowed
            if module.split(".")[0] == "emotion_recognition"
            else module.split(".")[0] in FORBIDDEN.get(part, ())
        )
    ]


@pytest.mark.parametrize("part", DIRECTIONS)
def test_dependencies_point_one_way(part: str) -> None:
    folder = PACKAGE / part
    files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    assert files
    found = {
        str(file.relative_to(PACKAGE)): arrows
        for file in files
        if (arrows := wrong_arrows(part, file.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_part_of_the_package_has_its_directions() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert folders | modules == set(DIRECTIONS)


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("core", "from emotion_recognition.backends import open_model"),
        ("core", "def late():\n    import torch"),
        ("core", "from emotion_recognition import EmotionPipeline"),
        ("backends", "from emotion_recognition.pipeline import load_detector"),
        ("pipeline", "from sensor_msgs.msg import Image"),
        ("ros", "from emotion_recognition.training import trainer"),
        ("ros", "import emotion_recognition.tools.cli"),
        ("tools", "from emotion_recognition.training.metrics import assign"),
        ("training", "import rclpy"),
        ("web", "from emotion_recognition.ros.messages.faces import faces_from_message"),
        ("web", "import rclpy"),
    ],
)
def test_an_arrow_that_points_back_is_noticed(part: str, source: str) -> None:
    assert wrong_arrows(part, source)


def modules_after(statement: str) -> set[str]:
    """Names of the modules in a fresh interpreter after a statement."""
    program = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(finished.stdout.split())


def test_importing_the_package_imports_no_library() -> None:
    loaded = modules_after("import emotion_recognition")
    assert not loaded & {"numpy", "cv2", *HEAVY}


@pytest.mark.parametrize("name", ["pipeline", "backends", "tools.cli", "tools.benchmark.command"])
def test_what_needs_no_ros_loads_none_and_no_backend(name: str) -> None:
    loaded = modules_after(f"import emotion_recognition.{name}")
    assert not loaded & set(HEAVY)
    assert not any(module.startswith("emotion_recognition.ros") for module in loaded)


@pytest.mark.parametrize("name", ["emotion_node", "video_source", "hri_bridge", "web_view"])
def test_an_executable_loads_its_node_only_when_it_runs(name: str) -> None:
    loaded = modules_after(f"import emotion_recognition.ros.{name}.__main__")
    assert not loaded & {"numpy", "cv2", *HEAVY}


def test_every_exported_name_is_there() -> None:
    import emotion_recognition

    for name in emotion_recognition.__all__:
        assert getattr(emotion_recognition, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = emotion_recognition.nothing_of_the_kind
