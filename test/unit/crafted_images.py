"""Compressed images that somebody has crafted: some must be refused, some be read like any other.

Run as a program it prints what decoding each of the first kind costs.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.images.compressed import decode_compressed_image
from emotion_recognition.core.images.raw import MAX_PIXELS, ImageError

Pixels = NDArray[np.uint8]

PICTURE = cv2.resize(
    np.random.default_rng(0).integers(0, 256, (3, 4, 3), np.uint8),
    (64, 48),
    interpolation=cv2.INTER_CUBIC,
)


def encoded(ending: str, image: Pixels = PICTURE, *options: int) -> bytes:
    return bytes(cv2.imencode(ending, image, options)[1])


JPEG = encoded(".jpg")
PROGRESSIVE = encoded(".jpg", PICTURE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
PNG = encoded(".png")
GRAY = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY)


# JPEG


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body


def segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment before the first scan; then 0 and the rest."""
    position = 2
    while jpeg[position + 1] != 0xDA:
        end = position + 2 + int.from_bytes(jpeg[position + 2 : position + 4], "big")
        yield jpeg[position + 1], jpeg[position:end]
        position = end
    yield 0, jpeg[position:]


def without(jpeg: bytes, unwanted: int) -> bytes:
    return jpeg[:2] + b"".join(part for marker, part in segments(jpeg) if marker != unwanted)


def with_start(jpeg: bytes, start: bytes) -> bytes:
    """With something more in front of the first segment."""
    return jpeg[:2] + start + jpeg[2:]


def with_frame(jpeg: bytes, edit: Callable[[bytes], bytes]) -> bytes:
    """With another frame header. edit: takes and returns it, marker and length included."""
    frame = next(part for marker, part in segments(jpeg) if marker in (0xC0, 0xC2))
    return jpeg.replace(frame, edit(frame), 1)


def with_jpeg_size(width: int, height: int, jpeg: bytes = JPEG) -> bytes:
    size = struct.pack(">HH", height, width)
    return with_frame(jpeg, lambda frame: frame[:5] + size + frame[9:])


def disguised_jpeg() -> bytes:
    """RST0 has no length; who takes what follows for one sees 16x16 pixels, and not 32767x32767."""
    frame = next(part for marker, part in segments(JPEG) if marker == 0xC0)
    large, small = (frame[:5] + struct.pack(">HH", side, side) + frame[9:] for side in (32767, 16))
    start = b"\xff\xd8\xff\xd0" + large
    # Where the wrong length leads, the first two bytes of the large frame; in a comment for others.
    filling = bytes(4 + 0xFFC0 - len(start) - 4)
    return start + segment(0xFE, filling + small) + without(JPEG, 0xC0)[2:]


def endless_jpeg(scans: int) -> bytes:
    """Full of scans that hold nothing."""
    scan = segment(0xDA, b"\x01\x01\x00\x01\x3f\x00") + b"\0"
    return with_jpeg_size(1500, 1500, PROGRESSIVE)[:-2] + scan * scans + b"\xff\xd9"


# PNG


def chunk(name: bytes, data: bytes, length: int | None = None) -> bytes:
    size = len(data) if length is None else length
    return struct.pack(">I", size) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    width: int,
    height: int,
    rows: bytes,
    bits: int = 8,
    colour: int = 2,
    before: bytes = b"",
    is_interlaced: bool = False,
) -> bytes:
    """rows: each with its filter's number in front. before: chunks in front of the data."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, is_interlaced)
    parts = (chunk(b"IHDR", header), before, chunk(b"IDAT", zlib.compress(rows)), PNG_END)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


PNG_END = chunk(b"IEND", b"")
PNG_HEADER = PNG[:33]
PNG_ROWS = b"".join(b"\0" + row.tobytes() for row in PICTURE[..., ::-1])
BOMB = zlib.compress(bytes(100_000_000))


def with_chunk(extra: bytes) -> bytes:
    return PNG_HEADER + extra + PNG[33:]


def animation() -> bytes:
    """An APNG whose second frame is as large as one can be."""
    frame = struct.pack(">IIIIIHHBB", 1, 2**31 - 1, 2**31 - 1, 0, 0, 1, 1, 0, 0)
    extra = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", frame)
    return PNG_HEADER + extra + PNG[33:-12] + chunk(b"fdAT", b"\0\0\0\2" + BOMB) + PNG_END


def interlaced_rows() -> bytes:
    """The picture in the seven passes of Adam7."""
    starts_and_steps = (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    )
    return b"".join(
        b"\0" + row.tobytes()
        for top, left, down, right in starts_and_steps
        for row in PICTURE[top::down, left::right, ::-1]
    )


def deep_rows() -> bytes:
    return b"".join(
        b"\0" + (row.astype(np.uint16) * 256 + 255).astype(">u2").tobytes()
        for row in PICTURE[..., ::-1]
    )


#: What must be refused.
HOSTILE: dict[str, Callable[[], bytes]] = {
    "PNG, a chunk of 4 GB": lambda: PNG_HEADER + chunk(b"tEXt", bytes(62), 0xFFFFFF00) + PNG_END,
    "PNG, data of 4 GB": lambda: PNG_HEADER + chunk(b"IDAT", bytes(62), 0xFFFFFF00) + PNG_END,
    "PNG, 8192x8192": lambda: png(8192, 8192, bytes(1025 * 8192), bits=1, colour=0),
    "PNG, 65536 high": lambda: png(1, 65536, bytes(2 * 65536), bits=1, colour=0),
    "PNG, 64 bits, 3000x3000": lambda: png(3000, 3000, b"", bits=16, colour=6),
    "PNG, 16 bits, 8000x8000": lambda: png(8000, 8000, b"", bits=16, colour=6),
    "PNG, wrong checksum": lambda: PNG[:60] + bytes([PNG[60] ^ 1]) + PNG[61:],
    "PNG, no data": lambda: PNG_HEADER + PNG_END,
    "PNG, no end": lambda: PNG[:-12],
    "PNG, cut data": lambda: png(64, 48, PNG_ROWS[:3000]),
    "PNG, no palette": lambda: png(64, 48, bytes(65 * 48), colour=3),
    "PNG, two headers": lambda: with_chunk(PNG_HEADER[8:]),
    "PNG, long header": lambda: PNG[:8] + chunk(b"IHDR", PNG[16:29] + bytes(9)) + PNG[33:],
    "PNG, 3 bits": lambda: png(64, 48, PNG_ROWS, bits=3),
    "PNG, unknown critical chunk": lambda: with_chunk(chunk(b"ABCD", b"")),
    "PNG, a million chunks": lambda: with_chunk(chunk(b"tEXt", b"") * 1_000_000),
    "JPEG, two sizes": disguised_jpeg,
    "JPEG, 20,000 empty scans": lambda: endless_jpeg(20_000),
    "JPEG, 20,000 empty scans, small": lambda: with_jpeg_size(64, 48, endless_jpeg(20_000)),
    "JPEG, progressive 4000x2000": lambda: with_jpeg_size(4000, 2000, PROGRESSIVE),
    "JPEG, 65535x65535": lambda: with_jpeg_size(65535, 65535),
    "JPEG, height follows": lambda: (
        with_jpeg_size(64, 0)[:-2] + segment(0xDC, b"\0\x30") + b"\xff\xd9"
    ),
    "JPEG, two frames": lambda: with_frame(JPEG, lambda frame: frame * 2),
    "JPEG, arithmetic coding": lambda: with_frame(JPEG, lambda frame: b"\xff\xc9" + frame[2:]),
    "JPEG, lossless": lambda: with_frame(JPEG, lambda frame: b"\xff\xc3" + frame[2:]),
    "JPEG, 12 bits": lambda: with_frame(JPEG, lambda frame: frame[:4] + b"\x0c" + frame[5:]),
    "JPEG, 2 components": lambda: with_frame(
        JPEG, lambda frame: b"\xff\xc0\0\x0e" + frame[4:9] + b"\2" + frame[10:16]
    ),
    "JPEG, 255 components": lambda: with_frame(
        JPEG, lambda frame: segment(0xC0, frame[4:9] + b"\xff" + frame[10:13] * 255)
    ),
    "JPEG, a segment beyond its end": lambda: with_start(JPEG, b"\xff\xfe\xff\xff"),
    "JPEG, a segment shorter than its length": lambda: with_start(JPEG, b"\xff\xfe\0\1"),
    "JPEG, a million segments": lambda: with_start(JPEG, b"\xff\xfe\0\2" * 1_000_000),
    "JPEG, no end": lambda: JPEG[:-2],
    "JPEG, a scan of 0xFF": lambda: JPEG[:-2] + b"\xff" * 2_000_000 + b"\0",
    "JPEG, a scan of filled zeros": lambda: JPEG[:-2] + b"\xff\xff\0" * 2_000_000,
    "JPEG, no scan": lambda: JPEG[: JPEG.index(b"\xff\xda")] + b"\xff\xd9",
    "JPEG, two starts": lambda: with_start(JPEG, b"\xff\xd8"),
    "JPEG, no tables of quantization": lambda: without(JPEG, 0xDB),
    "JPEG, a second image in it": lambda: JPEG[:-2] + JPEG[JPEG.index(b"\xff\xda") :],
    "JPEG, more bytes than pixels": lambda: JPEG + bytes(MAX_PIXELS),
    "PNG, more bytes than pixels": lambda: PNG + bytes(2 * MAX_PIXELS),
}

#: What must be read as if nothing were the matter; each with what it is like.
HARMLESS: dict[str, Callable[[], tuple[bytes, bytes]]] = {
    "JPEG, padded": lambda: (JPEG + bytes(100_000), JPEG),
    "JPEG, two of them": lambda: (JPEG + encoded(".jpg", PICTURE[::-1]), JPEG),
    "JPEG, motion JPEG without Huffman tables": lambda: (without(JPEG, 0xC4), JPEG),
    "JPEG, metadata": lambda: (
        with_start(JPEG, segment(0xE1, b"Exif\0\0" + bytes(65000)) + segment(0xFE, b"hi") * 300),
        JPEG,
    ),
    "JPEG, several pictures": lambda: (with_start(JPEG, segment(0xE2, b"MPF\0" * 99)), JPEG),
    "JPEG, fill bytes": lambda: (with_start(JPEG, b"\xff" * 100_000), JPEG),
    "JPEG, restarts before the frame": lambda: (with_start(JPEG, b"\xff\xd0\xff\x01"), JPEG),
    "JPEG, restarts": lambda: (
        encoded(".jpg", PICTURE, cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
        JPEG,
    ),
    "JPEG, filled restarts": lambda: (
        re.sub(
            rb"(\xff[\xd0-\xd7])",
            lambda match: b"\xff" + match[1],
            encoded(".jpg", PICTURE, cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
        ),
        JPEG,
    ),
    "JPEG, progressive": lambda: (PROGRESSIVE, JPEG),
    "PNG, padded": lambda: (PNG + bytes(100_000), PNG),
    "PNG, two of them": lambda: (PNG + encoded(".png", PICTURE[::-1]), PNG),
    "PNG, a profile that is a bomb": lambda: (with_chunk(chunk(b"iCCP", b"a\0\0" + BOMB)), PNG),
    "PNG, a text that is a bomb": lambda: (with_chunk(chunk(b"zTXt", b"a\0\0" + BOMB) * 5), PNG),
    "PNG, animated": lambda: (animation(), PNG),
    "PNG, transparent colour": lambda: (with_chunk(chunk(b"tRNS", bytes(6))), PNG),
    "PNG, gamma": lambda: (with_chunk(chunk(b"gAMA", struct.pack(">I", 100_000))), PNG),
    "PNG, interlaced": lambda: (png(64, 48, interlaced_rows(), is_interlaced=True), PNG),
    "PNG, 16 bits": lambda: (png(64, 48, deep_rows(), bits=16), PNG),
    "PNG, palette": lambda: (
        png(
            64,
            48,
            b"".join(b"\0" + row.tobytes() for row in GRAY),
            colour=3,
            before=chunk(b"PLTE", bytes(value for i in range(256) for value in (i, i, i))),
        ),
        encoded(".png", GRAY),
    ),
}

#: What is allowed, and takes as long as anything that is.
COSTLY: dict[str, Callable[[], bytes]] = {
    "PNG, 16 bits, interlaced": lambda: png(
        2100, 2100, bytes(8 * 2100 * 2100 + 20_000), bits=16, colour=6, is_interlaced=True
    ),
    "JPEG, full HD in 32 scans": lambda: with_jpeg_size(1920, 1080, endless_jpeg(32 - 10)),
}


def peak_memory() -> int:
    """Of this process so far, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main() -> None:
    """Prints seconds, MB that the peak has grown by, and the outcome of each; tab-separated."""
    images = {name: make() for name, make in HOSTILE.items()}
    decode_compressed_image("", JPEG)
    for name, content in images.items():
        before, start = peak_memory(), perf_counter()
        try:
            decode_compressed_image("", content)
            outcome = "decoded"
        except ImageError as error:
            outcome = f"{type(error).__name__}: {error}"
        print(f"{perf_counter() - start:.3f}", peak_memory() - before, name, outcome, sep="\t")


if __name__ == "__main__":
    main()
