#!/usr/bin/env python3
"""Fuzzes the decoders and the manifest, guided by what code each input reaches.

pip install atheris                                                    # see docs/reliability.md
scripts/run python test/unit/fuzz.py image -max_total_time=600
scripts/run python test/unit/fuzz.py manifest -runs=1000000

TARGET is image, raw or manifest; what follows it goes to libFuzzer. An input must be read or
refused with the error that its reader promises; whatever else comes ends the program and is kept.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["emotion_recognition"]):
    from emotion_recognition.core.errors import ModelError
    from emotion_recognition.core.images.compressed import decode_compressed_image
    from emotion_recognition.core.images.raw import ENCODINGS, ImageError, decode_image
    from emotion_recognition.core.manifest import MODELS, read_manifest

FORMATS = ("jpeg", "png", "rgb8; jpeg compressed bgr8", "bayer_rggb8; png compressed ", "")
SIDES = 300  # the largest side of a raw image


def image(data: bytes) -> None:
    """A compressed image: its first byte chooses the format."""
    if data:
        try:
            decode_compressed_image(FORMATS[data[0] % len(FORMATS)], data[1:])
        except ImageError:
            return


def raw(data: bytes) -> None:
    """The fields of a raw image, and what is left as its data."""
    given = atheris.FuzzedDataProvider(data)
    encoding = given.PickValueInList([*ENCODINGS, "", "8UC3"])
    height, width = given.ConsumeIntInRange(0, SIDES), given.ConsumeIntInRange(0, SIDES)
    step = width * given.PickValueInList([1, 2, 3, 4, 6, 8]) + given.ConsumeIntInRange(0, 4)
    rows = given.PickValueInList([height, height * 3 // 2, height * 3])
    length = max(0, step * rows + given.ConsumeIntInRange(-2, 2))
    is_bigendian = given.ConsumeIntInRange(0, 2)
    content = (given.ConsumeBytes(64) or b"x").ljust(length, b"\x80")[:length]
    try:
        decode_image(encoding, width, height, step, content, is_bigendian)
    except ImageError:
        return


def manifest(data: bytes) -> None:
    """A detector's manifest."""
    MANIFEST.write_bytes(data)
    try:
        read_manifest("detector", "fuzzed", MANIFEST.parents[1])
    except ModelError:
        return


TARGETS: dict[str, Callable[[bytes], None]] = {"image": image, "raw": raw, "manifest": manifest}
MANIFEST = Path(tempfile.mkdtemp(prefix="fuzz_"), "detector_fuzzed", "manifest.json")


def seeds(target: str) -> Path:
    """A folder with inputs of that kind that are as they should be."""
    from crafted_images import GRAY, JPEG, PICTURE, PNG, PROGRESSIVE, encoded

    folder = Path(tempfile.mkdtemp(prefix="seeds_"))
    if target == "image":
        pictures = (JPEG, PROGRESSIVE, PNG, encoded(".jpg", GRAY), encoded(".png", GRAY))
        contents = [b"\0" + content for content in pictures]
    elif target == "raw":
        contents = [PICTURE.tobytes() + bytes(range(16))]
    else:
        file = MODELS / "detector_default" / "manifest.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        contents = [file.read_bytes(), json.dumps(content | {"metrics": {}}).encode()]
    for number, content in enumerate(contents):
        (folder / str(number)).write_bytes(content)
    return folder


def main() -> None:
    target, *options = sys.argv[1:]
    MANIFEST.parent.mkdir()
    atheris.Setup([sys.argv[0], *options, str(seeds(target))], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
