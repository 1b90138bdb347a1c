"""Tests need more than the package does: those whose library is not installed are skipped."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

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

#: Executables of browsers that the page is tried in, where one is there.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


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
    """A real browser, without a window. While it is there, this thread has an event loop."""
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: .venv/bin/pip install playwright"
    )
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip(f"needs a browser ({', '.join(BROWSERS)}): apt install chromium")
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()
