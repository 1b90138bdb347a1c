"""What people who join read and use: the workflow, the containers, CONTRIBUTING, the citation."""

import configparser
import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import emotion_recognition

ROOT = Path(__file__).resolve().parents[2]


def workflow_job(name: str) -> dict[str, Any]:
    text = (ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8")
    job: dict[str, Any] = yaml.safe_load(text)["jobs"][name]
    return job


def test_the_workflow_builds_on_what_the_readme_promises() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    distros = workflow_job("ros")["strategy"]["matrix"]["distro"]
    promised = "{}, {} or {}".format(*(distro.capitalize() for distro in distros))
    assert f"With a ROS 2 sourced ({promised})" in readme
    assert workflow_job("ros")["strategy"]["matrix"]["arch"] == ["amd64", "arm64"]


def test_the_workflow_takes_the_oldest_python_that_the_package_does() -> None:
    setup_cfg = configparser.ConfigParser()
    setup_cfg.read(ROOT / "setup.cfg")
    pythons = workflow_job("without-ros")["strategy"]["matrix"]["python"]
    assert pythons == ["3.10", "3.11", "3.12", "3.13"]
    assert setup_cfg["options"]["python_requires"] == f">={pythons[0]}"
    assert {step["run"] for step in workflow_job("without-ros")["steps"] if "run" in step} == {
        "make demo",
        "make test",
    }


def test_every_action_is_pinned_by_its_commit() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8")
    used = re.findall(r"uses: (.*)", text)
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_containers_and_citation_agree_with_the_rest() -> None:
    bootstrap = (ROOT / "scripts" / "bootstrap.py").read_text(encoding="utf-8")
    (default,) = re.findall(r'^WHEEL_DISTROS = \("(\w+)"', bootstrap, re.MULTILINE)
    assert f"ARG ROS_DISTRO={default}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    devcontainer = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert devcontainer["image"] == f"ros:{default}-ros-base"
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == emotion_recognition.__version__
    assert f"*{citation['references'][0]['title']}*" in (ROOT / "README.md").read_text()


def test_every_path_that_contributing_names_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:emotion_recognition|test|docs|scripts)/[\w./]+)`", text))
    named |= set(re.findall(r"\]\(([\w./]+)\)", text))
    assert len(named) >= 8
    assert not [name for name in sorted(named) if not (ROOT / name).exists()]


@pytest.fixture
def service() -> configparser.ConfigParser:
    """The unit for systemd."""
    service = configparser.ConfigParser(interpolation=None)
    service.optionxform = str  # type: ignore[assignment, method-assign]
    service.read(ROOT / "examples" / "emotion_recognition.service")
    return service


def test_the_service_ends_the_launch_as_ctrl_c_does(service: configparser.ConfigParser) -> None:
    assert service["Service"]["KillSignal"] == "SIGINT"
    assert service["Service"]["KillMode"] == "mixed"  # else every node gets it twice at once
    command = service["Service"]["ExecStart"]
    assert "exec ros2 launch" in command  # without exec the shell would get the signal
    assert re.search(r"launch emotion_recognition (\w+\.launch\.py) params_file:=(\w+)", command)
    assert service["Service"]["Restart"] == "on-failure"


@pytest.mark.parametrize("has_venv", [True, False])
def test_the_service_takes_the_virtual_environment_where_there_is_one(
    service: configparser.ConfigParser, tmp_path: Path, has_venv: bool
) -> None:
    ros2 = 'ros2() { echo "${VIRTUAL_ENV-none} $*"; }; exec() { "$@"; }'  # instead of the real one
    setup = {"install/setup.bash": ros2}
    if has_venv:
        setup["venv/bin/activate"] = "VIRTUAL_ENV=there"
    for name, content in setup.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(content, encoding="utf-8")
    command = service["Service"]["ExecStart"].replace("/home/robot/ws", str(tmp_path))
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(
        shlex.split(command), capture_output=True, text=True, env=environment, check=True
    )
    found = "there" if has_venv else "none"
    assert done.stdout.startswith(f"{found} launch emotion_recognition pi_camera.launch.py ")
    assert done.stderr == ""


def test_the_service_waits_for_the_clock(service: configparser.ConfigParser) -> None:
    for key in ("After", "Wants"):
        assert "time-sync.target" in service["Unit"][key].split()
