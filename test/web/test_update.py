"""What goes out to viewers, whatever the models have said."""

from __future__ import annotations

import json
import math

import cv2
import numpy as np
import pytest

from emotion_recognition.core.types import Box, Emotion, Face
from emotion_recognition.web.picture import jpeg
from emotion_recognition.web.update import Update


def test_numbers_that_json_has_not_become_0() -> None:
    nan, inf = math.nan, math.inf
    face = Face(
        Box(nan, -inf, inf, 1.26), nan, (nan, 1.0), Emotion(3, "happy", nan), 1, (), ((inf, nan),)
    )
    message = Update((face,), 64, 48, ("neutral", "happy")).message()
    (told,) = json.loads(message[4:])["faces"]
    assert told["box"] == [0.0, 0.0, 0.0, 1.3]
    assert (told["score"], told["confidence"], told["landmarks"]) == (0.0, 0.0, [[0.0, 0.0]])
    assert told["smoothed"] == told["raw"] == [0.0, 1.0]


@pytest.mark.parametrize("facing", [True, False, None])
def test_a_viewer_is_told_whether_a_face_turns_to_the_camera(facing: bool | None) -> None:
    landmarks = ((40.0, 40.0), (80.0, 40.0), (50.0, 60.0), (45.0, 80.0), (75.0, 80.0))
    face = Face(Box(20, 20, 100, 100), 0.9, landmarks=landmarks, facing=facing)
    update = Update((face, Face(Box(1, 2, 3, 4), 0.5)), 640, 480, ())
    told, without_landmarks = json.loads(update.message()[4:])["faces"]
    assert told["facing"] is facing
    assert told["yaw"] == pytest.approx(face.yaw, abs=1e-3)
    assert told["yaw"] > 0.1
    assert (without_landmarks["facing"], without_landmarks["yaw"]) == (None, None)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((480, 640), (480, 640)), ((1080, 1920), (540, 960)), ((3000, 10), (960, 3))],
)
def test_a_picture_keeps_its_proportions_and_is_no_larger_than_wanted(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    image = np.full((*size, 3), (10, 100, 200), np.uint8)
    picture = cv2.imdecode(np.frombuffer(jpeg(image), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (*expected, 3)
    assert np.abs(picture.reshape(-1, 3).mean(axis=0) - (10, 100, 200)).max() < 5
