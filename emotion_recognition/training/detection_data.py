"""Face detection data: reading `annotations.csv`, augmentation, and YOLOv1 grid targets.

The file has one row a box: file, width, height, x1, y1, x2, y2, split, label_type, ignore; an
image without faces has one row with empty coordinates.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from emotion_recognition.core.detector import INPUT_SIZE, PADDING_VALUE
from emotion_recognition.training.box_style import as_annotated
from emotion_recognition.training.detection_loss import EMPTY, FACE, IGNORED
from emotion_recognition.training.photometric import photometric

GRID_SIZE = 9
SMALLEST_FACE = 0.035  # of the input; a smaller face covers under 10 pixels: neither hit nor miss

#: How often to draw the images of a source, against 1 of the others: faces in the wild more often,
#: as they are what a network that trained on all alike still misplaces; portraits and
#: near-identical pictures without a face less, as it knows them by then.
SOURCE_WEIGHTS = {
    "ilc": 1.6,
    "mask853": 1.6,
    "karan": 1.5,
    "p1": 0.5,
    "wm_aug": 0.7,
    "oleg_neg": 0.7,
    "bgcrop": 0.7,
}

Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class AnnotatedImage:
    """An image file with its faces.

    longer_side: in pixels. boxes: (M, 4) of x1, y1, x2, y2 in pixels. ignore: (M,), True for faces
    that are neither positive nor negative.
    """

    path: Path
    source: str
    longer_side: int
    boxes: Boxes
    ignore: NDArray[np.bool_]


def read_annotations(root: Path, split: str) -> list[AnnotatedImage]:
    """All images of one split ('train' or 'val'), in the order of the file."""
    rows: dict[str, list[dict[str, str]]] = {}
    with open(root / "annotations.csv", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == split:
                rows.setdefault(row["file"], []).append(row)
    images = []
    for name, entries in rows.items():
        with_box = [row for row in entries if row["x1"]]
        boxes = [_box(row) for row in with_box]
        images.append(
            AnnotatedImage(
                root / name,
                entries[0]["source"],
                max(int(entries[0]["width"]), int(entries[0]["height"])),
                np.array(boxes, np.float32).reshape(-1, 4),
                np.array([row["ignore"] == "1" for row in with_box], bool),
            )
        )
    return images


def _box(row: dict[str, str]) -> list[float]:
    box = [float(row[key]) for key in ("x1", "y1", "x2", "y2")]
    return as_annotated(box, row["source"], row["label_type"]) if row["split"] == "train" else box


class DetectionDataset(Dataset[tuple[Tensor, Tensor]]):
    """Augmented samples; the one at (epoch, index) is the same on every run of a seed.

    plain_from: the epoch from which on pictures are composed as a camera would: no mosaic, less
    zoom and stretch. A network that ends on such pictures fits the ones it will meet better.
    """

    def __init__(
        self, images: list[AnnotatedImage], seed: int, plain_from: int | None = None
    ) -> None:
        self.images = images
        self.seed = seed
        self.plain_from = plain_from

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        epoch, index = key
        rng = np.random.default_rng((self.seed, epoch, index))
        plain = self.plain_from is not None and epoch >= self.plain_from
        if not plain and rng.random() < 0.3:
            others = rng.integers(len(self.images), size=3)
            canvas, boxes, ignore = mosaic([self.images[i] for i in (index, *others)], rng)
        else:
            canvas = np.full((INPUT_SIZE, INPUT_SIZE, 3), PADDING_VALUE, np.uint8)
            boxes, ignore = paste(self.images[index], canvas, rng, 0.4 if plain else 1.0)
        if rng.random() < 0.5:
            canvas = canvas[:, ::-1]
            boxes = boxes.copy()
            boxes[:, [0, 2]] = INPUT_SIZE - boxes[:, [2, 0]]
        canvas = photometric(np.ascontiguousarray(canvas), rng)
        image = torch.from_numpy(np.ascontiguousarray(canvas.transpose(2, 0, 1)))
        return image, torch.from_numpy(grid_target(boxes, ignore))


def mosaic(
    images: list[AnnotatedImage], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Boxes, NDArray[np.bool_]]:
    """Four images in the quadrants around a random point: more faces, smaller, off-centre."""
    canvas = np.full((INPUT_SIZE, INPUT_SIZE, 3), PADDING_VALUE, np.uint8)
    x, y = (int(v) for v in rng.uniform(0.3, 0.7, 2) * INPUT_SIZE)
    quadrants = [
        (slice(0, y), slice(0, x)),
        (slice(0, y), slice(x, None)),
        (slice(y, None), slice(0, x)),
        (slice(y, None), slice(x, None)),
    ]
    all_boxes, all_ignore = [], []
    for image, (rows, columns) in zip(images, quadrants, strict=True):
        view = canvas[rows, columns]
        boxes, ignore = paste(image, view, rng)
        all_boxes.append(boxes + np.array([columns.start, rows.start] * 2, np.float32))
        all_ignore.append(ignore)
    return canvas, np.concatenate(all_boxes), np.concatenate(all_ignore)


def paste(
    image: AnnotatedImage,
    canvas: NDArray[np.uint8],
    rng: np.random.Generator,
    strength: float = 1.0,
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Draws the image into the canvas under a random affine map; returns its boxes there.

    strength: 1 for maps of every kind, towards 0 for those near the whole image in the middle.
    """
    pixels = cv2.imread(str(image.path), cv2.IMREAD_COLOR)
    if pixels is None:
        raise FileNotFoundError(f"cannot read image {image.path}")
    height, width = pixels.shape[:2]
    canvas_height, canvas_width = canvas.shape[:2]

    fit = min(canvas_width / width, canvas_height / height)
    # Log-uniform zoom: from a small picture in the canvas to a close crop of it.
    zoom = fit * math.exp(strength * rng.uniform(math.log(0.65), math.log(1.9)))
    if len(image.boxes) and rng.random() < 0.35 * strength:
        # Faces of every size equally often: aim one face at a log-uniform target size.
        face = image.boxes[rng.integers(len(image.boxes))]
        longer = max(face[2] - face[0], face[3] - face[1], 1)
        target = math.exp(rng.uniform(math.log(0.06), math.log(0.9))) * max(
            canvas_width, canvas_height
        )
        zoom = float(np.clip(target / longer, 0.45 * fit, 4 * fit))
    aspect = math.exp(strength * rng.uniform(-0.3, 0.3))
    scale_x, scale_y = zoom * math.sqrt(aspect), zoom / math.sqrt(aspect)
    angle = math.radians(rng.normal(0, 5)) if rng.random() < 0.5 else 0.0
    linear = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = linear @ np.diag([scale_x, scale_y])

    if len(image.boxes) and rng.random() < 0.8 * strength:
        # Keep a chosen face inside the canvas.
        face = image.boxes[rng.integers(len(image.boxes))]
        focus = np.array([(face[0] + face[2]) / 2, (face[1] + face[3]) / 2])
        place = rng.uniform(0.1, 0.9, 2) * [canvas_width, canvas_height]
    else:
        low, high = 0.5 - 0.2 * strength, 0.5 + 0.2 * strength
        focus = rng.uniform(low, high, 2) * [width, height]
        place = rng.uniform(low, high, 2) * [canvas_width, canvas_height]
    offset = place - linear @ focus
    matrix = np.hstack([linear, offset[:, None]])
    cv2.warpAffine(
        pixels,
        matrix,
        (canvas_width, canvas_height),
        dst=canvas,
        flags=cv2.INTER_AREA if zoom < 0.5 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(PADDING_VALUE,) * 3
        if rng.random() < 0.7
        else tuple(rng.integers(0, 256, 3).tolist()),
    )
    return visible_boxes(image, matrix, canvas_width, canvas_height)


def visible_boxes(
    image: AnnotatedImage, matrix: NDArray[np.float64], width: int, height: int
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Maps and clips the boxes; one that is half hidden is ignored, one that is gone dropped."""
    boxes = mapped_boxes(image.boxes, matrix)
    clipped = np.clip(boxes, 0, np.array([width, height] * 2, np.float32))
    visible = _area(clipped) / np.maximum(_area(boxes), 1e-6)
    longer = np.maximum(clipped[:, 2] - clipped[:, 0], clipped[:, 3] - clipped[:, 1])
    ignore = image.ignore | (visible < 0.5) | (longer < SMALLEST_FACE * INPUT_SIZE)
    keep = visible > 0.1
    return clipped[keep], ignore[keep]


def mapped_boxes(boxes: Boxes, matrix: NDArray[np.float64]) -> Boxes:
    """The boxes (M, 4) of faces under an affine map (2, 3)."""
    center = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]) / 2
    center = center @ matrix[:, :2].T + matrix[:, 2]
    # The extent of a rotated ellipse; the extent of a rotated box would be too loose for a face.
    half = np.sqrt((half**2) @ (matrix[:, :2] ** 2).T)
    return np.concatenate([center - half, center + half], axis=1).astype(np.float32)


def _area(boxes: Boxes) -> Boxes:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)


def grid_target(boxes: Boxes, ignore: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(S, S, 5) of x, y, w, h, state (see `detection_loss`); of two faces in a cell the larger."""
    target = np.zeros((GRID_SIZE, GRID_SIZE, 5), np.float32)
    target[..., 4] = EMPTY
    order = np.lexsort((_area(boxes), ~ignore))  # ignored faces first, then small to large
    for box, is_ignored in zip(boxes[order] / INPUT_SIZE, ignore[order], strict=True):
        x, y = (box[0] + box[2]) / 2 * GRID_SIZE, (box[1] + box[3]) / 2 * GRID_SIZE
        column, row = min(int(x), GRID_SIZE - 1), min(int(y), GRID_SIZE - 1)
        state = IGNORED if is_ignored else FACE
        target[row, column] = (x - column, y - row, box[2] - box[0], box[3] - box[1], state)
    return target
