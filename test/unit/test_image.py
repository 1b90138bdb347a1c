"""Decoding of raw images: exact colours, padding, byte order, and what is refused."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion_recognition.core.images.raw import (
    ENCODINGS,
    MAX_PIXELS,
    MAX_SIDE,
    ImageError,
    ImageSizeError,
    UnknownEncodingError,
    check_image,
    check_size,
    decode_image,
)

Pixels = NDArray[np.uint8]

BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)
# BT.601, limited range, of pure red: https://www.itu.int/rec/R-REC-BT.601
RED_Y, RED_U, RED_V = 81, 90, 240

RNG = np.random.default_rng(0)
BGR = RNG.integers(0, 256, (6, 8, 3), np.uint8)


def padded(rows: Pixels, padding: int) -> tuple[int, bytes]:
    """Rows of bytes with garbage after each of them: the step and the data."""
    garbage = RNG.integers(0, 256, (len(rows), padding), np.uint8)
    whole = np.concatenate([rows, garbage], axis=1)
    return whole.shape[1], whole.tobytes()


def decode_rows(
    encoding: str, width: int, height: int, rows: Pixels, padding: int, is_bigendian: bool = False
) -> Pixels:
    step, data = padded(rows[:height] if encoding == "nv24" else rows, padding)
    if encoding == "nv24":
        data += padded(rows[height:].reshape(height, -1), 2 * padding)[1]
    return decode_image(encoding, width, height, step, data, is_bigendian)


def red_rows(encoding: str, width: int, height: int) -> Pixels:
    """Rows of bytes of an all red image."""
    y = np.full((height, width), RED_Y, np.uint8)
    if encoding in ("yuv422", "uyvy"):
        return np.tile(np.array([RED_U, RED_Y, RED_V, RED_Y], np.uint8), (height, width // 2))
    if encoding in ("yuv422_yuy2", "yuyv"):
        return np.tile(np.array([RED_Y, RED_U, RED_Y, RED_V], np.uint8), (height, width // 2))
    pair = [RED_V, RED_U] if encoding == "nv21" else [RED_U, RED_V]
    chroma_rows = 2 * height if encoding == "nv24" else height // 2
    return np.concatenate([y, np.tile(np.array(pair, np.uint8), (chroma_rows, width // 2))])


@pytest.mark.parametrize("padding", [0, 1, 7])
@pytest.mark.parametrize(
    ("encoding", "pixels"),
    [
        ("bgr8", BGR),
        ("8UC3", BGR),
        ("rgb8", BGR[..., ::-1]),
        ("bgra8", np.dstack([BGR, BGR[..., 0]])),
        ("8UC4", np.dstack([BGR, BGR[..., 0]])),
        ("rgba8", np.dstack([BGR[..., ::-1], BGR[..., 0]])),
    ],
)
def test_colour_keeps_every_pixel(encoding: str, pixels: Pixels, padding: int) -> None:
    decoded = decode_rows(encoding, 8, 6, pixels.reshape(6, -1), padding)
    check_image(decoded)
    np.testing.assert_array_equal(decoded, BGR)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_gray_fills_all_channels(encoding: str, padding: int) -> None:
    gray = BGR[..., 0]
    decoded = decode_rows(encoding, 8, 6, gray, padding)
    np.testing.assert_array_equal(decoded, np.dstack([gray] * 3))


@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("is_bigendian", [False, True])
def test_mono16_is_scaled_by_its_full_range(is_bigendian: bool, padding: int) -> None:
    values = np.array([[0, 257, 256 * 128, 65535], [1, 128, 129, 65406]])
    rows = values.astype(">u2" if is_bigendian else "<u2").view(np.uint8)
    decoded = decode_rows("mono16", 4, 2, rows, padding, is_bigendian)
    expected = np.round(values * 255 / 65535).astype(np.uint8)
    np.testing.assert_array_equal(decoded, np.dstack([expected] * 3))


@pytest.mark.parametrize("padding", [0, 1, 64])
@pytest.mark.parametrize(
    "encoding", ["yuv422", "uyvy", "yuv422_yuy2", "yuyv", "nv12", "nv21", "nv24"]
)
def test_yuv_gives_the_colour_it_was_made_of(encoding: str, padding: int) -> None:
    decoded = decode_rows(encoding, 6, 4, red_rows(encoding, 6, 4), padding)
    check_image(decoded)
    assert decoded.shape == (4, 6, 3)
    np.testing.assert_allclose(decoded, np.broadcast_to(RED, (4, 6, 3)), atol=2)


@pytest.mark.parametrize("encoding", ["yuv422", "yuv422_yuy2", "nv12", "nv21", "nv24"])
def test_yuv_keeps_brightness_and_colour_where_they_are(encoding: str) -> None:
    rows = red_rows(encoding, 4, 4)
    if encoding.startswith("nv"):
        rows[:2, :2] = 16  # black, top left
        chroma = rows[4:].reshape(-1, 8 if encoding == "nv24" else 4)
        chroma[:, chroma.shape[1] // 2 :] = 128  # no colour on the right
    else:
        first = 1 if encoding == "yuv422" else 0
        rows[:2, first:4:2] = 16
        rows[:, 5 - first :: 2] = 128
    decoded = decode_rows(encoding, 4, 4, rows, 3)
    top_left, bottom_left, right = decoded[0, 0], decoded[3, 0], decoded[:, 3]
    assert int(top_left[2]) < int(bottom_left[2]) - 60
    np.testing.assert_allclose(bottom_left, RED, atol=2)
    assert (right == right[:, :1]).all(), "gray where there is no colour"


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("colour", [BLUE, GREEN, RED])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_gives_the_colour_of_the_mosaic(
    pattern: str, colour: tuple[int, int, int], padding: int
) -> None:
    # The encoding's name spells the filters of the first two rows, row by row.
    samples = np.array([colour["bgr".index(filter_)] for filter_ in pattern], np.uint8)
    mosaic = np.tile(samples.reshape(2, 2), (4, 4))
    decoded = decode_rows(f"bayer_{pattern}8", 8, 8, mosaic, padding)
    np.testing.assert_array_equal(decoded, np.broadcast_to(colour, (8, 8, 3)))


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: array("B", data)])
def test_any_buffer_is_read_without_a_copy(kind: object) -> None:
    data = kind(BGR.tobytes())  # type: ignore[operator]
    decoded = decode_image("bgr8", 8, 6, 24, data)
    np.testing.assert_array_equal(decoded, BGR)
    assert np.shares_memory(decoded, np.frombuffer(data, np.uint8))


def test_the_byte_order_means_nothing_for_bytes() -> None:
    np.testing.assert_array_equal(decode_image("bgr8", 8, 6, 24, BGR.tobytes(), 255), BGR)


@pytest.mark.parametrize("encoding", ["", "bgr", "BGR8", "rgb16", "jpeg", "8UC2", "\0"])
def test_unknown_encodings_are_named_with_the_known_ones(encoding: str) -> None:
    with pytest.raises(UnknownEncodingError, match="empty" if not encoding else "unknown") as error:
        decode_image(encoding, 8, 6, 24, BGR.tobytes())
    assert "bgr8, rgb8" in str(error.value)


@pytest.mark.parametrize(
    ("encoding", "width", "height", "step", "length", "message"),
    [
        ("bgr8", 0, 6, 0, 0, "empty: 0x6"),
        ("bgr8", 8, 0, 24, 0, "empty: 8x0"),
        ("bgr8", 2**32 - 1, 2**32 - 1, 2**32 - 1, 144, "too large"),
        ("mono8", MAX_PIXELS + 1, 1, MAX_PIXELS + 1, 0, f"at most {MAX_PIXELS}"),
        ("bgr8", 8, 6, 0, 144, "step 0 is too small.* at least 24 bytes"),
        ("bgr8", 8, 6, 23, 138, "step 23 is too small.* at least 24 bytes"),
        ("mono16", 8, 6, 8, 48, "at least 16 bytes"),
        ("bgr8", 8, 6, 24, 143, "143 bytes long; expected 144"),
        ("bgr8", 8, 6, 24, 145, "145 bytes long; expected 144"),
        ("bgr8", 8, 6, 24, 0, "0 bytes long; expected 144"),
        ("bgr8", 8, 6, 2**32 - 1, 144, "144 bytes long"),
        ("nv12", 8, 6, 8, 48, "48 bytes long; expected 72"),
        ("nv24", 8, 6, 8, 72, "72 bytes long; expected 144"),
        ("nv12", 7, 6, 8, 72, "7x6 pixels; expected a multiple of 2"),
        ("nv21", 8, 5, 8, 60, "8x5 pixels; expected a multiple of 2"),
        ("yuv422", 7, 6, 14, 84, "7x6 pixels; expected a multiple of 2"),
        ("nv24", 7, 6, 8, 144, "7x6 pixels; expected a multiple of 2"),
    ],
)
def test_contradictory_sizes_are_refused_with_the_reason(
    encoding: str, width: int, height: int, step: int, length: int, message: str
) -> None:
    with pytest.raises(ImageError, match=message):
        decode_image(encoding, width, height, step, bytes(length))


@pytest.mark.parametrize(
    ("encoding", "width", "step", "reason"),
    [("bgr9", 8, 24, "encoding"), ("bgr8", 0, 24, "size"), ("bgr8", 8, 7, "layout")],
)
def test_refusals_can_be_counted_by_reason(
    encoding: str, width: int, step: int, reason: str
) -> None:
    with pytest.raises(ImageError) as error:
        decode_image(encoding, width, 6, step, bytes(144))
    assert error.value.reason == reason


SIZES = st.one_of(st.integers(0, 9), st.integers(0, 2**32 - 1))


@settings(deadline=None)  # a busy machine is no failure
@given(
    encoding=st.one_of(st.sampled_from(ENCODINGS), st.text(max_size=6)),
    width=SIZES,
    height=SIZES,
    step=SIZES,
    data=st.binary(max_size=300),
    is_bigendian=st.integers(0, 255),
)
@example("bayer_rggb8", 1, 1, 1, b"x", 0)
@example("mono16", 1, 1, 3, b"xyz", 1)
def test_arbitrary_fields_give_an_image_or_an_image_error(
    encoding: str, width: int, height: int, step: int, data: bytes, is_bigendian: int
) -> None:
    try:
        decoded = decode_image(encoding, width, height, step, data, is_bigendian)
    except ImageError:
        return
    check_image(decoded)
    assert decoded.shape == (height, width, 3)


@settings(deadline=None)  # a busy machine is no failure
@given(
    encoding=st.sampled_from(ENCODINGS),
    width=st.integers(1, 9),
    height=st.integers(1, 9),
    step=st.integers(1, 40),
    is_bigendian=st.booleans(),
)
def test_every_size_that_fits_gives_an_image_of_that_size(
    encoding: str, width: int, height: int, step: int, is_bigendian: bool
) -> None:
    samples = {"mono16": 2, "rgb8": 3, "bgr8": 3, "8UC3": 3, "rgba8": 4, "bgra8": 4, "8UC4": 4}
    samples |= dict.fromkeys(("yuv422", "uyvy", "yuv422_yuy2", "yuyv"), 2)
    rows = height * {"nv12": 3, "nv21": 3, "nv24": 6}.get(encoding, 2) // 2
    fits = step >= width * samples.get(encoding, 1)
    shared = encoding.startswith(("nv", "yuv", "uyvy", "yuyv"))
    even = width % 2 == 0 and (height % 2 == 0 or encoding not in ("nv12", "nv21"))
    if fits and (even or not shared):
        decoded = decode_image(encoding, width, height, step, bytes(rows * step), is_bigendian)
        assert decoded.shape == (height, width, 3)
    else:
        with pytest.raises(ImageError):
            decode_image(encoding, width, height, step, bytes(rows * step), is_bigendian)


@pytest.mark.parametrize(
    "image",
    [None, [[0]], np.zeros((2, 2, 3)), np.zeros((2, 2), np.uint8), np.zeros((0, 2, 3), np.uint8)],
)
def test_check_image_refuses_what_is_no_bgr_image(image: object) -> None:
    with pytest.raises(ImageError):
        check_image(image)


def test_an_unknown_encoding_is_quoted_on_one_short_line() -> None:
    with pytest.raises(UnknownEncodingError) as error:
        decode_image("\n\x07" + 1000 * "x", 8, 6, 24, BGR.tobytes())
    assert r"'\n\x07xxx" in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 400


def test_a_side_may_be_as_long_as_a_jpegs() -> None:
    check_size(MAX_SIDE, 1)
    check_size(1, MAX_SIDE)
    reason = f"^the image is too long: {MAX_SIDE + 1}x1 pixels; expected at most {MAX_SIDE} a side$"
    with pytest.raises(ImageSizeError, match=reason):
        check_size(MAX_SIDE + 1, 1)


@pytest.mark.parametrize(
    ("encoding", "reason"),
    [("", "the encoding is empty"), ("x" * 99, f"unknown encoding '{'x' * 40}'")],
)
def test_an_encoding_that_is_none_is_told_in_short(encoding: str, reason: str) -> None:
    with pytest.raises(UnknownEncodingError, match=f"^{reason}"):
        decode_image(encoding, 1, 1, 3, b"abc")
