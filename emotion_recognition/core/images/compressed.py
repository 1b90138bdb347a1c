"""Compressed images as arrays: JPEG and PNG, the codecs of image_transport's plugin `compressed`.

How the plugin writes the field `format`, and what it makes of it when it reads:
https://github.com/ros-perception/image_transport_plugins, compressed_image_transport.
"""

from __future__ import annotations

from array import array
from io import BytesIO

import numpy as np
from PIL import Image

from emotion_recognition.core.arrays import Pixels
from emotion_recognition.core.images.jpeg import START as JPEG_START
from emotion_recognition.core.images.jpeg import essential_jpeg
from emotion_recognition.core.images.png import START as PNG_START
from emotion_recognition.core.images.png import essential_png
from emotion_recognition.core.images.raw import (
    ENCODINGS,
    MAX_PIXELS,
    CorruptImageError,
    ImageSizeError,
    UnknownEncodingError,
    decode_image,
)


def decode_compressed_image(
    image_format: str,
    data: bytes | bytearray | memoryview | array[int],
    max_pixels: int = MAX_PIXELS,
) -> Pixels:
    """The fields of a compressed image (sensor_msgs/CompressedImage) as uint8 (H, W, 3), BGR.

    image_format: as the plugin writes it, `ENCODING; CODEC compressed ORDER` ("rgb8; jpeg
    compressed bgr8"), or whatever else names a JPEG or PNG, such as "jpeg". The data tells the
    codec. The format tells two things that it cannot: that red and blue are swapped (the encoding
    has colours, and they were not compressed as bgr), and that the pixels are a Bayer mosaic.

    16-bit values lose their lower byte; transparency is dropped; EXIF turns nothing, because that
    would move the pixels under the boxes. Damage inside the scan of a JPEG, which has no checksum,
    may go unnoticed and show as wrong pixels, but never as those of another image.

    max_pixels: width times height at most, read before anything is decoded; a quarter of it for
    JPEGs in several scans (progressive), half of it for PNGs of 64 bits a pixel. The data may have
    a byte for each in a JPEG, two in a PNG.

    Raises UnknownEncodingError for another codec, ImageSizeError, and CorruptImageError.
    """
    buffer = memoryview(data)
    start = bytes(buffer[:8])
    if start.startswith(JPEG_START + b"\xff"):  # 0xFF: of the marker that follows
        codec, content = "JPEG", _content(buffer, max_pixels)
        essence, width, height = essential_jpeg(content, max_pixels)
    elif start.startswith(PNG_START):
        codec, content = "PNG", _content(buffer, 2 * max_pixels)
        essence, width, height = essential_png(content, max_pixels)
    elif not start:
        raise CorruptImageError("the compressed image has no data")
    else:
        raise UnknownEncodingError(
            f"the compressed image is neither a JPEG nor a PNG; its format: {image_format[:60]!r}"
        )
    image = _decode(codec, essence)
    if image.shape[:2] != (height, width):
        raise CorruptImageError("the compressed image is damaged: it has two sizes")
    return _in_true_colours(image, image_format)


def plain_jpeg(
    image_format: str,
    data: bytes | bytearray | memoryview | array[int],
    longest_side: int,
    max_pixels: int = MAX_PIXELS,
) -> bytes | None:
    """A compressed image as a JPEG that every viewer shows rightly, without decoding it.

    That is its own JPEG without metadata. None where there is no way around decoding: it is no
    JPEG, its format tells of other colours than its pixels have, or a side has more pixels than
    longest_side. image_format, data, max_pixels, and what is raised: as of decode_compressed_image.
    """
    buffer = memoryview(data)
    is_jpeg = bytes(buffer[:3]) == JPEG_START + b"\xff"
    if not is_jpeg or _is_mosaic(image_format) or _is_swapped(image_format):
        return None
    essence, width, height = essential_jpeg(_content(buffer, max_pixels), max_pixels)
    return essence if max(width, height) <= longest_side else None


def _content(data: memoryview, limit: int) -> bytes:
    if data.nbytes > limit:
        raise ImageSizeError(
            f"the compressed image is too large: {data.nbytes} bytes; expected at most {limit}"
        )
    return bytes(data)


def _decode(codec: str, essence: bytes) -> Pixels:
    """With Pillow: OpenCV 4.10 and 4.11 return pixels of the image before for a damaged JPEG.

    It also raises what libjpeg and libpng would print.
    https://github.com/opencv/opencv/issues/26488
    """
    try:
        with Image.open(BytesIO(essence), formats=[codec]) as image:
            return pixels_of(image)
    except Exception as error:  # Pillow's readers raise many kinds
        raise CorruptImageError("the compressed image is damaged") from error


def pixels_of(image: Image.Image) -> Pixels:
    """An image of Pillow's in whatever mode as uint8 (H, W, 3), BGR."""
    if image.mode.startswith("I"):  # 16 bits, which Pillow has for gray only
        gray = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(gray[..., None], 3, axis=2)
    colours = image if image.mode == "RGB" else image.convert("RGB")
    pixels = np.frombuffer(colours.tobytes("raw", "BGR"), np.uint8)
    return pixels.reshape(image.height, image.width, 3)


def _in_true_colours(image: Pixels, image_format: str) -> Pixels:
    if _is_mosaic(image_format):
        height, width = image.shape[:2]
        encoding = image_format.partition(";")[0]
        return decode_image(encoding, width, height, width, image[..., 0].tobytes())
    if _is_swapped(image_format):
        return np.ascontiguousarray(image[..., ::-1])
    return image


def _is_mosaic(image_format: str) -> bool:
    encoding = image_format.partition(";")[0]
    return encoding.startswith("bayer_") and encoding in ENCODINGS


def _is_swapped(image_format: str) -> bool:
    encoding, has_order, codec_and_order = image_format.partition(";")
    has_colours = encoding.startswith(("bgr", "rgb"))
    return bool(has_order) and has_colours and "compressed bgr" not in codec_and_order
