"""Setting up on a machine where something is missing, and which ROS 2 is taken where none is."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "bootstrap.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder like a fresh clone, with the script alone."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(SCRIPT, tmp_path / "scripts")
    return tmp_path


@pytest.fixture(scope="module")
def distros() -> tuple[str, ...]:
    """The distributions that have wheels, the default first."""
    (line,) = re.findall(r"^WHEEL_DISTROS = \((.*)\)$", SCRIPT.read_text(), re.MULTILINE)
    return tuple(re.findall(r'"(\w+)"', line))


def run(
    project: Path, *arguments: str, path: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(project / "scripts" / "bootstrap.py"), *arguments]
    return subprocess.run(
        command,
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
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


def test_a_compiler_may_have_arguments_and_be_missing_all_the_same(project: Path) -> None:
    tools = project / "bin"
    tools.mkdir()
    for tool in ("cc", "ccache"):
        (tools / tool).write_text("#!/bin/sh\n")
        (tools / tool).chmod(0o755)
    (line,) = run(project, "demo", path=str(tools), CXX="ccache g++").stderr.splitlines()
    assert "g++" not in line.split()
    (line,) = run(project, "demo", path=str(tools), CXX="ccold g++").stderr.splitlines()
    assert "g++" in line.split()


def test_a_distribution_without_wheels_is_refused_with_the_choice(project: Path) -> None:
    result = run(project, "demo", "--distro", "humble", path="/nowhere")
    assert result.returncode == 2
    assert "kilted" in result.stderr
    assert "jazzy" in result.stderr


@pytest.mark.parametrize("order", [("jazzy", "kilted"), ("kilted", "jazzy")], ids="-".join)
@pytest.mark.parametrize("wanted", ["", "jazzy", "kilted"])
def test_one_line_decides_whose_folders_are_the_default_ones(
    project: Path, order: tuple[str, str], wanted: str
) -> None:
    text = SCRIPT.read_text()
    line = f"WHEEL_DISTROS = {order}".replace("'", '"')
    changed = re.sub(r"^WHEEL_DISTROS = .*$", line, text, flags=re.MULTILINE)
    (project / "scripts" / "bootstrap.py").write_text(changed)
    shutil.copy(ROOT / "scripts" / "run", project / "scripts")
    folder = "install" if wanted in ("", order[0]) else f"install-{wanted}"
    for name in ("install", "install-jazzy", "install-kilted"):
        (project / name).mkdir()
        (project / name / "setup.bash").write_text(f"export SOURCED={name}\n")
    done = subprocess.run(
        [str(project / "scripts" / "run"), "printenv", "SOURCED"],
        env={"PATH": "/usr/bin:/bin", "DISTRO": wanted},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == folder
    # The folders that the script makes are the same.
    code = f"import bootstrap; print(bootstrap.Workspace({wanted or None!r}).install.name)"
    made = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project / "scripts",
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout.strip() == folder


def test_the_default_distribution_is_named_nowhere_else(distros: tuple[str, ...]) -> None:
    for name in ("Makefile", "scripts/run", ".ci/run", ".github/workflows/ci.yaml"):
        text = (ROOT / name).read_text()
        # As a distribution of the wheels: the workflow also names it as one of the official images.
        assert not re.search(rf"DISTRO[=: ]+({'|'.join(distros)})", text), name


def test_the_readme_tells_the_default_and_how_to_take_another(distros: tuple[str, ...]) -> None:
    default, other = distros
    sentence = (
        f"`DISTRO={other}` takes PyPI's ROS 2 {other.capitalize()} instead of "
        f"{default.capitalize()}."
    )
    assert sentence in (ROOT / "README.md").read_text()
