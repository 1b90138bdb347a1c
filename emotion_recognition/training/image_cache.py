"""Decoded images in one memory-mapped file: reading a JPEG takes longer than augmenting it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def read_pixels(path: Path) -> Pixels:
    """uint8 (H, W, 3) BGR. Raises FileNotFoundError if there is no image to read."""
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FileNotFoundError(f"cannot read image {path}")
    return np.asarray(pixels, np.uint8)


class ImageCache:
    """The images of some paths; called with a path like `read_pixels`, with the same answer.

    folder: where the cache is, or will be made (as large as the decoded images). What it holds is
    read-only. A cache of other paths is replaced; files that changed under their names are not
    noticed.
    """

    def __init__(self, paths: Sequence[Path], folder: Path) -> None:
        index = folder / "index.json"
        if not index.exists() or json.loads(index.read_text())["paths"] != list(map(str, paths)):
            _write(paths, folder)
        content = json.loads(index.read_text())
        self._places = dict(zip(content["paths"], content["places"], strict=True))
        self._pixels = np.memmap(folder / "pixels.bin", np.uint8, mode="r")

    def __call__(self, path: Path) -> Pixels:
        start, height, width = self._places[str(path)]
        return self._pixels[start : start + height * width * 3].reshape(height, width, 3)


def _write(paths: Sequence[Path], folder: Path) -> None:
    """The index is written last, so that an interrupted cache is not taken for a whole one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.json").unlink(missing_ok=True)
    places: list[tuple[int, int, int]] = []
    start = 0
    with open(folder / "pixels.bin", "wb") as file:
        for path in paths:
            pixels = read_pixels(path)
            file.write(pixels.tobytes())
            places.append((start, pixels.shape[0], pixels.shape[1]))
            start += pixels.size
    partial = folder / "index.partial"
    partial.write_text(json.dumps({"paths": list(map(str, paths)), "places": places}))
    partial.replace(folder / "index.json")
