"""What pytest does with a module of tests whose imports are not installed."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def collect(folder: Path, statement: str, body: str = "pass") -> subprocess.CompletedProcess[str]:
    """Runs pytest on a module of one test that starts with a statement."""
    for name in ("conftest.py", "browsers.py"):
        (folder / name).write_text((TESTS / name).read_text())
    (folder / "test_it.py").write_text(f"{statement}\ndef test_it(): {body}\n")
    program = (
        "import sys, pytest\n"
        "class Missing:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('torch', 'rclpy', 'ncnn'):\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
        "sys.exit(pytest.main(['-rs', '-p', 'no:cacheprovider', '.']))"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )


def test_a_module_that_needs_an_optional_library_is_skipped_with_the_reason(
    tmp_path: Path,
) -> None:
    done = collect(tmp_path, "import torch")
    assert "1 skipped" in done.stdout
    assert "needs torch, which is not installed" in done.stdout
    assert "error" not in done.stdout


def test_a_module_that_lacks_anything_else_is_an_error(tmp_path: Path) -> None:
    for statement in ("import rclpy", "from pathlib import nothing_of_the_kind"):
        done = collect(tmp_path, statement)
        assert done.returncode == 2
        assert "1 error" in done.stdout


def test_a_module_whose_imports_are_there_runs(tmp_path: Path) -> None:
    assert "1 passed" in collect(tmp_path, "import json").stdout


def test_a_test_of_a_backend_that_is_not_installed_is_skipped_with_the_reason(
    tmp_path: Path,
) -> None:
    # find_spec finds nothing where a module is None.
    load = "import sys; sys.modules['ncnn'] = None; load_detector(backend='ncnn')"
    done = collect(tmp_path, "from emotion_recognition import load_detector", load)
    assert "1 skipped" in done.stdout
    assert "needs ncnn, which is not installed" in done.stdout


def test_a_backend_that_does_not_exist_is_no_reason_to_skip(tmp_path: Path) -> None:
    statement = "from emotion_recognition import load_detector"
    done = collect(tmp_path, statement, "load_detector(backend='tensorrt')")
    assert "1 failed" in done.stdout
