"""Answers on 64-bit Arm are those of this machine. `arm_answers.py` compares more of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from arm_answers import answers, answers_on_arm, compare

from emotion_recognition.core.images.sources import open_source

USERLAND = Path(os.environ.get("ARM_USERLAND", "/nonexistent"))


@pytest.mark.skipif(
    not (USERLAND / "site" / "ncnn").is_dir() or shutil.which("qemu-aarch64") is None,
    reason="needs qemu-aarch64, and ARM_USERLAND: a folder that arm_answers.py describes",
)
def test_ncnn_answers_with_16_bit_arithmetic_as_it_does_here(tmp_path: Path) -> None:
    images = list(open_source("astronaut"))[:60:30]
    np.savez(tmp_path / "images.npz", *images)
    here = answers(images, "default", "ncnn")
    there = answers_on_arm(USERLAND, "cortex-a76", tmp_path / "images.npz", "default", "ncnn")
    difference = compare(here, there)
    assert difference.faces == 2
    assert difference.within_limits(threshold=0.5)


FACE = {"box": [10.0, 10.0, 50.0, 50.0], "score": 0.9, "probabilities": [0.7, 0.1, 0.1, 0.1]}


def test_a_face_that_moved_is_measured_and_one_that_is_missing_is_told() -> None:
    moved = {**FACE, "box": [10.0, 11.5, 50.0, 50.0], "probabilities": [0.6, 0.2, 0.1, 0.1]}
    difference = compare([[FACE], [FACE]], [[moved], []])
    assert (difference.faces, difference.pixels) == (1, 1.5)
    assert difference.probability == pytest.approx(0.1)
    assert difference.alone == (0.9,)
    assert not difference.within_limits(threshold=0.5)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"box": [10.0, 11.5, 50.0, 50.0]}, True),
        ({"box": [10.0, 12.5, 50.0, 50.0]}, False),
        ({"probabilities": [0.66, 0.14, 0.1, 0.1]}, True),
        ({"probabilities": [0.6, 0.2, 0.1, 0.1]}, False),
    ],
)
def test_answers_are_the_same_within_limits(change: dict, same: bool) -> None:
    assert compare([[FACE]], [[{**FACE, **change}]]).within_limits(threshold=0.5) == same


def test_a_face_at_the_threshold_may_be_found_on_one_side() -> None:
    borderline = {**FACE, "box": [80.0, 10.0, 99.0, 30.0], "score": 0.51}
    assert compare([[FACE]], [[FACE, borderline]]).within_limits(threshold=0.5)


def test_no_face_at_all_shows_nothing() -> None:
    assert not compare([[]], [[]]).within_limits(threshold=0.5)
