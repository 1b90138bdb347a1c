"""Of the shared memory on a machine a start removes what nobody uses, and nothing else."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from emotion_recognition.ros.process.shared_memory import remove_orphans

PIXELS = bytes(range(256)) * 32


def make_segment(folder: Path, name: str, old: bool = True) -> tuple[Path, Path]:
    """A segment and the file that its process keeps locked, as Fast DDS makes them."""
    segment, lock = folder / name, folder / f"{name}_el"
    segment.write_bytes(PIXELS)
    lock.touch()
    if old:
        os.utime(lock, (0, 0))
    return segment, lock


@pytest.mark.parametrize("library", ["fastdds", "fastrtps"])
def test_a_segment_that_no_process_locks_goes_and_its_size_is_told(
    library: str, tmp_path: Path
) -> None:
    files = make_segment(tmp_path, f"{library}_0123456789abcdef")
    assert remove_orphans(tmp_path) > 0
    assert not any(file.exists() for file in files)


def test_what_cannot_be_removed_hinders_nothing_and_is_not_counted(tmp_path: Path) -> None:
    made = [make_segment(tmp_path, f"fastdds_{number:016x}") for number in range(6)]
    sizes = [segment.stat().st_blocks * 512 for segment, _ in made]
    for segment, _ in made[::2]:
        segment.unlink()  # as by another start at the same time
    assert remove_orphans(tmp_path) == sum(sizes[1::2]) > 0
    assert not any(segment.exists() for segment, _ in made)


def test_a_segment_of_a_living_process_stays(tmp_path: Path) -> None:
    files = make_segment(tmp_path, "fastdds_0123456789abcdef")
    with files[1].open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_orphans(tmp_path) == 0
    assert all(file.exists() for file in files)


def test_a_segment_that_was_just_made_stays(tmp_path: Path) -> None:
    files = make_segment(tmp_path, "fastdds_0123456789abcdef", old=False)
    assert remove_orphans(tmp_path) == 0
    assert all(file.exists() for file in files)


@pytest.mark.parametrize(
    "name", ["fastdds_0123", "fastdds_port7400", "sem.fastdds_port7400_mutex", "somebody_else"]
)
def test_what_is_no_segment_stays(name: str, tmp_path: Path) -> None:
    files = make_segment(tmp_path, name)
    assert remove_orphans(tmp_path) == 0
    assert all(file.exists() for file in files)


def test_a_machine_without_such_a_folder_has_none(tmp_path: Path) -> None:
    assert remove_orphans(tmp_path / "missing") == 0


def test_the_log_tells_how_much_was_removed() -> None:
    pytest.importorskip("rclpy", reason="needs ROS 2")
    program = (
        "from emotion_recognition.ros.process import executable\n"
        "executable.remove_orphans = lambda: 5_200_000\n"
        "executable.run('some_node', exit)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert "[some_node]: Removed 5.2 MB of shared memory that killed processes left" in ended.stderr
