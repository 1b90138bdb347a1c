"""Crops and probabilities."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.classifier import EmotionClassifier, prepare_crop, softmax
from emotion_recognition.core.images.raw import ImageError


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
    rows = EmotionClassifier(brightness_network)([])
    assert rows.shape == (0, 4)
    assert rows.dtype == np.float32


@pytest.mark.parametrize(
    ("height", "width", "interpolation"),
    [
        (200, 180, cv2.INTER_AREA),
        (65, 90, cv2.INTER_AREA),
        (64, 90, cv2.INTER_LINEAR_EXACT),
        (48, 40, cv2.INTER_LINEAR_EXACT),
    ],
)
def test_a_crop_that_shrinks_along_both_sides_does_so_by_areas(
    height: int, width: int, interpolation: int
) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    expected = cv2.resize(crop, (64, 64), interpolation=interpolation)
    np.testing.assert_array_equal(prepare_crop(crop), expected)


def test_temperature_flattens_without_changing_the_order() -> None:
    crop = [np.full((64, 64), 255, np.uint8)]
    sharp = EmotionClassifier(brightness_network)(crop)[0]
    flat = EmotionClassifier(brightness_network, temperature=3.0)(crop)[0]
    assert sharp.argmax() == flat.argmax()
    assert 0.25 < flat[0] < sharp[0]


def test_softmax_of_large_logits_is_finite() -> None:
    assert softmax(np.array([1e4, 0, 0, -1e4], np.float32)) == pytest.approx([1, 0, 0, 0])


@pytest.mark.parametrize(
    ("crop", "reason"),
    [
        (np.zeros((0, 4), np.uint8), r"or \(H, W, 3\), got \(0, 4\)"),
        (np.zeros((4, 4, 2), np.uint8), r"or \(H, W, 3\), got \(4, 4, 2\)"),
        (np.full((48, 48), np.nan), "expected a crop as a uint8"),
        (None, "expected a crop as a uint8"),
    ],
)
def test_an_unusable_crop_is_refused(crop: object, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        EmotionClassifier(brightness_network)([crop])  # type: ignore[list-item]


def test_a_network_that_answers_nan_is_an_error() -> None:
    classify = EmotionClassifier(lambda tensor: np.full((1, 4), np.nan, np.float32))
    with pytest.raises(FloatingPointError, match="finite"):
        classify([np.zeros((64, 64), np.uint8)])


def test_each_row_has_its_own_softmax() -> None:
    rows = softmax(np.array([[800, 0], [0, 0], [-800, -800]], np.float32))
    assert rows == pytest.approx(np.array([[1, 0], [0.5, 0.5], [0.5, 0.5]]))
    assert rows.dtype == np.float32
