"""What the models' runtimes write or send by themselves: nothing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIPELINE = """
import numpy
from emotion_recognition import EmotionPipeline
EmotionPipeline(backend="{backend}")(numpy.zeros((240, 320, 3), numpy.uint8))
"""


def files_of_a_run(command: list[str], home: Path, **variables: str) -> list[str]:
    """What a program leaves in a home and a folder for temporary files that were empty before."""
    home.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))
    }
    environment |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": str(ROOT), **variables}
    subprocess.run(
        command, cwd=home, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=120
    )
    return sorted(str(path.relative_to(home)) for path in home.rglob("*"))


@pytest.mark.parametrize("backend", ["onnxruntime", "ncnn", "torch", "opencv"])
def test_the_pipeline_leaves_no_file(backend: str, tmp_path: Path) -> None:
    pytest.importorskip({"opencv": "cv2"}.get(backend, backend), reason="needs the backend")
    command = [sys.executable, "-c", PIPELINE.format(backend=backend)]
    assert files_of_a_run(command, tmp_path / "home") == []


def test_the_command_line_leaves_no_file_but_its_output(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "emotion_recognition.tools.cli", str(ROOT / "docs/demo.png")]
    home = tmp_path / "home"
    assert files_of_a_run([*command, "--json", "faces.jsonl"], home) == ["faces.jsonl"]


def test_telemetry_that_the_environment_asks_for_stays_off(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the backend")
    command = [sys.executable, "-c", PIPELINE.format(backend="onnxruntime")]
    assert files_of_a_run(command, tmp_path / "home", ORT_DISABLE_TELEMETRY="0") == []


def test_onnxruntime_is_imported_in_one_place() -> None:
    """There its telemetry is turned off, which is possible only before the import."""
    importing = [
        str(path.relative_to(ROOT))
        for folder in ("emotion_recognition", "examples", "launch", "scripts", "test")
        for path in (ROOT / folder).rglob("*.py")
        if "onnxruntime" in _imports(path)
    ]
    assert importing == ["emotion_recognition/backends/onnxruntime_backend.py"]


def _imports(path: Path) -> set[str]:
    """The names of the packages that a file imports, anywhere in it."""
    modules: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(node.module or "")
    return {module.split(".")[0] for module in modules}
