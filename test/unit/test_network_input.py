"""Images on their way into a network."""

import cv2
import numpy as np
import pytest

from emotion_recognition.core.images.network_input import planes, resize


def smooth(width: int, height: int) -> np.ndarray:
    """A picture without sharp edges, uint8 (height, width, 3)."""
    noise = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 960), (320, 240)])
def test_whole_steps_are_the_mean_of_each_area(width: int, height: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    step = width // 320
    expected = image.reshape(240, step, 320, step, 3).mean(axis=(1, 3))
    assert np.abs(resize(image, 320, 240) - expected).max() <= 0.5


@pytest.mark.parametrize(
    ("width", "height"), [(641, 481), (800, 600), (1639, 1231), (1296, 972), (321, 2000)]
)
def test_other_sizes_look_as_they_do_when_shrunk_at_once(width: int, height: int) -> None:
    image = smooth(width, height)
    size = (320, max(1, round(height * 320 / width)))
    at_once = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    difference = cv2.absdiff(resize(image, *size), at_once)
    assert np.mean(difference) < 1
    assert difference.max() <= 8


@pytest.mark.parametrize(("width", "height"), [(128, 20), (40, 96)])
def test_an_image_that_shrinks_along_one_side_alone_shrinks_by_areas(
    width: int, height: int
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    by_areas = cv2.resize(image, (64, 32), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(resize(image, 64, 32), by_areas)


@pytest.mark.parametrize(("width", "height"), [(64, 20), (40, 32), (50, 20)])
def test_an_image_that_shrinks_along_no_side_grows_smoothly(width: int, height: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    grown = cv2.resize(image, (64, 32), interpolation=cv2.INTER_LINEAR_EXACT)
    np.testing.assert_array_equal(resize(image, 64, 32), grown)


@pytest.mark.parametrize(("step", "left", "top"), [(8, 3, 1), (8, 1, 3), (2, 0, 0)])
def test_what_whole_steps_leave_out_is_left_out_on_both_sides(
    step: int, left: int, top: int
) -> None:
    right, bottom = max(left, 1), max(top, 1)
    shape = (top + 30 * step + bottom, left + 40 * step + right, 3)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    whole = image[top : top + 30 * step, left : left + 40 * step]
    expected = cv2.resize(whole, (40, 30), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(resize(image, 40, 30), expected)


def test_the_side_that_is_too_large_the_least_says_how_large_the_steps_are() -> None:
    image = np.random.default_rng(0).integers(0, 256, (70, 400, 3), np.uint8)
    whole = cv2.resize(image, (200, 35), interpolation=cv2.INTER_AREA)
    expected = cv2.resize(whole, (40, 30), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(resize(image, 40, 30), expected)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 65535, 3), (480, 640, 3), (48, 48)])
def test_every_image_gets_the_size_that_is_asked_for(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 7, np.uint8)
    resized = resize(image, 64, 32)
    assert resized.shape == (32, 64, *shape[2:])
    assert (resized == 7).all()


def test_an_image_of_the_right_size_stays_as_it_is() -> None:
    image = smooth(32, 24)
    np.testing.assert_array_equal(resize(image, 32, 24), image)


def test_planes_are_the_channels_one_after_the_other() -> None:
    image = smooth(32, 24)
    tensor = planes(image)
    assert (tensor.dtype, tensor.shape) == (np.float32, (1, 3, 24, 32))
    assert tensor.flags.c_contiguous
    np.testing.assert_array_equal(tensor[0].transpose(1, 2, 0), image)
