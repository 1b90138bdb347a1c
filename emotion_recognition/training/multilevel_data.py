"""What the default detector is trained on: faces of every size, from pictures and collages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from emotion_recognition.core.detector import PADDING_VALUE
from emotion_recognition.training.detection_data import AnnotatedImage, Boxes, mapped_boxes
from emotion_recognition.training.detection_loss import EMPTY, FACE, IGNORED
from emotion_recognition.training.image_cache import Pixels, read_pixels
from emotion_recognition.training.photometric import photometric

SMALLEST_FACE = 8  # pixels of the longer side; a smaller face is neither hit nor miss
MOST_FACES = 64  # in one sample
#: How often a sample is one picture, a collage of 2x2 and one of 3x3.
COLLAGES = (0.65, 0.2, 0.15)

#: Boxes (M, 4), and whether each is neither positive nor negative (M,).
Faces = tuple[Boxes, NDArray[np.bool_]]


class MultilevelDataset(Dataset[tuple[Tensor, Tensor]]):
    """Augmented samples; the one at (epoch, index) is the same on every run of a seed.

    Gives images uint8 (3, size, size) BGR and targets (MOST_FACES, 5), see `multilevel_loss`.
    size: in pixels, a multiple of 32. read: gives the pixels of an image file; they are not
    written to.
    """

    def __init__(
        self,
        images: Sequence[AnnotatedImage],
        seed: int,
        size: int,
        read: Callable[[Path], Pixels] = read_pixels,
    ) -> None:
        self.images = images
        self.seed = seed
        self.size = size
        self.read = read
        self.without_faces = [image for image in images if not len(image.boxes)]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Tensor]:
        epoch, index = key
        rng = np.random.default_rng((self.seed, epoch, index))
        canvas = self._background(rng)
        tiles = int(rng.choice(3, p=COLLAGES)) + 1
        if tiles == 1:
            boxes, ignore = self._place(self.images[index], canvas, rng, close=True)
        else:
            boxes, ignore = self._collage(index, tiles, canvas, rng)
        if rng.random() < 0.5:
            canvas = np.ascontiguousarray(canvas[:, ::-1])
            boxes = mirrored(boxes, self.size)
        canvas = photometric(canvas, rng)
        image = torch.from_numpy(np.ascontiguousarray(canvas.transpose(2, 0, 1)))
        return image, torch.from_numpy(face_list(boxes, ignore))

    def _background(self, rng: np.random.Generator) -> Pixels:
        """What a picture that does not fill the canvas lies on: gray, a colour, or a picture."""
        chance = rng.random()
        if chance < 0.3 and self.without_faces:
            other = self.without_faces[rng.integers(len(self.without_faces))]
            resized = cv2.resize(
                self.read(other.path), (self.size, self.size), interpolation=cv2.INTER_AREA
            )
            return np.asarray(resized, np.uint8)
        color = rng.integers(0, 256, 3) if chance < 0.5 else PADDING_VALUE
        return np.full((self.size, self.size, 3), color, np.uint8)

    def _collage(self, index: int, tiles: int, canvas: Pixels, rng: np.random.Generator) -> Faces:
        """Pictures in tiles of uneven size: more faces, and small ones."""
        edges = [0, *(np.arange(1, tiles) + rng.uniform(-0.2, 0.2, tiles - 1)), tiles]
        columns = [round(edge / tiles * self.size) for edge in edges]
        edges = [0, *(np.arange(1, tiles) + rng.uniform(-0.2, 0.2, tiles - 1)), tiles]
        rows = [round(edge / tiles * self.size) for edge in edges]
        chosen = [index, *rng.integers(len(self.images), size=tiles**2 - 1).tolist()]
        parts: list[Faces] = []
        for tile, choice in enumerate(chosen):
            row, column = divmod(tile, tiles)
            left, top = columns[column], rows[row]
            view = canvas[top : rows[row + 1], left : columns[column + 1]]
            boxes, ignore = self._place(self.images[choice], view, rng, close=False)
            parts.append((boxes + np.array([left, top] * 2, np.float32), ignore))
        boxes, ignore = (np.concatenate(part) for part in zip(*parts, strict=True))
        return boxes, ignore

    def _place(
        self, image: AnnotatedImage, canvas: Pixels, rng: np.random.Generator, close: bool
    ) -> Faces:
        """Draws the image into the canvas under a random affine map; returns its faces there.

        close: whether it may be enlarged to show a face of any size, not only as a whole.
        """
        pixels = self.read(image.path)
        matrix, zoom = random_map(image, pixels.shape, canvas.shape, rng, close)
        if zoom < 0.8:
            # Robots scale their images down by one method or another.
            method = cv2.INTER_AREA if rng.random() < 0.6 else cv2.INTER_LINEAR
            size = [max(1, round(side * zoom)) for side in (pixels.shape[1], pixels.shape[0])]
            shrink = np.array([pixels.shape[1], pixels.shape[0]]) / size
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8)
        else:
            shrink = np.ones(2)
        # Boxes count from the corner of a pixel, warpAffine from its centre.
        linear = matrix[:, :2] * shrink
        offset = matrix[:, 2] + linear.sum(1) / 2 - 0.5
        cv2.warpAffine(
            pixels,
            np.hstack([linear, offset[:, None]]),
            (canvas.shape[1], canvas.shape[0]),
            dst=canvas,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_TRANSPARENT,
        )
        return visible_faces(image, matrix, canvas.shape[1], canvas.shape[0])


def random_map(
    image: AnnotatedImage,
    shape: tuple[int, ...],
    canvas_shape: tuple[int, ...],
    rng: np.random.Generator,
    close: bool,
) -> tuple[NDArray[np.float64], float]:
    """An affine map (2, 3) from the image into the canvas, and its zoom."""
    size = np.array([shape[1], shape[0]])
    canvas = np.array([canvas_shape[1], canvas_shape[0]])
    fit = float((canvas / size).min())
    zoom = fit * math.exp(rng.uniform(math.log(0.6), math.log(1.9 if close else 1.5)))
    face = image.boxes[rng.integers(len(image.boxes))] if len(image.boxes) else None
    if face is not None and close and rng.random() < 0.6:
        # Faces of every size equally often.
        longer = max(face[2] - face[0], face[3] - face[1], 1)
        target = math.exp(rng.uniform(math.log(0.03), math.log(1.1))) * canvas.max()
        zoom = float(np.clip(target / longer, 0.2 * fit, 5 * fit))
    aspect = math.exp(rng.normal(0, 0.1))
    angle = math.radians(rng.normal(0, 8)) if rng.random() < 0.5 else 0.0
    linear = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    linear = linear @ np.diag([zoom * math.sqrt(aspect), zoom / math.sqrt(aspect)])
    if face is not None and rng.random() < 0.8:
        # Keep a chosen face inside the canvas, all of it if it fits.
        focus = np.array([face[0] + face[2], face[1] + face[3]]) / 2
        half = np.minimum((face[2:] - face[:2]) / 2 * zoom / canvas, 0.45)
        place = rng.uniform(half, 1 - half) * canvas
    else:
        focus = rng.uniform(0.3, 0.7, 2) * size
        place = rng.uniform(0.3, 0.7, 2) * canvas
    return np.hstack([linear, (place - linear @ focus)[:, None]]), zoom


def visible_faces(
    image: AnnotatedImage, matrix: NDArray[np.float64], width: int, height: int
) -> Faces:
    """Maps and clips the boxes; a face that is half hidden is ignored, one that is gone dropped."""
    boxes = mapped_boxes(image.boxes, matrix)
    clipped = np.clip(boxes, 0, np.array([width, height] * 2, np.float32))
    sides = clipped[:, 2:] - clipped[:, :2]
    visible = sides.prod(1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(1), 1e-6)
    ignore = image.ignore | (visible < 0.5) | (sides.max(1, initial=0) < SMALLEST_FACE)
    keep = visible > 0.1
    return clipped[keep], ignore[keep]


def mirrored(boxes: Boxes, width: int) -> Boxes:
    """The boxes in the mirrored image."""
    return np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)


def face_list(boxes: Boxes, ignore: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(MOST_FACES, 5), padded; see `multilevel_loss`. Of too many faces the larger ones."""
    target = np.zeros((MOST_FACES, 5), np.float32)
    target[:, 4] = EMPTY
    order = np.argsort(-(boxes[:, 2:] - boxes[:, :2]).prod(1), kind="stable")[:MOST_FACES]
    target[: len(order), :4] = boxes[order]
    target[: len(order), 4] = np.where(ignore[order], IGNORED, FACE)
    return target
