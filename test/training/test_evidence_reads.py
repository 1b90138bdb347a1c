"""Evidence is gathered from what training has made; nothing that makes models depends on it."""

import ast
from pathlib import Path

import pytest

TRAINING = Path(__file__).resolve().parents[2] / "emotion_recognition" / "training"
EVIDENCE = "emotion_recognition.training.evidence"
#: The commands that gather it.
GATHER = ("evaluate.py", "accuracy_cost.py")


def imports_of(file: Path) -> set[str]:
    """Full names of the modules that a file imports from, anywhere in it."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return names | {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }


@pytest.mark.parametrize(
    "file",
    [file for file in sorted(TRAINING.glob("*.py")) if file.name not in GATHER],
    ids=lambda file: file.stem,
)
def test_what_makes_models_does_not_import_evidence(file: Path) -> None:
    found = imports_of(file)
    assert not [name for name in found if name.startswith(EVIDENCE)]
    assert not found & {f"emotion_recognition.training.{Path(name).stem}" for name in GATHER}


@pytest.mark.parametrize("name", GATHER)
def test_a_command_that_gathers_evidence_imports_it(name: str) -> None:
    assert any(found.startswith(EVIDENCE) for found in imports_of(TRAINING / name))


@pytest.mark.parametrize(
    "file", sorted((TRAINING / "evidence").glob("*.py")), ids=lambda file: file.stem
)
def test_evidence_imports_no_command(file: Path) -> None:
    commands = {
        "publish",
        "train_classifier",
        "train_detector",
        *(Path(name).stem for name in GATHER),
    }
    found = {name.rpartition(".")[2] for name in imports_of(file) if ".training." in name}
    assert not found & commands
