"""Setting up on a machine where something is missing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "bootstrap.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder like a fresh clone, with the script alone."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    return tmp_path


def run(project: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "scripts" / "bootstrap.py"), *arguments]
    return subprocess.run(
        command, env={"PATH": path}, capture_output=True, text=True, check=False, timeout=60
    )


def test_missing_build_tools_are_named_in_one_line_before_anything_is_done(project: Path) -> None:
    result = run(project, "demo", path="/nowhere")
    assert result.returncode == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "sudo apt-get install" in line
    assert {"cmake", "g++", "make"} <= set(line.split())
    assert not any(project.glob(".venv*"))


def test_only_what_is_missing_is_named(project: Path) -> None:
    tools = project / "bin"
    tools.mkdir()
    for tool in ("cc", "c++", "make"):
        (tools / tool).write_text("#!/bin/sh\n")
        (tools / tool).chmod(0o755)
    result = run(project, "demo", path=str(tools))
    (line,) = result.stderr.splitlines()
    assert "cmake" in line.split()
    assert not {"g++", "make"} & set(line.split())


def test_a_distribution_without_wheels_is_refused_with_the_choice(project: Path) -> None:
    result = run(project, "demo", "--distro", "humble", path="/nowhere")
    assert result.returncode == 2
    assert "kilted" in result.stderr
    assert "jazzy" in result.stderr
