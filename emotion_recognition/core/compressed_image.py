"""Compressed images as arrays: JPEG and PNG, the codecs of image_transport's plugin `compressed`.

How the plugin writes the field `format`, and what it makes of it when it reads:
https://github.com/ros-perception/image_transport_plugins, compressed_image_transport. Markers of
JPEG: ITU-T T.81, Annex B; chunks of PNG: https://www.w3.org/TR/png-3/.
"""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.image import (
    ENCODINGS,
    ImageError,
    UnknownEncodingError,
    check_size,
    decode_image,
)

Pixels = NDArray[np.uint8]

_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"

# Frame headers; the other three of this range hold tables.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA

# The pixels as they are in the message: turning them by EXIF would move them under the boxes.
_AS_BGR = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


class CorruptImageError(ImageError):
    """A compressed image that is cut off or damaged."""

    reason = "corrupt"


def decode_compressed_image(
    image_format: str, data: bytes | bytearray | memoryview | array[int]
) -> Pixels:
    """The fields of a compressed image (sensor_msgs/CompressedImage) as uint8 (H, W, 3), BGR.

    image_format: as the plugin writes it, `ENCODING; CODEC compressed ORDER` ("rgb8; jpeg
    compressed bgr8"), or whatever else names a JPEG or PNG, such as "jpeg". The data tells the
    codec. The format tells two things that it cannot: that red and blue are swapped (the encoding
    has colours, and they were not compressed as bgr), and that the pixels are a Bayer mosaic.

    The size is read and limited before anything is decoded. 16-bit values lose their lower byte;
    transparency is dropped. Damage inside the scan of a JPEG, which has no checksum, may go
    unnoticed and show as wrong pixels.

    Raises UnknownEncodingError for another codec, ImageSizeError, and CorruptImageError.
    """
    content = bytes(data)
    if content.startswith(_JPEG_START):
        size = _jpeg_size(content)
    elif content.startswith(_PNG_START):
        size = _png_size(content)
    elif not content:
        raise CorruptImageError("the compressed image has no data")
    else:
        raise UnknownEncodingError(
            f"the compressed image is neither a JPEG nor a PNG; its format: {image_format[:60]!r}"
        )
    check_size(*size)
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), _AS_BGR)
    except cv2.error as error:
        raise CorruptImageError(f"the compressed image cannot be decoded: {error}") from error
    if image is None:
        raise CorruptImageError("the compressed image is damaged")
    return _in_true_colours(np.asarray(image, np.uint8), image_format)


def _in_true_colours(image: Pixels, image_format: str) -> Pixels:
    encoding, has_order, codec_and_order = image_format.partition(";")
    if encoding.startswith("bayer_") and encoding in ENCODINGS:
        height, width = image.shape[:2]
        return decode_image(encoding, width, height, width, image[..., 0].tobytes())
    has_colours = encoding.startswith(("bgr", "rgb"))
    if has_order and has_colours and "compressed bgr" not in codec_and_order:
        return np.ascontiguousarray(image[..., ::-1])
    return image


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the frame header."""
    size, position = None, 2
    while (head := content[position : position + 4])[:1] == b"\xff" and len(head) == 4:
        marker, length = head[1], int.from_bytes(head[2:], "big")
        if marker == _JPEG_SCAN:
            # What follows cannot contain the end marker by chance: a 0xFF there is escaped.
            if size is None or content.find(_JPEG_END, position) < 0:
                break
            return size
        if marker in _JPEG_FRAMES:
            frame = content[position + 5 : position + 9]
            size = int.from_bytes(frame[2:], "big"), int.from_bytes(frame[:2], "big")
        position += 1 if marker == 0xFF else 2 + length  # one or more 0xFF may stand for one
    raise CorruptImageError(f"the JPEG is cut off or damaged: {len(content)} bytes, no whole image")


def _png_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the first chunk."""
    if content[12:16] != b"IHDR" or content.rfind(_PNG_END) < 0:
        raise CorruptImageError(
            f"the PNG is cut off or damaged: {len(content)} bytes, no whole image"
        )
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
