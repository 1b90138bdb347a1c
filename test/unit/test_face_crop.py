"""What the classifier sees of a face."""

from __future__ import annotations

import math
import tracemalloc

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.classifier import prepare_crop
from emotion_recognition.core.heads.crop import crop_face
from emotion_recognition.core.heads.model import HEAD_POINTS
from emotion_recognition.core.types import Box

Image = NDArray[np.uint8]


def smooth_noise(width: int, height: int, cells: int = 12) -> Image:
    """An image of soft spots, which looks alike however it is sampled."""
    size = (cells, round(cells * height / width), 3)
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def landmarks_at(x: float, y: float, lean: float, scale: float) -> list[tuple[float, float]]:
    """Those of a frontal face around a point, which leans clockwise by radians."""
    cos, sin = math.cos(lean) * scale, math.sin(lean) * scale
    return [(x + u * cos - v * sin, y + u * sin + v * cos) for u, v, _ in HEAD_POINTS]


def test_a_crop_is_square_around_the_face() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 90:100] = 255
    crop = crop_face(image, Box(90, 40, 100, 60), scale=1.6)
    assert crop.shape == (64, 64), "32 pixels of the image, enlarged twice"
    rows, columns = np.nonzero(crop > 127)
    assert (rows.min(), rows.max() + 1) == (12, 52)
    assert (columns.min(), columns.max() + 1) == (22, 42)


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 20, 20),
        Box(80, 90, 100, 100),
        Box(-30, 40, 10, 60),
        Box(99.8, 99.9, 100, 100),
        Box(300, 40, 310, 50),
        Box(40, 300, 50, 310),
        Box(-310, -310, -300, -300),
    ],
)
def test_a_crop_at_the_border_repeats_it(box: Box) -> None:
    crop = crop_face(np.full((100, 100, 3), 7, np.uint8), box, scale=2.0)
    assert crop.shape == (64, 64)
    assert (crop == 7).all()


@pytest.mark.parametrize("lean", [0.0, 0.6])
@pytest.mark.parametrize("shape", [(3, 33333, 3), (33333, 3, 3), (1, 65535, 3), (2000, 2000, 3)])
def test_a_crop_takes_no_more_memory_than_its_use_needs(
    shape: tuple[int, int, int], lean: float
) -> None:
    image = np.full(shape, 7, np.uint8)
    landmarks = landmarks_at(shape[1] / 2, shape[0] / 2, lean, 500)
    tracemalloc.start()
    try:
        crop = crop_face(image, Box(0, 0, shape[1], shape[0]), 1.5, landmarks)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert (crop == 7).all()


@pytest.mark.parametrize(
    "box",
    [
        Box(-200, 300, 1500, 1900),
        Box(0, 0, 2400, 1800),
        Box(1100, 900, 2400, 1800),
        Box(900, 900, 980, 1000),
    ],
)
def test_a_crop_of_whole_pixels_looks_as_they_would_resized(box: Box) -> None:
    image = smooth_noise(2400, 1800)
    scale = 1.2
    side = round(max(box.width, box.height) * scale)
    left, top = round((box.x1 + box.x2 - side) / 2), round((box.y1 + box.y2 - side) / 2)
    rows = np.clip(np.arange(top, top + side), 0, 1799)
    columns = np.clip(np.arange(left, left + side), 0, 2399)
    difference = cv2.absdiff(crop_face(image, box, scale), prepare_crop(image[rows][:, columns]))
    assert np.mean(difference) < 1
    assert difference.max() <= 6


@pytest.mark.parametrize("step", [0.01, 0.1, 0.5])
def test_a_box_that_moves_by_part_of_a_pixel_moves_the_crop_by_as_much(step: float) -> None:
    """Cut at whole pixels, a face of twelve would jump by a twelfth of its size."""
    ramp = np.repeat(np.arange(0, 240, 4, np.uint8)[None], 60, 0)  # 4 brighter with each pixel
    image = np.dstack([ramp] * 3)
    for x in (20.0, 20.25, 20.5, 20.75):
        here = crop_face(image, Box(x, 20, x + 12, 32), scale=1.2)
        there = crop_face(image, Box(x + step, 20, x + 12 + step, 32), scale=1.2)
        moved = there.astype(float) - here
        assert moved.mean() == pytest.approx(4 * step, abs=0.15)
        assert abs(moved - 4 * step).max() <= 1


@pytest.mark.parametrize("lean", [-1.2, -0.5, 0.3, 0.8])
@pytest.mark.parametrize("size", [30.0, 90.0, 400.0])
def test_a_face_that_leans_stands_upright_in_its_crop(lean: float, size: float) -> None:
    image = smooth_noise(600, 600, cells=max(12, round(1800 / size)))
    turn = cv2.getRotationMatrix2D((299.5, 299.5), -math.degrees(lean), 1)
    leaning = np.asarray(cv2.warpAffine(image, turn, (600, 600)), np.uint8)
    box = Box(300 - size / 2, 300 - size / 2, 300 + size / 2, 300 + size / 2)
    landmarks = landmarks_at(300, 300, lean, size)
    upright = crop_face(image, box, 1.0)
    difference = cv2.absdiff(crop_face(leaning, box, 1.0, landmarks), upright)
    assert np.mean(difference) < 2
    assert np.mean(cv2.absdiff(crop_face(leaning, box, 1.0), upright)) > 10


def test_landmarks_that_make_no_face_turn_nothing() -> None:
    image = smooth_noise(100, 100)
    box = Box(20, 20, 60, 60)
    for landmarks in ([(5.0, 5.0)] * 5, [(math.nan, 1.0)] * 5):
        np.testing.assert_array_equal(
            crop_face(image, box, 1.0, landmarks), crop_face(image, box, 1.0)
        )


def test_of_a_large_face_every_pixel_counts() -> None:
    image = np.zeros((600, 600, 3), np.uint8)
    image[:, ::4] = 255  # a picture that took some pixels for all would be brighter, or darker
    crop = crop_face(image, Box(40, 40, 552, 552), scale=1.0)
    np.testing.assert_allclose(crop, 255 / 4, atol=2)
