"""The detector that a manifest asks for, and the shapes that its network must have."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.core.detectors import (
    INPUT_WIDTHS,
    chosen_width,
    expect_shapes,
    make_detector,
)
from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.manifest import Manifest
from emotion_recognition.core.multilevel import MultilevelDetector

#: Of an input of 256x320: 32 * 40 + 16 * 20 + 8 * 10 cells.
WIDE = ((1, 3, 256, 320), (1, 5, 1680))
FIXED = (FaceDetector.INPUT_SHAPE, FaceDetector.OUTPUT_SHAPE)


def manifest(shapes: tuple[tuple[int, ...], tuple[int, ...]], **settings: float) -> Manifest:
    every: Mapping[str, float] = {"score_threshold": 0.4, **settings}
    return Manifest("detector", "made", Path(), *shapes, ("face",), every, {}, {})


TAKES_ANY = manifest(WIDE, input_width=320)
TAKES_ONE = manifest(FIXED)


def network(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    raise AssertionError("not to be run")


@pytest.mark.parametrize("model", [TAKES_ANY, TAKES_ONE, manifest(WIDE, input_width=160)])
def test_shapes_that_can_be_decoded_are_accepted(model: Manifest) -> None:
    expect_shapes(model)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (manifest((WIDE[0], (1, 5, 1679)), input_width=320), r"\(1, 5, 1679\), expected .*1680"),
        (manifest(((1, 1, 256, 320), WIDE[1]), input_width=320), r"expected \(1, 3, 256, 320\)"),
        (manifest(((2, 3, 256, 320), WIDE[1]), input_width=320), r"expected \(1, 3, 256, 320\)"),
        (manifest(((1, 3, 250, 320), WIDE[1]), input_width=320), r"\(1, 3, 250, 320\) and"),
        (manifest(((1, 3, 240, 320), WIDE[1]), input_width=320), "all multiples of 32"),
        (manifest(((1, 3, 256, 328), WIDE[1]), input_width=320), "all multiples of 32"),
        (manifest(((3, 256, 320), WIDE[1]), input_width=320), r"\(1, 3, height, width\)"),
        (manifest(((1, 3, 256, 320, 32), WIDE[1]), input_width=320), r"\(1, 3, height, width\)"),
        (manifest(WIDE, input_width=330), "input_width 330, expected"),
        (manifest(WIDE), r"input_shape is \(1, 3, 256, 320\), expected \(1, 3, 288, 288\)"),
        (manifest((FIXED[0], (1, 11, 8, 9))), r"output_shape is .*8, 9\), expected .*9, 9\)"),
        (manifest(FIXED, input_width=320), r"output_shape is .*11, 9, 9\), expected \(1, 5, "),
    ],
)
def test_shapes_that_cannot_be_decoded_are_refused(model: Manifest, reason: str) -> None:
    with pytest.raises(ModelError, match=rf"^detector 'made': .*{reason}"):
        expect_shapes(model)


def test_a_manifest_with_an_input_width_makes_the_detector_with_levels() -> None:
    detect = make_detector(TAKES_ANY, network, 416)
    assert isinstance(detect, MultilevelDetector)
    assert (detect.network, detect.score_threshold, detect.input_width) == (network, 0.4, 416)


def test_a_manifest_without_an_input_width_makes_the_detector_of_one_size() -> None:
    detect = make_detector(TAKES_ONE, network)
    assert isinstance(detect, FaceDetector)
    assert (detect.network, detect.score_threshold) == (network, 0.4)


@pytest.mark.parametrize(
    ("model", "asked", "expected"),
    [
        (TAKES_ANY, None, 320),
        (dataclasses.replace(TAKES_ANY, settings={"input_width": 192.0}), None, 192),
        (TAKES_ANY, 160, 160),
        (TAKES_ANY, 640, 640),
        (TAKES_ONE, None, None),
    ],
)
def test_the_width_is_the_one_asked_for_or_the_default(
    model: Manifest, asked: int | None, expected: int | None
) -> None:
    width = chosen_width(model, asked)
    assert width == expected
    assert type(width) is type(expected)


@pytest.mark.parametrize("width", [-160, 0, 128, 159, 330, 641, 672])
def test_a_width_that_cannot_be_is_refused(width: int) -> None:
    assert width not in INPUT_WIDTHS
    with pytest.raises(ValueError, match=f"a multiple of 32 from 160 to 640, got {width}$"):
        chosen_width(TAKES_ANY, width)


def test_a_width_for_a_detector_of_one_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'made' has an input of fixed size; .* got 320$"):
        chosen_width(TAKES_ONE, 320)
