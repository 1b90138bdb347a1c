"""Tests need more than the package does: those whose library is not installed are skipped."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browsers import NoBrowserError, opened_browser

from emotion_recognition.core.errors import BackendError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Libraries that `make test` installs, and that rosdep does not know or need not install.
OPTIONAL = frozenset(
    {
        "aiohttp",
        "hypothesis",
        "matplotlib",
        "ncnn",
        "onnx",
        "onnxruntime",
        "playwright",
        "pnnx",
        "torch",
        "tqdm",
    }
)


class Module(pytest.Module):
    """A module of tests that is skipped where a library of OPTIONAL is what it cannot import."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        try:
            return super().collect()
        except self.CollectError as error:
            missing = getattr(error.__cause__, "name", None)
            if isinstance(error.__cause__, ModuleNotFoundError) and missing in OPTIONAL:
                pytest.skip(f"needs {missing}, which is not installed", allow_module_level=True)
            raise


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trainings first: they take longest, and then none is left alone at the end."""
    items.sort(key=lambda item: "training" not in item.path.parts)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module:
    module: pytest.Module = Module.from_parent(parent, path=module_path)
    return module


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """The same for a test that needs a library which its module does not."""
    try:
        return (yield)
    except (ModuleNotFoundError, BackendError) as error:
        if isinstance(error, ModuleNotFoundError):
            missing = error.name
        else:
            missing = next(iter(re.findall(r"needs the module (\w+)", str(error))), None)
        if missing in OPTIONAL:
            pytest.skip(f"needs {missing}, which is not installed")
        raise


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real browser, as `opened_browser` has it."""
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(opened_browser())
        except NoBrowserError as error:
            pytest.skip(str(error))
        yield browser
