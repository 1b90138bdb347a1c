"""Crops and probabilities."""

import tracemalloc

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.classifier import (
    MAX_PADDED_SIDE,
    EmotionClassifier,
    crop_face,
    prepare_crop,
    softmax,
)
from emotion_recognition.core.images.raw import ImageError
from emotion_recognition.core.types import Box


def brightness_network(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    """A stand-in whose first logit is the mean of what it is shown."""
    assert tensor.shape == (1, 1, 64, 64)
    assert tensor.dtype == np.float32
    return np.array([[tensor.mean(), 0, 0, 0]], np.float32)


def test_crops_of_every_kind_are_accepted_together() -> None:
    crops = [
        np.full((48, 48), 255, np.uint8),
        np.full((200, 90, 3), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
    ]
    probabilities = EmotionClassifier(brightness_network)(crops)
    assert probabilities.shape == (3, 4)
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert probabilities[0, 0] == pytest.approx(np.e / (np.e + 3), rel=1e-5)
    assert probabilities[1] == pytest.approx(probabilities[0])
    assert probabilities[2] == pytest.approx(0.25)


def test_a_prepared_crop_is_classified_as_the_crop_itself() -> None:
    crops = list(np.random.default_rng(0).integers(0, 256, (3, 200, 180, 3), np.uint8))
    classify = EmotionClassifier(brightness_network)
    prepared = classify([prepare_crop(crop) for crop in crops])
    np.testing.assert_array_equal(prepared, classify(crops))
    assert len(np.unique(prepared[:, 0])) == 3


def test_no_crops_give_no_rows() -> None:
    assert EmotionClassifier(brightness_network)([]).shape == (0, 4)


def test_temperature_flattens_without_changing_the_order() -> None:
    crop = [np.full((64, 64), 255, np.uint8)]
    sharp = EmotionClassifier(brightness_network)(crop)[0]
    flat = EmotionClassifier(brightness_network, temperature=3.0)(crop)[0]
    assert sharp.argmax() == flat.argmax()
    assert 0.25 < flat[0] < sharp[0]


def test_softmax_of_large_logits_is_finite() -> None:
    assert softmax(np.array([1e4, 0, 0, -1e4], np.float32)) == pytest.approx([1, 0, 0, 0])


@pytest.mark.parametrize(
    "crop",
    [np.zeros((0, 4), np.uint8), np.zeros((4, 4, 2), np.uint8), np.full((48, 48), np.nan), None],
)
def test_an_unusable_crop_is_refused(crop: object) -> None:
    with pytest.raises(ImageError):
        EmotionClassifier(brightness_network)([crop])  # type: ignore[list-item]


def test_a_network_that_answers_nan_is_an_error() -> None:
    classify = EmotionClassifier(lambda tensor: np.full((1, 4), np.nan, np.float32))
    with pytest.raises(FloatingPointError, match="finite"):
        classify([np.zeros((64, 64), np.uint8)])


def test_a_crop_is_square_around_the_face() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 90:100] = 255
    crop = crop_face(image, Box(90, 40, 100, 60), scale=1.5)
    assert crop.shape == (30, 30, 3)
    rows, columns = np.nonzero(crop[..., 0])
    assert (rows.min(), rows.max() + 1) == (5, 25)
    assert (columns.min(), columns.max() + 1) == (10, 20)


@pytest.mark.parametrize(
    "box",
    [Box(0, 0, 20, 20), Box(80, 90, 100, 100), Box(-30, 40, 10, 60), Box(99.8, 99.9, 100, 100)],
)
def test_a_crop_at_the_border_keeps_its_shape(box: Box) -> None:
    crop = crop_face(np.full((100, 100, 3), 7, np.uint8), box, scale=2.0)
    assert crop.shape[0] == crop.shape[1] == max(1, round(max(box.width, box.height) * 2))
    assert (crop == 7).all()


@pytest.mark.parametrize("shape", [(3, 33333, 3), (33333, 3, 3), (1, 65535, 3), (2000, 2000, 3)])
def test_a_crop_takes_no_more_memory_than_its_use_needs(shape: tuple[int, int, int]) -> None:
    image = np.full(shape, 7, np.uint8)
    tracemalloc.start()
    try:
        crop = crop_face(image, Box(0, 0, shape[1], shape[0]), scale=1.5)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    assert crop.shape == (MAX_PADDED_SIDE, MAX_PADDED_SIDE, 3)
    assert (crop == 7).all()


@pytest.mark.parametrize(
    "box", [Box(-200, 300, 1500, 1900), Box(0, 0, 2400, 1800), Box(1100, 900, 2400, 1800)]
)
def test_a_large_crop_at_the_border_looks_as_it_would_at_full_size(box: Box) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
    image = np.asarray(cv2.resize(noise, (2400, 1800), interpolation=cv2.INTER_CUBIC), np.uint8)
    scale = 1.2
    side = round(max(box.width, box.height) * scale)
    left, top = round((box.x1 + box.x2 - side) / 2), round((box.y1 + box.y2 - side) / 2)
    rows = np.clip(np.arange(top, top + side), 0, 1799)
    columns = np.clip(np.arange(left, left + side), 0, 2399)
    at_full_size = image[rows][:, columns]
    difference = cv2.absdiff(prepare_crop(crop_face(image, box, scale)), prepare_crop(at_full_size))
    assert np.mean(difference) < 1
    assert difference.max() <= 6


def test_a_crop_of_up_to_the_limit_is_built_pixel_by_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (600, 1000, 3), np.uint8)
    crop = crop_face(image, Box(0, 0, 1000, 600), scale=MAX_PADDED_SIDE / 1000)
    assert crop.shape == (MAX_PADDED_SIDE, MAX_PADDED_SIDE, 3)
    np.testing.assert_array_equal(crop[212:812, 12:1012], image)


def test_each_row_has_its_own_softmax() -> None:
    rows = softmax(np.array([[800, 0], [0, 0], [-800, -800]], np.float32))
    assert rows == pytest.approx(np.array([[1, 0], [0.5, 0.5], [0.5, 0.5]]))
    assert rows.dtype == np.float32
