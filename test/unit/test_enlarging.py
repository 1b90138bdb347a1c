"""What the networks see of a small image does not depend on the processor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.classifier import prepare_crop
from emotion_recognition.core.detector import letterbox
from emotion_recognition.core.multilevel import fit_input

Image = NDArray[np.uint8]


def doubled(image: Image) -> Image:
    """An image of twice the size, linearly interpolated and rounded as it is written."""
    values = image.astype(np.float64)
    for axis in (0, 1):
        values = np.moveaxis(values, axis, 0)
        padded = np.concatenate([values[:1], values, values[-1:]])
        pairs = [padded[:-2] + 3 * values, 3 * values + padded[2:]]
        values = np.stack(pairs, axis=1).reshape(-1, *values.shape[1:]) / 4
        values = np.moveaxis(values, 0, axis)
    return np.floor(values + 0.5).astype(np.uint8)


@pytest.mark.parametrize(
    ("prepare", "shape"),
    [
        (prepare_crop, (32, 32)),
        (lambda image: letterbox(image)[0], (144, 144, 3)),
        (lambda image: fit_input(image, 320)[0], (160, 160, 3)),
    ],
    ids=["prepare_crop", "letterbox", "fit_input"],
)
def test_a_small_image_is_enlarged_to_the_same_pixels_on_every_processor(
    prepare: Callable[[Image], Image], shape: tuple[int, ...]
) -> None:
    """OpenCV's usual interpolation rounds by the instructions that a processor has."""
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert np.array_equal(prepare(image), doubled(image))
