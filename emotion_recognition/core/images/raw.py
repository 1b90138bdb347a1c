"""Images as arrays: what the core accepts, and how raw camera images become that.

Names and meanings of the encodings: sensor_msgs/image_encodings.hpp of ROS 2's common_interfaces;
the memory layouts: https://docs.kernel.org/userspace-api/media/v4l/pixfmt.html.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from emotion_recognition.core.arrays import Pixels

#: Pixels of a camera's image; 4K has 4096 x 2160. With more than this the decoding of an image can
#: be made to take longer than 0.5 s and more than 150 MB.
MAX_PIXELS = 9_000_000

#: Pixels of a side, as many as libjpeg can write. Rows cost time each, however short.
MAX_SIDE = 65500


class ImageError(ValueError):
    """An image that cannot be used; the message says what was wrong and what was expected.

    reason: the same in a word, to count by.
    """

    reason = "unusable"


class UnknownEncodingError(ImageError):
    """An image whose encoding has no decoder here."""

    reason = "encoding"


class ImageSizeError(ImageError):
    """An image without pixels, or with too many."""

    reason = "size"


class CorruptImageError(ImageError):
    """A compressed image that is cut off or damaged."""

    reason = "corrupt"


class ImageLayoutError(ImageError):
    """An image whose size, step and data contradict each other."""

    reason = "layout"


def check_image(image: object) -> None:
    """Raises ImageError unless image is a uint8 array of shape (H, W, 3) with H, W >= 1."""
    if not isinstance(image, np.ndarray):
        raise ImageError(f"expected a numpy array, got {type(image).__name__}")
    if image.dtype != np.uint8:
        raise ImageError(f"expected an image of dtype uint8, got {image.dtype}")
    if image.ndim != 3 or image.shape[2] != 3:
        raise ImageError(f"expected a BGR image of shape (H, W, 3), got {image.shape}")
    if image.size == 0:
        raise ImageSizeError(f"the image is empty: shape {image.shape}")


def decode_image(
    encoding: str,
    width: int,
    height: int,
    step: int,
    data: bytes | bytearray | memoryview | array[int],
    is_bigendian: bool | int = False,
    max_pixels: int = MAX_PIXELS,
) -> Pixels:
    """The fields of a raw image (sensor_msgs/Image) as a uint8 array (H, W, 3) in BGR order.

    encoding: one of ENCODINGS. width, height: in pixels. step: bytes from one row to the next;
    padding after a row is skipped. data: a contiguous buffer.
    is_bigendian: the byte order of 16-bit values; of no meaning for the others.

    A bgr8 image is returned as a view of `data`, not a copy, read-only if `data` is. 16-bit
    values are scaled by 255/65535 and rounded, as cv_bridge does. YUV is ITU-R BT.601, limited
    range.

    Raises UnknownEncodingError, and ImageError for sizes that contradict each other or `data`.
    """
    layout = _LAYOUTS.get(encoding)
    if layout is None:
        wrong = f"unknown encoding {encoding[:40]!r}" if encoding else "the encoding is empty"
        raise UnknownEncodingError(f"{wrong}; expected one of {', '.join(ENCODINGS)}")
    columns, rows = layout.block
    if width % columns or height % rows:
        raise ImageLayoutError(
            f"{encoding} of {width}x{height} pixels; "
            f"expected a multiple of {columns} for the width and of {rows} for the height"
        )
    buffer = memoryview(data)
    check_layout(
        width, height, step, layout.row_bytes(width), buffer.nbytes, layout.planes, max_pixels
    )
    plane = np.frombuffer(buffer, np.uint8).reshape(-1, step)
    return layout.convert(plane, width, bool(is_bigendian))


def check_size(width: int, height: int, max_pixels: int = MAX_PIXELS) -> None:
    """Raises ImageSizeError for an image without pixels, with more than max_pixels, or too long."""
    if width < 1 or height < 1:
        raise ImageSizeError(f"the image is empty: {width}x{height} pixels")
    if width * height > max_pixels:
        raise ImageSizeError(
            f"the image is too large: {width}x{height} pixels; expected at most {max_pixels}"
        )
    if max(width, height) > MAX_SIDE:
        raise ImageSizeError(
            f"the image is too long: {width}x{height} pixels; expected at most {MAX_SIDE} a side"
        )


def check_layout(
    width: int,
    height: int,
    step: int,
    row_bytes: int,
    length: int,
    planes: float = 1.0,
    max_pixels: int = MAX_PIXELS,
) -> None:
    """Raises ImageError unless a raw image has pixels, and its step and its data hold them all.

    row_bytes: bytes of one row without padding. length: of the data in bytes. planes: all of the
    data in units of height * step.
    """
    check_size(width, height, max_pixels)
    if step < row_bytes:
        raise ImageLayoutError(
            f"step {step} is too small; a row of {width} pixels takes at least {row_bytes} bytes"
        )
    expected = int(height * planes) * step
    if length != expected:
        raise ImageLayoutError(
            f"the data is {length} bytes long; expected {expected} for {height} rows of step {step}"
        )


#: Takes rows of bytes (R, step) with their padding, the width in pixels, and the byte order.
_Convert = Callable[[Pixels, int, bool], Pixels]


@dataclass(frozen=True)
class _Layout:
    """How the bytes of an encoding are laid out, and how they become BGR.

    bytes_per_pixel: in the first plane. planes: all planes together, in units of the first one.
    block: (columns, rows) of pixels that share samples, so that the size is a multiple of it.
    """

    bytes_per_pixel: int
    convert: _Convert
    planes: float = 1.0
    block: tuple[int, int] = (1, 1)

    def row_bytes(self, width: int) -> int:
        return width * self.bytes_per_pixel


def _packed(channels: int, code: int | None, block: tuple[int, int] = (1, 1)) -> _Layout:
    """All samples of a pixel side by side, a byte each; code: OpenCV's conversion to BGR."""

    def convert(plane: Pixels, width: int, _: bool) -> Pixels:
        pixels = plane[:, : width * channels].reshape(len(plane), width, channels)
        return pixels if code is None else _convert_color(pixels, code)

    return _Layout(channels, convert, block=block)


def _semi_planar(code: int) -> _Layout:
    """YUV 4:2:0: a plane of Y, then half as many rows of interleaved chroma with the same step."""

    def convert(plane: Pixels, width: int, _: bool) -> Pixels:
        return _convert_color(np.ascontiguousarray(plane[:, :width]), code)

    return _Layout(1, convert, planes=1.5, block=(2, 2))


def _mono16(plane: Pixels, width: int, is_bigendian: bool) -> Pixels:
    # The copy also aligns rows whose step is odd.
    values = np.ascontiguousarray(plane[:, : 2 * width]).view(">u2" if is_bigendian else "<u2")
    gray = cv2.convertScaleAbs(values.astype(np.uint16, copy=False), alpha=255 / 65535)
    return _convert_color(np.asarray(gray, np.uint8), cv2.COLOR_GRAY2BGR)


def _nv24(plane: Pixels, width: int, _: bool) -> Pixels:
    """YUV 4:4:4: a plane of Y, then rows of interleaved U and V with twice the step.

    OpenCV has no conversion from it. Dropping every other column of chroma makes it YUYV.
    """
    height, step = len(plane) // 3, plane.shape[1]
    chroma = plane[height:].reshape(height, 2 * step)[:, : 2 * width].reshape(height, width, 2)
    yuyv = np.empty((height, width, 2), np.uint8)
    yuyv[..., 0] = plane[:height, :width]
    yuyv[:, 0::2, 1] = chroma[:, ::2, 0]
    yuyv[:, 1::2, 1] = chroma[:, ::2, 1]
    return _convert_color(yuyv, cv2.COLOR_YUV2BGR_YUY2)


def _convert_color(pixels: Pixels, code: int) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, code), np.uint8)


_GRAY = _packed(1, cv2.COLOR_GRAY2BGR)
_BGR = _packed(3, None)
_BGRA = _packed(4, cv2.COLOR_BGRA2BGR)
_UYVY = _packed(2, cv2.COLOR_YUV2BGR_UYVY, block=(2, 1))
_YUYV = _packed(2, cv2.COLOR_YUV2BGR_YUY2, block=(2, 1))

# ROS names a Bayer pattern by the first pixels of its first two rows, OpenCV's constants by the
# second and third pixel of the second row.
_LAYOUTS = {
    "bgr8": _BGR,
    "rgb8": _packed(3, cv2.COLOR_RGB2BGR),
    "bgra8": _BGRA,
    "rgba8": _packed(4, cv2.COLOR_RGBA2BGR),
    "mono8": _GRAY,
    "mono16": _Layout(2, _mono16),
    "8UC1": _GRAY,
    "8UC3": _BGR,
    "8UC4": _BGRA,
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    "nv12": _semi_planar(cv2.COLOR_YUV2BGR_NV12),
    "nv21": _semi_planar(cv2.COLOR_YUV2BGR_NV21),
    "nv24": _Layout(1, _nv24, planes=3.0, block=(2, 1)),
    "bayer_rggb8": _packed(1, cv2.COLOR_BayerBG2BGR),
    "bayer_bggr8": _packed(1, cv2.COLOR_BayerRG2BGR),
    "bayer_gbrg8": _packed(1, cv2.COLOR_BayerGR2BGR),
    "bayer_grbg8": _packed(1, cv2.COLOR_BayerGB2BGR),
}

#: The encodings that decode_image knows.
ENCODINGS = tuple(_LAYOUTS)
