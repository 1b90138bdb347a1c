"""Contact sheets for people to look at. They show images of the data, whose licences forbid
publishing them, so their folder tells git to ignore it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Pixels
from emotion_recognition.core.types import EMOTIONS
from emotion_recognition.training.detection_data import AnnotatedImage
from emotion_recognition.training.evidence.detector import DetectorEvidence
from emotion_recognition.training.evidence.recall import outcome
from emotion_recognition.training.labelled_faces import LabelledFaces
from emotion_recognition.training.metrics import ImageDetections

TILE = 280
COLUMNS = 6
_FONT = cv2.FONT_HERSHEY_SIMPLEX
#: BGR of Okabe and Ito (2008).
_HIT, _FALSE_POSITIVE, _MISSED, _IGNORED = (
    (115, 158, 0),
    (0, 94, 213),
    (66, 228, 240),
    (153, 153, 153),
)
DETECTION_LEGEND = (
    "green: found (thin: annotation)   red: no face annotated there   yellow: missed   "
    "gray: not counted"
)


def sheets_folder(output: Path) -> Path:
    """Makes the folder of the sheets, which ignores itself."""
    folder = output / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder


def save_classifier_sheet(
    faces: LabelledFaces, probabilities: NDArray[np.float32], path: Path
) -> None:
    """The most confident wrong answers, two rows a class of the label."""
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    tiles = []
    for label, name in enumerate(EMOTIONS[: probabilities.shape[1]]):
        wrong = np.flatnonzero((faces.labels == label) & (answers != label))
        worst = wrong[np.argsort(-confidence[wrong], kind="stable")][: 2 * COLUMNS]
        row = [
            _tile(
                cv2.cvtColor(faces.crops[i], cv2.COLOR_GRAY2BGR),
                f"{name}, said {EMOTIONS[answers[i]]} {confidence[i]:.0%}",
            )
            for i in worst
        ]
        tiles += row + [_blank()] * (2 * COLUMNS - len(row))
    _write(tiles, path, "Most confident wrong answers")


def save_detector_sheets(
    name: str, evidence: DetectorEvidence, images: Sequence[AnnotatedImage], folder: Path
) -> None:
    """A random choice of images, the largest faces that were missed, the surest false positives."""
    threshold = evidence.score_threshold
    pairs = list(zip(images, evidence.results, strict=True))
    order = np.random.default_rng(0).permutation(len(pairs))[: 6 * COLUMNS]
    tiles = [draw_image(images[i], evidence.results[i], threshold) for i in order]
    _write(tiles, folder / f"detector_{name}_detections.png", DETECTION_LEGEND)
    for kind, badness in (("missed", largest_missed), ("false_positives", surest_false_positive)):
        scored = [(badness(image, result, threshold), image, result) for image, result in pairs]
        worst = sorted(scored, key=lambda item: -item[0])[: 4 * COLUMNS]
        tiles = [draw_image(image, result, threshold) for value, image, result in worst if value]
        _write(tiles, folder / f"detector_{name}_{kind}.png", DETECTION_LEGEND)


def draw_image(image: AnnotatedImage, result: ImageDetections, score_threshold: float) -> Pixels:
    pixels = np.asarray(cv2.imread(str(image.path), cv2.IMREAD_COLOR), np.uint8)
    scale = TILE / max(pixels.shape[:2])
    pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale), np.uint8)
    found, false_positive = outcome(result, score_threshold)
    for box, hit, ignored in zip(image.boxes, found, image.ignore, strict=True):
        _rectangle(pixels, box * scale, _IGNORED if ignored else _HIT if hit else _MISSED, 1)
    for index in np.flatnonzero(result.scores >= score_threshold):
        color = _FALSE_POSITIVE if false_positive[index] else _HIT
        _rectangle(pixels, result.boxes[index] * scale, color, 2)
    return _tile(pixels, image.path.stem[-32:])


def largest_missed(image: AnnotatedImage, result: ImageDetections, threshold: float) -> float:
    """Size of the largest face that was missed, as a share of the image; 0 if none was."""
    found, _ = outcome(result, threshold)
    missed = image.boxes[~found & ~image.ignore]
    return float((missed[:, 2:] - missed[:, :2]).max(initial=0)) / image.longer_side


def surest_false_positive(_: AnnotatedImage, result: ImageDetections, threshold: float) -> float:
    """Score of the surest detection that is no face; 0 if there is none."""
    false_positive = outcome(result, threshold)[1]
    return float(result.scores[false_positive].max(initial=0))


def _rectangle(
    pixels: Pixels, box: NDArray[np.float32], color: tuple[int, int, int], thickness: int
) -> None:
    left, top, right, bottom = (round(float(value)) for value in box)
    cv2.rectangle(pixels, (left, top), (right, bottom), color, thickness)


def _tile(pixels: Pixels, caption: str) -> Pixels:
    """The image in a square of TILE pixels with a line of text below."""
    tile = _blank()
    scale = TILE / max(pixels.shape[:2])
    fitted = cv2.resize(pixels, None, fx=scale, fy=scale)[:TILE, :TILE]
    tile[: fitted.shape[0], : fitted.shape[1]] = fitted
    cv2.putText(tile, caption, (4, TILE + 15), _FONT, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return tile


def _blank() -> Pixels:
    return np.full((TILE + 22, TILE + 6, 3), 255, np.uint8)


def _write(tiles: Sequence[Pixels], path: Path, title: str) -> None:
    """Tiles row by row under a title; without any tile, the title alone."""
    tiles = [*tiles, *[_blank()] * (-len(tiles) % COLUMNS)]
    header = np.full((34, COLUMNS * _blank().shape[1], 3), 255, np.uint8)
    cv2.putText(header, title, (6, 23), _FONT, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    if not cv2.imwrite(str(path), np.vstack([header, *rows])):
        raise OSError(f"cannot write {path}")
