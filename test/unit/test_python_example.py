"""The example of the Python API, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion_recognition.core.images.sources import SourceError, open_source

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "faces_in_a_picture.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    return subprocess.run(
        [sys.executable, str(EXAMPLE), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_tells_the_face_of_a_photograph(tmp_path: Path) -> None:
    try:
        photograph = next(iter(open_source("astronaut", width=640, height=480)))
    except SourceError as error:
        pytest.skip(str(error))
    picture = tmp_path / "photograph.png"
    cv2.imwrite(str(picture), photograph)
    done = run(str(picture))
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("happy (")
    assert " at x " in line


def test_a_picture_without_a_face_gives_no_line(tmp_path: Path) -> None:
    picture = tmp_path / "blank.png"
    cv2.imwrite(str(picture), np.full((120, 160, 3), 128, np.uint8))
    done = run(str(picture))
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    done = run(str(tmp_path / "none.jpg"))
    assert done.returncode == 1
    assert "none.jpg is not a picture" in done.stderr
