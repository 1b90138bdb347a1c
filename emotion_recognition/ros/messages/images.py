"""sensor_msgs/Image and CompressedImage to BGR arrays, and back."""

from __future__ import annotations

import subprocess
import sys
from array import array
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeAlias

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from emotion_recognition.core.arrays import Pixels
from emotion_recognition.core.images.compressed import decode_compressed_image
from emotion_recognition.core.images.raw import (
    MAX_PIXELS,
    ImageError,
    ImageLayoutError,
    UnknownEncodingError,
    check_image,
    check_layout,
    decode_image,
)

ImageMessage: TypeAlias = Image | CompressedImage

#: The encodings that encode_message writes, with OpenCV's conversion from BGR.
OUTGOING_ENCODINGS = {
    "bgr8": None,
    "rgb8": cv2.COLOR_BGR2RGB,
    "mono8": cv2.COLOR_BGR2GRAY,
}

#: The codecs that compress_message writes.
CODECS = ("jpeg", "png")


def decode_message(message: ImageMessage, max_pixels: int = MAX_PIXELS) -> Pixels:
    """The image as uint8 (H, W, 3) BGR, possibly a read-only view of the message.

    max_pixels: as `decode_image` and `decode_compressed_image` have it.
    Encodings of raw images that the core does not know are left to cv_bridge where it works.
    Raises ImageError.
    """
    if isinstance(message, CompressedImage):
        return decode_compressed_image(message.format, message.data, max_pixels)
    try:
        return decode_image(
            message.encoding,
            message.width,
            message.height,
            message.step,
            message.data,
            message.is_bigendian,
            max_pixels,
        )
    except UnknownEncodingError as error:
        if not message.encoding:
            raise
        reason = why_no_cv_bridge()
        if reason:
            raise UnknownEncodingError(
                f"{error} (cv_bridge would know more, but {reason})"
            ) from error
    return _decode_with_cv_bridge(message, max_pixels)


def encode_message(image: Pixels, encoding: str, header: Header) -> Image:
    """A message of a BGR image, uint8 (H, W, 3); encoding: one of OUTGOING_ENCODINGS."""
    code = OUTGOING_ENCODINGS[encoding]
    pixels = np.asarray(image if code is None else cv2.cvtColor(image, code), np.uint8, order="C")
    message = Image(header=header, encoding=encoding)
    message.height, message.width = pixels.shape[:2]
    message.step = pixels.nbytes // pixels.shape[0]  # the stride of a single row may be any
    message.is_bigendian = int(sys.byteorder == "big")
    message.data = _message_data(pixels)
    return message


def compress_message(
    image: Pixels, encoding: str, codec: str, jpeg_quality: int, header: Header
) -> CompressedImage:
    """The same, compressed, with the format that image_transport would give it.

    codec: one of CODECS. jpeg_quality: 1 to 100.
    """
    is_gray = encoding == "mono8"
    pixels = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if is_gray else image
    options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality] if codec == "jpeg" else []
    compressed = cv2.imencode(f".{codec}", pixels, options)[1]
    return CompressedImage(
        header=header,
        format=f"{encoding}; {codec} compressed {'' if is_gray else 'bgr8'}",
        data=_message_data(np.asarray(compressed, np.uint8)),
    )


def _message_data(values: Pixels) -> array[int]:
    data = array("B")
    data.frombytes(values.data.cast("B"))  # a list would take 14 ms for 640x480
    return data


def _decode_with_cv_bridge(message: Image, max_pixels: int) -> Pixels:
    from cv_bridge import CvBridge

    bridge = CvBridge()
    size, step = (message.width, message.height), message.step
    try:
        dtype, channels = bridge.encoding_to_dtype_with_channels(message.encoding)
        pixel_bytes = np.dtype(dtype).itemsize * channels
        row_bytes, length = message.width * pixel_bytes, len(message.data)
        check_layout(*size, step, row_bytes, length, max_pixels=max_pixels)
        if step % pixel_bytes:  # cv_bridge would take the rows for shorter ones and skew the image
            raise ImageLayoutError(
                f"step {step} is no multiple of the {pixel_bytes} bytes of a pixel"
            )
        image: Any = bridge.imgmsg_to_cv2(message, "bgr8")
    except ImageError:
        raise
    except Exception as error:  # CvBridgeError, and whatever else its layers raise
        raise ImageError(f"cv_bridge cannot convert '{message.encoding}': {error}") from error
    check_image(image)
    return np.asarray(image, np.uint8)


_CV_BRIDGE_TRIAL = """
import numpy
from cv_bridge import CvBridge
from sensor_msgs.msg import Image
image = Image(height=1, width=1, step=6, encoding="rgb16", data=bytes(6))
assert CvBridge().imgmsg_to_cv2(image, "bgr8").shape == (1, 1, 3)
"""


@cache
def why_no_cv_bridge() -> str:
    """Empty if cv_bridge is installed and works, otherwise the reason why it is not used.

    It is tried in a process of its own: built for another NumPy or OpenCV than the installed ones
    it can crash the interpreter instead of raising (ros-perception/vision_opencv#535).
    """
    if find_spec("cv_bridge") is None:
        return "it is not installed"
    command = [sys.executable, "-c", _CV_BRIDGE_TRIAL]
    try:
        trial = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except subprocess.TimeoutExpired:
        return "it hangs"
    if trial.returncode == 0:
        return ""
    last_line = trial.stderr.strip().splitlines()[-1:] or [f"exit code {trial.returncode}"]
    return f"the installed one does not work here: {last_line[0]}"
