"""What importing the package costs, and the direction of its dependencies."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "rclpy", "onnxruntime", "onnx", "matplotlib")


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


@pytest.mark.parametrize(
    "name",
    [
        "core.pipeline",
        "core.overlay",
        "core.sources",
        "backends",
        "ros.emotion_node",
        "ros.video_source",
        "ros.hri_bridge",
    ],
)
def test_no_module_of_the_runtime_imports_torch_or_training(name: str) -> None:
    loaded = modules_after(f"import emotion_recognition.{name}")
    assert not loaded & {"torch", "onnxruntime"}
    assert not any(module.startswith("emotion_recognition.training") for module in loaded)


@pytest.mark.parametrize("name", ["pipeline", "overlay", "sources", "image", "manifest"])
def test_the_core_does_not_import_ros(name: str) -> None:
    loaded = modules_after(f"import emotion_recognition.core.{name}")
    assert not any(
        module.split(".")[0] in ("rclpy", "sensor_msgs", "cv_bridge") for module in loaded
    )
    assert not any(module.startswith("emotion_recognition.ros") for module in loaded)


def test_every_exported_name_is_there() -> None:
    import emotion_recognition

    for name in emotion_recognition.__all__:
        assert getattr(emotion_recognition, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = emotion_recognition.nothing_of_the_kind
