"""Mutants of images: their markers, chunks, scans and fields.

Segments, chunks and scans of a JPEG or PNG are dropped, doubled, exchanged, cut and overwritten,
the checksums made right again; the fields of a raw image contradict each other.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import cv2
from crafted_images import (
    GRAY,
    JPEG,
    PICTURE,
    PNG,
    PROGRESSIVE,
    chunk,
    encoded,
    segments,
)
from mutation import EDGES, Kind, mutate_parts

from emotion_recognition.core.images.compressed import decode_compressed_image
from emotion_recognition.core.images.raw import ENCODINGS, ImageError, decode_image

#: What is changed: images of every kind that a camera driver sends.
JPEGS = (
    JPEG,
    PROGRESSIVE,
    encoded(".jpg", GRAY),
    encoded(".jpg", PICTURE, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
)
PNGS = (PNG, encoded(".png", GRAY), encoded(".png", PICTURE.astype("uint16") * 257))
FORMATS = ("jpeg", "png", "rgb8; jpeg compressed bgr8", "bayer_rggb8; png compressed ", "", "\0")


def mutant_jpeg(chance: random.Random) -> bytes:
    """Its segments changed, those behind the first scan as one or cut at their markers."""
    jpeg = chance.choice(JPEGS)
    parts = [part for _, part in segments(jpeg)]
    if chance.random() < 0.5:
        last = parts.pop()
        parts += [b"\xff" + piece for piece in last.split(b"\xff")[1:]]
    if chance.random() < 0.2:  # the segments of two files in one
        parts += [part for _, part in segments(chance.choice(JPEGS))]
    return jpeg[:2] + b"".join(mutate_parts(parts, chance))


def mutant_png(chance: random.Random) -> bytes:
    """Its chunks changed; most get a checksum that is right."""
    png = chance.choice(PNGS)
    parts, position = [], 8
    while position < len(png):
        length = int.from_bytes(png[position : position + 4], "big")
        parts.append(png[position + 4 : position + 8 + length])
        position += 12 + length
    content = png[:8]
    for part in mutate_parts(parts, chance):
        length = chance.choice(EDGES) if chance.random() < 0.05 else max(0, len(part) - 4)
        made = chunk(part[:4], part[4:], length)
        content += made if chance.random() < 0.9 else made[:-4] + bytes(4)
    return content


def mutant_fields(chance: random.Random) -> tuple[str, int, int, int, bytes, int]:
    """Encoding, width, height, step, data, is_bigendian."""
    width, height = chance.choice(((64, 48), (2, 2), (chance.choice(EDGES), chance.choice(EDGES))))
    step = chance.choice((width, 2 * width, 3 * width, 4 * width, chance.choice(EDGES)))
    length = min(step * height * chance.choice((1, 1, 3)) // chance.choice((1, 1, 2)), 10**5)
    encoding = chance.choice((*ENCODINGS, "", "bgr8\0", "8UC3"))
    return encoding, width, height, step, chance.randbytes(length), chance.randrange(3)


def _in_a_format(
    make: Callable[[random.Random], bytes],
) -> Callable[[random.Random], tuple[str, bytes]]:
    return lambda chance: (chance.choice(FORMATS), make(chance))


def _decompress(mutant: tuple[str, bytes]) -> None:
    decode_compressed_image(*mutant)


def _decode(mutant: tuple[str, int, int, int, bytes, int]) -> None:
    decode_image(*mutant)


KINDS = (
    Kind("jpeg", _in_a_format(mutant_jpeg), _decompress, (ImageError,)),
    Kind("png", _in_a_format(mutant_png), _decompress, (ImageError,)),
    Kind("raw", mutant_fields, _decode, (ImageError,)),
)
