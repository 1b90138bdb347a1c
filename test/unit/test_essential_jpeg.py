"""What a decoder gets to see of a JPEG, and which it never sees; see core/images/jpeg.py."""

from __future__ import annotations

import re
import struct

import pytest
from crafted_images import segment

from emotion_recognition.core.images.jpeg import (
    MAX_SCANS,
    MAX_SEGMENTS,
    MULTI_SCAN_PART,
    START,
    essential_jpeg,
)
from emotion_recognition.core.images.raw import (
    CorruptImageError,
    ImageError,
    ImageSizeError,
    UnknownEncodingError,
)

END = b"\xff\xd9"
BASELINE, PROGRESSIVE, LOSSLESS = 0xC0, 0xC2, 0xC3


def frame(
    marker: int = BASELINE, size: tuple[int, int] = (40, 30), components: int = 3, bits: int = 8
) -> bytes:
    header = struct.pack(">BHHB", bits, size[1], size[0], components)
    return segment(marker, header + b"\1\x11\0" * components)


def scan(components: int = 3, data: bytes = b"data") -> bytes:
    body = bytes([components]) + b"\1\0" * components + b"\0\x3f\0"
    return segment(0xDA, body) + data


COMMENT = segment(0xFE, b"hello")
TABLE = segment(0xDB, bytes(65))


@pytest.mark.parametrize(
    ("parts", "error", "reason"),
    [
        (
            [frame(LOSSLESS), scan(), END],
            UnknownEncodingError,
            "the JPEG is lossless, hierarchical or arithmetically coded; expected baseline or "
            "progressive",
        ),
        (
            [frame(), frame(), scan(), END],
            CorruptImageError,
            "the JPEG is damaged: it has two frame headers",
        ),
        (
            [segment(BASELINE, b"\x08\0\1\0\1\1"), scan(1), END],
            CorruptImageError,
            "the JPEG is damaged: its frame header has the wrong length",
        ),
        (
            [frame(bits=12), scan(), END],
            UnknownEncodingError,
            "the JPEG has 12 bits a sample; expected 8",
        ),
        (
            [frame(components=2), scan(2), END],
            CorruptImageError,
            "the JPEG is damaged: it has 2 components; expected 1, 3 or 4",
        ),
        (
            [frame(), scan(), scan(), END],
            CorruptImageError,
            "the JPEG is damaged: it has more scans than an image needs (2)",
        ),
        (
            [frame(PROGRESSIVE), scan() * (MAX_SCANS + 1), END],
            CorruptImageError,
            f"the JPEG is damaged: it has more scans than an image needs ({MAX_SCANS + 1})",
        ),
    ],
)
def test_a_jpeg_that_no_camera_sends_is_refused_with_the_reason(
    parts: list[bytes], error: type[ImageError], reason: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(reason)}$"):
        essential_jpeg(START + b"".join(parts), 10**6)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [END],
        [frame(), END],
        [scan(), END],
        [frame(), scan()],
        [frame(), scan(data=b"\xff")],
        [frame(), scan(), b"\xff"],
        [frame(), b"\xff\xfe\0\1", scan(), END],
        [frame(), b"\xff\xfe\0\x40hello"],
        [frame(), COMMENT * MAX_SEGMENTS, scan(), END],
        [b"x", frame(), scan(), END],
    ],
)
def test_what_is_no_whole_jpeg_is_refused(parts: list[bytes]) -> None:
    content = START + b"".join(parts)
    reason = f"the JPEG is cut off or damaged: {len(content)} bytes, no whole image"
    with pytest.raises(CorruptImageError, match=f"^{re.escape(reason)}$"):
        essential_jpeg(content, 10**6)


def test_what_makes_the_pixels_is_left_and_nothing_else() -> None:
    jfif, exif = segment(0xE0, b"JFIF\0\1"), segment(0xE1, b"Exif\0\0")
    empty = segment(0xFE, b"")
    content = START + jfif + exif + TABLE + COMMENT + empty + frame() + scan() + COMMENT + END
    essence, width, height = essential_jpeg(content + b"more", 40 * 30)
    assert essence == START + jfif + TABLE + frame() + scan() + END
    assert (width, height) == (40, 30)


@pytest.mark.parametrize("components", [1, 3, 4])
def test_gray_colour_and_ink_are_taken(components: int) -> None:
    content = START + frame(components=components) + scan(components) + END
    assert essential_jpeg(content, 40 * 30)[0] == content


@pytest.mark.parametrize("size", [(300, 700), (65500, 1), (1, 65500)])
def test_a_size_has_16_bits_and_is_limited(size: tuple[int, int]) -> None:
    content = START + frame(size=size) + scan() + END
    assert essential_jpeg(content, size[0] * size[1])[1:] == size
    with pytest.raises(ImageSizeError, match=f"{size[0]}x{size[1]}"):
        essential_jpeg(content, size[0] * size[1] - 1)


@pytest.mark.parametrize(
    "parts",
    [
        [frame(PROGRESSIVE), scan() * MAX_SCANS],
        [frame(PROGRESSIVE), scan()],
        [frame(), scan(1) * 3],
    ],
    ids=["progressive, all", "progressive, one", "one component a scan"],
)
def test_an_image_in_several_scans_may_have_a_part_of_the_pixels(parts: list[bytes]) -> None:
    content = START + b"".join(parts) + END
    needed = 40 * 30 * MULTI_SCAN_PART
    assert essential_jpeg(content, needed)[0] == content
    with pytest.raises(ImageSizeError, match="40x30"):
        essential_jpeg(content, needed - 1)


def test_restarts_and_escapes_are_part_of_a_scan() -> None:
    data = b"a\xff\0b\xff\xd0c\xff\xff\xd7d\xff\0"
    content = START + frame() + scan(data=data) + TABLE + END
    assert essential_jpeg(content, 40 * 30)[0] == content
