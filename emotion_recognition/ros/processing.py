"""One image message in, one answer out: what the node does, without the node around it."""

from __future__ import annotations

from collections.abc import Callable

from sensor_msgs.msg import Image

from emotion_recognition import EmotionPipeline
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.face_conversion import face_messages, latency
from emotion_recognition.ros.image_conversion import decode_message


class ImageProcessor:
    """Answers images with the faces and emotions in them.

    now: the time in nanoseconds since the epoch, by the clock that stamps the images.
    """

    def __init__(self, pipeline: EmotionPipeline, now: Callable[[], int]) -> None:
        self.pipeline = pipeline
        self._now = now

    def __call__(self, message: Image) -> FaceEmotionArray:
        """The answer to an image. Raises ImageError for an image that cannot be read."""
        image = decode_message(message)
        result = self.pipeline.process(image)
        return FaceEmotionArray(
            header=message.header,
            image_width=message.width,
            image_height=message.height,
            faces=face_messages(result.faces, message.width, message.height),
            latency=latency(message.header.stamp, self._now()),
            model=self.pipeline.model_name,
        )
