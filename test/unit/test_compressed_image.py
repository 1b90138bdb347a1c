"""Decoding of compressed images: colours, the field `format`, and what is refused."""

from __future__ import annotations

import struct
import zlib
from array import array

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion_recognition.core.images import compressed as compressed_image
from emotion_recognition.core.images.compressed import (
    CorruptImageError,
    decode_compressed_image,
    plain_jpeg,
)
from emotion_recognition.core.images.raw import (
    MAX_PIXELS,
    ImageError,
    ImageSizeError,
    UnknownEncodingError,
    check_image,
)

Pixels = NDArray[np.uint8]

BLUE, RED = (255, 0, 0), (0, 0, 255)
SMOOTH = cv2.resize(
    np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8),
    (64, 48),
    interpolation=cv2.INTER_CUBIC,
)


def compressed(image: Pixels, codec: str = "png", *options: int) -> bytes:
    return bytes(cv2.imencode(f".{codec}", image, options)[1])


def plain(colour: tuple[int, int, int]) -> Pixels:
    return np.full((48, 64, 3), colour, np.uint8)


def with_jpeg_size(width: int, height: int) -> bytes:
    """A JPEG whose header claims another size."""
    content = compressed(SMOOTH, "jpeg")
    frame = content.index(b"\xff\xc0")
    return content[: frame + 5] + struct.pack(">HH", height, width) + content[frame + 9 :]


def with_png_size(width: int, height: int) -> bytes:
    """A PNG whose header claims another size, with the right checksum."""
    content = compressed(SMOOTH)
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


@pytest.mark.parametrize("codec", ["jpeg", "png"])
def test_a_compressed_image_is_the_image(codec: str) -> None:
    decoded = decode_compressed_image(f"bgr8; {codec} compressed bgr8", compressed(SMOOTH, codec))
    check_image(decoded)
    np.testing.assert_allclose(decoded, SMOOTH, atol=0 if codec == "png" else 12)


@pytest.mark.parametrize(
    ("image_format", "stored"),
    [
        ("bgr8; jpeg compressed bgr8", RED),
        ("rgb8; jpeg compressed bgr8", RED),
        ("rgba8; png compressed bgra8", RED),
        ("rgb16; png compressed bgr16", RED),
        ("jpeg", RED),
        ("jpg", RED),
        ("png", RED),
        ("", RED),
        ("rgb8", RED),
        ("nonsense; more of it", RED),
        # What the plugin's subscriber takes for the order of the channels when bgr is not named.
        ("rgb8; jpeg compressed rgb8", BLUE),
        ("rgb8; png compressed", BLUE),
        ("bgr8; png compressed ", BLUE),
    ],
)
@pytest.mark.parametrize("codec", ["jpeg", "png"])
def test_the_format_tells_the_order_of_the_channels(
    image_format: str, stored: tuple[int, int, int], codec: str
) -> None:
    decoded = decode_compressed_image(image_format, compressed(plain(stored), codec))
    np.testing.assert_allclose(decoded, plain(RED), atol=3)
    assert decoded.flags.c_contiguous


@pytest.mark.parametrize("codec", ["jpeg", "png"])
@pytest.mark.parametrize("ending", ["", "mono8"])
def test_gray_fills_all_channels(codec: str, ending: str) -> None:
    gray = SMOOTH[..., 0]
    decoded = decode_compressed_image(
        f"mono8; {codec} compressed {ending}", compressed(gray, codec)
    )
    np.testing.assert_allclose(decoded, np.dstack([gray] * 3), atol=0 if codec == "png" else 12)


def test_16_bits_keep_their_upper_byte() -> None:
    values = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    decoded = decode_compressed_image("mono16; png compressed ", compressed(values))
    np.testing.assert_allclose(decoded[..., 1], values >> 8, atol=1)


def test_transparency_is_dropped() -> None:
    see_through = np.dstack([SMOOTH, SMOOTH[..., 0]])
    decoded = decode_compressed_image("bgra8; png compressed bgra8", compressed(see_through))
    np.testing.assert_array_equal(decoded, SMOOTH)


def test_a_bayer_mosaic_gets_its_colours() -> None:
    mosaic = np.tile(np.array([[255, 0], [0, 0]], np.uint8), (24, 32))
    decoded = decode_compressed_image("bayer_rggb8; png compressed ", compressed(mosaic))
    np.testing.assert_array_equal(decoded, plain(RED))


def test_pixels_stay_where_they_are_whatever_exif_says() -> None:
    content = compressed(SMOOTH, "jpeg")
    quarter_turn = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", 0x112, 3, 1, 6, 0, 0)
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(quarter_turn)) + quarter_turn
    turned = content[:2] + segment + content[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (64, 48, 3)
    assert decode_compressed_image("jpeg", turned).shape == (48, 64, 3)


def with_exif(content: bytes, exif: bytes) -> bytes:
    """A JPEG with metadata."""
    body = b"Exif\0\0" + exif
    return content[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + content[2:]


def test_a_jpeg_that_every_viewer_shows_rightly_is_given_without_its_metadata() -> None:
    content = compressed(SMOOTH, "jpeg")
    for image_format in ("jpeg", "bgr8; jpeg compressed bgr8"):
        given = plain_jpeg(image_format, with_exif(content, b"where and when"), 64)
        assert given is not None
        assert b"where and when" not in given
        np.testing.assert_array_equal(
            decode_compressed_image("jpeg", given), decode_compressed_image("jpeg", content)
        )


@pytest.mark.parametrize(
    ("image_format", "codec", "longest_side"),
    [
        ("jpeg", "jpeg", 63),  # too large
        ("png", "png", 64),
        ("rgb8; jpeg compressed rgb8", "jpeg", 64),  # red and blue are swapped
        ("bayer_rggb8; jpeg compressed ", "jpeg", 64),
        ("jpeg", "", 64),
    ],
)
def test_what_viewers_would_show_otherwise_is_not_taken_for_a_plain_jpeg(
    image_format: str, codec: str, longest_side: int
) -> None:
    content = compressed(SMOOTH, codec) if codec else b""
    assert plain_jpeg(image_format, content, longest_side) is None


def test_a_plain_jpeg_is_checked_like_one_that_is_decoded() -> None:
    content = compressed(SMOOTH, "jpeg")
    with pytest.raises(ImageSizeError):
        plain_jpeg("jpeg", content, 64, max_pixels=64 * 48 - 1)
    with pytest.raises(CorruptImageError):
        plain_jpeg("jpeg", content[:-20], 64)


@pytest.mark.parametrize("kind", [bytearray, memoryview, lambda data: array("B", data)])
def test_any_buffer_is_read(kind: object) -> None:
    data = kind(compressed(SMOOTH))  # type: ignore[operator]
    np.testing.assert_array_equal(decode_compressed_image("png", data), SMOOTH)


@pytest.mark.parametrize("codec", ["jpeg", "png"])
def test_padding_after_the_image_is_skipped(codec: str) -> None:
    content = compressed(SMOOTH, codec)
    np.testing.assert_array_equal(
        decode_compressed_image(codec, content + bytes(1000)),
        decode_compressed_image(codec, content),
    )


def test_progressive_and_filled_jpegs_are_read() -> None:
    progressive = compressed(SMOOTH, "jpeg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert b"\xff\xc2" in progressive
    filled = progressive[:2] + b"\xff\xff" + progressive[2:]
    assert decode_compressed_image("jpeg", filled).shape == (48, 64, 3)


@pytest.mark.parametrize("codec", ["jpeg", "png"])
def test_an_image_that_is_cut_off_anywhere_is_refused(codec: str) -> None:
    content = compressed(SMOOTH, codec)
    for length in range(3, len(content) - 2, 7):
        with pytest.raises(ImageError) as error:
            decode_compressed_image(codec, content[:length])
        assert isinstance(error.value, CorruptImageError | UnknownEncodingError)


def test_a_damaged_png_is_refused_by_its_checksums() -> None:
    content = bytearray(compressed(SMOOTH))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(CorruptImageError, match="damaged"):
        decode_compressed_image("png", content)


def test_an_empty_image_is_refused() -> None:
    with pytest.raises(CorruptImageError, match="no data") as error:
        decode_compressed_image("jpeg", b"")
    assert error.value.reason == "corrupt"


@pytest.mark.parametrize("image_format", ["h264", "16UC1; compressedDepth png", "\n" * 200])
def test_another_codec_is_refused_and_named_on_one_line(image_format: str) -> None:
    with pytest.raises(UnknownEncodingError, match="neither a JPEG nor a PNG") as error:
        decode_compressed_image(image_format, bytes(12) + compressed(SMOOTH))
    assert repr(image_format[:60]) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert error.value.reason == "encoding"


@pytest.mark.parametrize("make", [with_jpeg_size, with_png_size])
@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [(0, 48, "empty: 0x48"), (64, 0, "empty: 64x0"), (65535, 65535, f"at most {MAX_PIXELS}")],
)
def test_sizes_are_limited_before_anything_is_decoded(
    make: object, width: int, height: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(compressed_image.Image, "open")
    with pytest.raises(ImageSizeError, match=reason):
        decode_compressed_image("", make(width, height))  # type: ignore[operator]


START = {codec: compressed(SMOOTH, codec) for codec in ("jpeg", "png")}


@settings(deadline=None)  # a busy machine is no failure
@given(st.sampled_from(["jpeg", "png"]), st.text(max_size=30), st.binary(max_size=200))
def test_arbitrary_data_gives_an_image_or_an_image_error(
    codec: str, image_format: str, junk: bytes
) -> None:
    for data in (junk, START[codec][: len(junk)] + junk, START[codec][:3] + junk):
        try:
            check_image(decode_compressed_image(image_format, data))
        except ImageError:
            continue


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.sampled_from(["jpeg", "png"]),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 255)), min_size=1, max_size=8),
)
def test_flipped_bits_give_an_image_or_an_image_error(
    codec: str, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(START[codec])
    for position, bits in flips:
        data[position % len(data)] ^= bits
    try:
        decoded = decode_compressed_image(codec, data)
    except ImageError:
        return
    check_image(decoded)


@pytest.mark.parametrize(("codec", "bytes_a_pixel"), [("jpeg", 1), ("png", 2)])
def test_a_compressed_image_may_have_so_many_bytes_a_pixel(codec: str, bytes_a_pixel: int) -> None:
    content = compressed(plain(BLUE), codec)
    limit = bytes_a_pixel * 64 * 48
    assert len(content) < limit
    most = content + bytes(limit - len(content))
    assert decode_compressed_image("", most, 64 * 48).shape == (48, 64, 3)
    reason = f"^the compressed image is too large: {limit + 1} bytes; expected at most {limit}$"
    with pytest.raises(ImageSizeError, match=reason):
        decode_compressed_image("", most + b"x", 64 * 48)


def test_an_image_without_data_is_refused_as_such() -> None:
    with pytest.raises(CorruptImageError, match=r"^the compressed image has no data$"):
        decode_compressed_image("jpeg", b"")


def test_what_the_decoder_makes_nothing_of_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    content = compressed(SMOOTH)
    start = content.index(b"IDAT") - 4
    data = b"IDAT" + b"no zlib"
    broken = struct.pack(">I", 7) + data + struct.pack(">I", zlib.crc32(data))
    with pytest.raises(CorruptImageError, match=r"^the compressed image is damaged$"):
        decode_compressed_image("png", content[:start] + broken + content[-12:])
    monkeypatch.setattr(compressed_image, "_decode", lambda *_: plain(BLUE)[1:])
    reason = r"^the compressed image is damaged: it has two sizes$"
    with pytest.raises(CorruptImageError, match=reason):
        decode_compressed_image("png", content)


def test_gray_of_16_bits_has_three_equal_channels() -> None:
    values = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64) * 21
    decoded = decode_compressed_image("16UC1; png compressed ", compressed(values))
    np.testing.assert_array_equal(decoded, np.dstack([values >> 8] * 3))
