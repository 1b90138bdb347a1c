"""The whole pipeline on images of extreme shapes, where every box counts as a face."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from emotion_recognition import EmotionPipeline
from emotion_recognition.core.images.overlay import draw_faces


@pytest.fixture(scope="module")
def pipeline() -> EmotionPipeline:
    return EmotionPipeline(score_threshold=0.0)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 33333), (2160, 4096)])
def test_any_shape_is_answered_and_drawn_within_bounds(
    pipeline: EmotionPipeline, height: int, width: int
) -> None:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    tracemalloc.start()
    try:
        faces = pipeline(image)
        draw_faces(image, faces)
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()
    for face in faces:
        assert 0 <= face.box.x1 <= face.box.x2 <= width
        assert 0 <= face.box.y1 <= face.box.y2 <= height
        assert sum(face.probabilities) == pytest.approx(1, abs=1e-5)
