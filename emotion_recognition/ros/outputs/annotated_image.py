"""The image with the faces drawn in, as sensor_msgs/Image and sensor_msgs/CompressedImage."""

from __future__ import annotations

from sensor_msgs.msg import CompressedImage, Image

from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.images import compress_message, encode_message
from emotion_recognition.ros.outputs import Output

JPEG_QUALITY = 95  # as image_transport has it


def annotated_image(answer: Answer) -> Image:
    """bgr8, with the size and the header of the image."""
    return encode_message(answer.annotated_image, "bgr8", answer.header)


def compressed_annotated_image(answer: Answer) -> CompressedImage:
    """jpeg, named as image_transport names it, for screens that are far away."""
    return compress_message(answer.annotated_image, "bgr8", "jpeg", JPEG_QUALITY, answer.header)


# An image is worth seeing only while it is new, and a queue of them takes much memory.
OUTPUTS = (
    Output("annotated_image", Image, annotated_image, depth=1),
    Output("annotated_image/compressed", CompressedImage, compressed_annotated_image, depth=1),
)
