"""From an image message to an answer, without a node."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")

from builtin_interfaces.msg import Duration, Time
from std_msgs.msg import Header

from emotion_recognition.core.image import ImageError
from emotion_recognition.core.types import Box, Emotion, Face, Result
from emotion_recognition.ros.image_conversion import encode_message
from emotion_recognition.ros.processing import ImageProcessor

HEADER = Header(stamp=Time(sec=100, nanosec=5), frame_id="camera_optical_frame")
FACE = Face(Box(-4, 2, 3, 99), 0.9, (0.7, 0.1, 0.1, 0.1), Emotion(0, "neutral", 0.7))


class BrightPipeline:
    """Finds one face in bright images, to test what is around a pipeline."""

    model_name = "some/model"

    def process(self, image: NDArray[np.uint8]) -> Result:
        return Result((FACE,) if image.mean() > 127 else ())


@pytest.fixture
def process() -> ImageProcessor:
    return ImageProcessor(BrightPipeline(), lambda: 101_000_000_005)  # type: ignore[arg-type]


def image(value: int) -> NDArray[np.uint8]:
    return np.full((6, 8, 3), value, np.uint8)


def test_an_answer_belongs_to_its_image(process: ImageProcessor) -> None:
    answer = process(encode_message(image(200), "rgb8", HEADER))
    assert answer.header == HEADER
    assert (answer.image_width, answer.image_height) == (8, 6)
    assert answer.latency == Duration(sec=1)
    assert answer.model == "some/model"
    (face,) = answer.faces
    assert (face.roi.x_offset, face.roi.y_offset, face.roi.width, face.roi.height) == (0, 2, 3, 4)


def test_an_image_without_a_face_gives_an_empty_answer(process: ImageProcessor) -> None:
    answer = process(encode_message(image(50), "mono8", HEADER))
    assert answer.header == HEADER
    assert list(answer.faces) == []


def test_an_image_that_cannot_be_read_is_refused(process: ImageProcessor) -> None:
    message = encode_message(image(200), "bgr8", HEADER)
    message.step = 1
    with pytest.raises(ImageError, match="step 1 is too small"):
        process(message)
