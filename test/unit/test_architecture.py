"""docs/architecture.md names places that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "emotion_recognition"
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PLACES = sorted(
    set(re.findall(r"\b(?:core|ros|pipeline|web)(?:\.\w+)*\.(?!py\b)[A-Za-z_]\w*\b", TEXT))
)


def exists(place: str) -> bool:
    """Whether a dotted name below the package is a module, or something defined in one."""
    parts = place.split(".")
    for end in range(len(parts), 0, -1):
        module = PACKAGE.joinpath(*parts[:end])
        file = module.with_suffix(".py") if module.with_suffix(".py").is_file() else None
        file = file or (module / "__init__.py" if (module / "__init__.py").is_file() else None)
        if file:
            return is_defined(ast.parse(file.read_text(encoding="utf-8")).body, parts[end:])
    return False


def is_defined(body: list[ast.stmt], names: list[str]) -> bool:
    if not names:
        return True
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == names[0]:
            return is_defined(node.body, names[1:])
    return False


def test_the_way_of_an_image_is_drawn() -> None:
    assert len(PLACES) >= 15


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_is_named_exists(place: str) -> None:
    assert exists(place)


@pytest.mark.parametrize("place", ["core.types.Fase", "ros.stream.nothing", "pipeline.load_x"])
def test_a_name_that_leads_nowhere_is_noticed(place: str) -> None:
    assert not exists(place)


@pytest.mark.parametrize("part", ["core", "backends", "web", "ros", "tools"])
def test_every_module_has_its_place_in_a_table(part: str) -> None:
    section = re.search(rf"^## {part}\n(.*?)(?=^## )", TEXT, re.MULTILINE | re.DOTALL)
    assert section
    named = {name.split("/")[-1] for name in re.findall(r"`([\w/]+)`", section[1])}
    modules = {path.stem for path in (PACKAGE / part).rglob("*.py")} - {"__init__", "__main__"}
    assert modules - named == set()
