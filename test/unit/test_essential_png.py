"""What a decoder gets to see of a PNG, and which PNGs it never sees; see core/images/png.py."""

from __future__ import annotations

import re
import struct

import pytest
from crafted_images import PNG, PNG_END, PNG_HEADER, chunk, png

from emotion_recognition.core.images.png import MAX_CHUNKS, START, essential_png
from emotion_recognition.core.images.raw import CorruptImageError, ImageSizeError

DATA = PNG[33:]  # of PNG, behind its header


def header(colour: int) -> bytes:
    return START + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, colour, 0, 0, 0))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (PNG_HEADER[:-1], "the PNG is cut off or damaged: 32 bytes, no whole image"),
        (PNG_HEADER, "the PNG is cut off or damaged: 33 bytes, no whole image"),
        (
            PNG_HEADER + chunk(b"IDAT", b"", 1)[:-1],
            "the PNG is cut off or damaged: 44 bytes, no whole image",
        ),
        (PNG_HEADER + PNG_HEADER[8:] + DATA, "the PNG is damaged: it has two headers"),
        (
            PNG_HEADER + chunk(b"ABcd", b"") + DATA,
            "the PNG is damaged: it has a critical chunk that no PNG has",
        ),
        (
            header(3) + chunk(b"IDAT", b"x") + PNG_END,
            "the PNG is damaged: its palette is missing",
        ),
        (
            PNG_HEADER + chunk(b"IDAT", b"") * MAX_CHUNKS + PNG_END,
            f"the PNG is damaged: it has more than {MAX_CHUNKS} chunks",
        ),
        (
            PNG_HEADER[:-1] + bytes([PNG_HEADER[-1] ^ 1]) + DATA,
            "the compressed image is damaged: a checksum is wrong",
        ),
    ],
)
def test_a_png_that_no_encoder_makes_is_refused_with_the_reason(
    content: bytes, reason: str
) -> None:
    with pytest.raises(CorruptImageError, match=f"^{re.escape(reason)}$"):
        essential_png(content, 10**6)


def test_what_makes_the_pixels_is_left_and_nothing_else() -> None:
    palette = chunk(b"PLTE", bytes(6))
    extra = chunk(b"tEXt", b"hello") + chunk(b"tRNS", b"\0")
    content = header(3) + extra + palette + extra + chunk(b"IDAT", b"x") + extra + PNG_END + b"more"
    essence, width, height = essential_png(content, 16)
    assert essence == header(3) + palette + chunk(b"IDAT", b"x") + PNG_END
    assert (width, height) == (4, 4)


def test_as_many_chunks_as_allowed_are_taken() -> None:
    content = PNG_HEADER + chunk(b"IDAT", b"") * (MAX_CHUNKS - 2) + PNG_END
    assert essential_png(content, 10**6)[0] == content


@pytest.mark.parametrize(
    ("bits", "colour", "share"),
    [(8, 0, 1), (8, 2, 1), (8, 6, 1), (16, 0, 1), (16, 4, 1), (16, 2, 2 / 3), (16, 6, 1 / 2)],
)
def test_pixels_of_more_than_32_bits_count_for_more(bits: int, colour: int, share: float) -> None:
    allowed = round(share * 30)
    assert essential_png(png(allowed, 100, b"", bits, colour), 3000)[1:] == (allowed, 100)
    with pytest.raises(ImageSizeError, match=f"{allowed + 1}x100"):
        essential_png(png(allowed + 1, 100, b"", bits, colour), 3000)


@pytest.mark.parametrize("size", [(1, 2**24 + 1), (2**24 + 1, 1), (2**31, 2), (2, 2**31)])
def test_a_size_has_32_bits(size: tuple[int, int]) -> None:
    with pytest.raises(ImageSizeError, match=f"{size[0]}x{size[1]}"):
        essential_png(png(*size, b""), 10**6)
