"""Tests need more than the package does: those whose library is not installed are skipped."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from emotion_recognition.core.errors import BackendError

#: Libraries that `make test` installs, and that rosdep does not know or need not install.
OPTIONAL = frozenset(
    {"hypothesis", "matplotlib", "ncnn", "onnx", "onnxruntime", "pnnx", "torch", "tqdm"}
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
