"""The correction of the sizes that a trained default detector draws."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from untrained_detector import untrained

from emotion_recognition.core.multilevel import MultilevelDetector
from emotion_recognition.core.types import Box, Face
from emotion_recognition.training.default_detector import taking_pixels
from emotion_recognition.training.detection_data import AnnotatedImage
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.size_bias import size_bias, without_size_bias

BOX = (20.0, 20.0, 60.0, 70.0)


def annotated(folder: Path, count: int) -> list[AnnotatedImage]:
    cv2.imwrite(str(folder / "image.png"), np.zeros((100, 100, 3), np.uint8))
    box = np.array([BOX], np.float32)
    return [
        AnnotatedImage(folder / "image.png", "here", 100, box, np.zeros(1, bool))
        for _ in range(count)
    ]


class Drawing(MultilevelDetector):
    """Draws the face of every image a tenth wider and a fifth taller, about its middle."""

    def __call__(
        self, image: NDArray[np.uint8], score_threshold: float | None = None
    ) -> tuple[Face, ...]:
        x, y, width, height = 40.0, 45.0, 44.0, 60.0
        box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        return (Face(box, self.score_threshold),)


def test_the_bias_is_how_much_larger_boxes_are_drawn(tmp_path: Path) -> None:
    detector = Drawing(lambda tensor: tensor, 0.9)
    width, height = size_bias(detector, annotated(tmp_path, 3))
    assert width == pytest.approx(math.log(1.1), abs=1e-4)
    assert height == pytest.approx(math.log(1.2), abs=1e-4)


def test_a_detector_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    detector = Drawing(lambda tensor: tensor, 0.1)  # no score counts
    with pytest.raises(ValueError, match="finds none"):
        size_bias(detector, annotated(tmp_path, 2))


def test_a_corrected_network_draws_smaller_boxes_in_the_same_places() -> None:
    network = untrained()
    corrected = without_size_bias(network, (math.log(1.1), math.log(1.2)))
    image = torch.rand(1, 3, 64, 96)
    before, after = (as_network(one)(image.numpy())[0] for one in (network, corrected))
    np.testing.assert_allclose(before[2] - after[2], math.log(1.1), atol=1e-5)
    np.testing.assert_allclose(before[3] - after[3], math.log(1.2), atol=1e-5)
    others = [index for index in range(15) if index not in (2, 3)]
    np.testing.assert_array_equal(before[others], after[others])
    assert taking_pixels(corrected) is not corrected
