#!/usr/bin/env python3
"""Decodes mutants of images, and tells what became of them.

scripts/run python test/unit/mutants.py --number 20000

A mutant is a JPEG or PNG that is changed where a decoder looks: segments, chunks and scans are
dropped, doubled, exchanged, cut and overwritten, the checksums made right again; or a raw image
whose fields contradict each other. Each must be read or refused with ImageError. Ends with 1 if one
raised something else or took more than LONGEST seconds, and keeps those in files.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time

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

from emotion_recognition.core.images.compressed import decode_compressed_image
from emotion_recognition.core.images.raw import ENCODINGS, ImageError, decode_image

LONGEST = 1.0  # seconds of processor time

#: What is changed: images of every kind that a camera driver sends.
JPEGS = (
    JPEG,
    PROGRESSIVE,
    encoded(".jpg", GRAY),
    encoded(".jpg", PICTURE, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
)
PNGS = (PNG, encoded(".png", GRAY), encoded(".png", PICTURE.astype("uint16") * 257))
FORMATS = ("jpeg", "png", "rgb8; jpeg compressed bgr8", "bayer_rggb8; png compressed ", "", "\0")

#: Values at which sizes and lengths go wrong.
EDGES = (0, 1, 2, 7, 8, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**32 - 1)


@dataclass
class Report:
    """What became of the mutants. wrong: of those that broke the rule, what and the mutant."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, object]] = field(default_factory=list)
    longest: float = 0.0

    def __str__(self) -> str:
        kinds = ", ".join(f"{number} {name}" for name, number in self.outcomes.most_common())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return (
            f"{self.outcomes.total()} mutants: {kinds}; {len(self.wrong)} broke the rule; "
            f"the longest took {1e3 * self.longest:.0f} ms; {peak:.0f} MB resident at most"
        )


def mutate_parts(parts: list[bytes], chance: random.Random) -> list[bytes]:
    """Parts of a file, some dropped, doubled, exchanged, cut or overwritten."""
    parts = list(parts)
    for _ in range(chance.randint(1, 4)):
        if not parts:
            break
        at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
        part = bytearray(parts[at])
        match chance.randrange(6):
            case 0:
                del parts[at]
                continue
            case 1:
                parts.insert(other, bytes(part))
                continue
            case 2:
                parts[at], parts[other] = parts[other], parts[at]
                continue
            case 3:
                part = part[: chance.randint(0, len(part))]
            case 4 if part:
                part[chance.randrange(len(part))] = chance.randrange(256)
            case _ if len(part) > 4:
                size = chance.choice((1, 2, 4))
                start = chance.randrange(len(part) - size + 1)
                part[start : start + size] = (chance.choice(EDGES) % 256**size).to_bytes(
                    size, "big"
                )
        parts[at] = bytes(part)
    return parts


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


def decode_mutants(number: int, seed: int = 0) -> Report:
    """Decodes so many mutants; the same for the same seed."""
    chance, report = random.Random(seed), Report()
    makers: list[Callable[[], tuple[Callable[..., object], tuple[object, ...]]]] = [
        lambda: (decode_compressed_image, (chance.choice(FORMATS), mutant_jpeg(chance))),
        lambda: (decode_compressed_image, (chance.choice(FORMATS), mutant_png(chance))),
        lambda: (decode_image, mutant_fields(chance)),
    ]
    for _ in range(number):
        decode, mutant = chance.choice(makers)()
        started = process_time()
        try:
            decode(*mutant)
            outcome = "read"
        except ImageError as error:
            outcome = type(error).__name__
        except Exception as error:
            outcome = type(error).__name__
            report.wrong.append((f"{outcome}: {error}", mutant))
        seconds = process_time() - started
        report.outcomes[outcome] += 1
        report.longest = max(report.longest, seconds)
        if seconds > LONGEST:
            report.wrong.append((f"{seconds:.1f} s", mutant))
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    report = decode_mutants(given.number, given.seed)
    print(report)
    folder = Path(tempfile.mkdtemp(prefix="mutants_")) if report.wrong else None
    for index, (what, mutant) in enumerate(report.wrong[:100]):
        assert folder
        (folder / f"{index}.txt").write_text(repr(mutant), encoding="utf-8")
        print(f"{what} ({folder / f'{index}.txt'})")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
