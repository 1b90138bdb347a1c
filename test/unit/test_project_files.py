"""What people who join read and use: the workflow, the containers, CONTRIBUTING, the citation."""

import configparser
import json
import re
from pathlib import Path
from typing import Any

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


def test_the_service_ends_the_launch_as_ctrl_c_does() -> None:
    service = configparser.ConfigParser(interpolation=None)
    service.optionxform = str  # type: ignore[assignment, method-assign]
    service.read(ROOT / "examples" / "emotion_recognition.service")
    assert service["Service"]["KillSignal"] == "SIGINT"
    assert service["Service"]["KillMode"] == "mixed"  # else every node gets it twice at once
    command = service["Service"]["ExecStart"]
    assert "exec ros2 launch" in command  # without exec the shell would get the signal
    assert re.search(r"launch emotion_recognition (\w+\.launch\.py) params_file:=(\w+)", command)
    assert service["Service"]["Restart"] == "on-failure"
