"""The image with the faces drawn in, as sensor_msgs/Image and sensor_msgs/CompressedImage."""

from __future__ import annotations

from sensor_msgs.msg import CompressedImage, Image

from emotion_recognition.core.overlay import draw_faces
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.face_conversion import faces_from_message
from emotion_recognition.ros.image_conversion import (
    Pixels,
    compress_message,
    encode_message,
)
from emotion_recognition.ros.outputs.output import Output

JPEG_QUALITY = 95  # as image_transport has it


def annotated_image(answer: FaceEmotionArray, image: Pixels) -> Image:
    """bgr8, with the size and the header of the image."""
    return encode_message(_draw(answer, image), "bgr8", answer.header)


def compressed_annotated_image(answer: FaceEmotionArray, image: Pixels) -> CompressedImage:
    """jpeg, named as image_transport names it, for screens that are far away."""
    return compress_message(_draw(answer, image), "bgr8", "jpeg", JPEG_QUALITY, answer.header)


def _draw(answer: FaceEmotionArray, image: Pixels) -> Pixels:
    return draw_faces(image, faces_from_message(answer))


# An image is worth seeing only while it is new, and a queue of them takes much memory.
OUTPUTS = (
    Output("annotated_image", Image, annotated_image, depth=1),
    Output("annotated_image/compressed", CompressedImage, compressed_annotated_image, depth=1),
)
