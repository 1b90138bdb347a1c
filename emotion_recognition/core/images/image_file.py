"""Image files as arrays: what people have, not what cameras send."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from emotion_recognition.core.arrays import Pixels
from emotion_recognition.core.images.compressed import decode_compressed_image, pixels_of
from emotion_recognition.core.images.raw import (
    CorruptImageError,
    ImageError,
    ImageSizeError,
    UnknownEncodingError,
    check_size,
)

#: Pixels of an image in a file. More than of a camera's, because a user has chosen it.
MAX_FILE_PIXELS = 80_000_000

#: Beside JPEG and PNG. Pillow reads more, some of it by starting other programs.
_OTHER_FORMATS = ("BMP", "GIF", "PPM", "TIFF", "WEBP")
FORMATS = ", ".join(("JPEG", "PNG", *_OTHER_FORMATS))

#: What files of these formats begin with; WebP has its length in between.
_SIGNATURES = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF8", b"II*\0", b"MM\0*"),
    *(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \t\r\n"),
)

# The tag Orientation of EXIF, and how each of its values but 1 is put upright.
_ORIENTATION = 0x0112
_UPRIGHT: dict[int, Callable[[Pixels], Pixels]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.transpose(1, 0, 2),
    6: lambda pixels: pixels.transpose(1, 0, 2)[:, ::-1],
    7: lambda pixels: pixels[::-1, ::-1].transpose(1, 0, 2),
    8: lambda pixels: pixels.transpose(1, 0, 2)[::-1],
}


def is_image_file(path: Path) -> bool:
    """Whether a file begins as those that `read_image_file` reads. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(12)
    return head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:] == b"WEBP")


def read_image_file(path: Path, max_pixels: int = MAX_FILE_PIXELS) -> Pixels:
    """An image file as uint8 (H, W, 3), BGR, turned as its EXIF says.

    JPEG, PNG, BMP, PPM, TIFF, WebP, and the first image of a GIF. max_pixels: as
    `decode_compressed_image` has it. Raises ImageError, and OSError if the file cannot be read.
    """
    if (length := path.stat().st_size) > 8 * max_pixels:
        raise ImageSizeError(f"it has {length} bytes; expected at most {8 * max_pixels}")
    content = path.read_bytes()
    try:
        pixels = decode_compressed_image("", content, max_pixels)
        orientation = _orientation_of_compressed(content)
    except UnknownEncodingError:
        pixels, orientation = _decode_other(content, max_pixels)
    if turn := _UPRIGHT.get(orientation):
        pixels = turn(pixels)
    return np.ascontiguousarray(pixels)


def _decode_other(content: bytes, max_pixels: int) -> tuple[Pixels, int]:
    """The pixels, and the orientation that they still have: Pillow turns a TIFF as it reads it."""
    try:
        with Image.open(BytesIO(content), formats=_OTHER_FORMATS) as image:
            check_size(*image.size, max_pixels)
            if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
                raise UnknownEncodingError("it has 32 bits a sample; expected 8 or 16")
            return pixels_of(image), _orientation(image)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageSizeError(f"it is too large; expected at most {max_pixels} pixels") from error
    except Exception as error:  # Pillow's readers raise many kinds
        raise CorruptImageError(f"it is damaged, or none of {FORMATS}") from error


def _orientation_of_compressed(content: bytes) -> int:
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as image:
            return _orientation(image)
    except Exception:  # what was decoded is its essential parts, and the others may be damaged
        return 1


def _orientation(image: Image.Image) -> int:
    """As EXIF has it, 1 to 8; 1, upright, where it says nothing that can be read."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # Pillow's readers raise many kinds
        return 1
