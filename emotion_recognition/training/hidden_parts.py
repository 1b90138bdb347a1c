"""Faces of which a part cannot be seen: covered from a side, behind a hand or a bar, in a mask.

What is left of a face tells less, and a network that is trained on such faces with their true
labels learns how much less. uint8 (H, W) gray in, the same out.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Crop = NDArray[np.uint8]
Points = NDArray[np.float32]

#: Where five landmarks (eyes, nose tip, corners of the mouth) are in a crop of FER2013, as parts of
#: its side: medians over faces on which the default detector sees them, made symmetrical.
USUAL_LANDMARKS = np.array(
    [[0.33, 0.37], [0.67, 0.37], [0.50, 0.585], [0.355, 0.75], [0.645, 0.75]], np.float32
)


def cover_from_side(crop: Crop, share: float, side: int, fill: Crop) -> Crop:
    """Hides a share of the crop behind `fill`, from below, above, left or right (side 0 to 3)."""
    height, width = crop.shape
    covered = crop.copy()
    rows, columns = round(share * height), round(share * width)
    part = (
        (slice(height - rows, height), slice(None)),
        (slice(0, rows), slice(None)),
        (slice(None), slice(0, columns)),
        (slice(None), slice(width - columns, width)),
    )[side]
    covered[part] = fill[part]
    return covered


def mask_outline(landmarks: Points) -> Points:
    """The outline of a face mask, (N, 2): over the bridge of the nose, around cheeks and chin.

    landmarks: (5, 2) in pixels, image-left first.
    """
    left_eye, right_eye, nose, left_mouth, right_mouth = landmarks
    eyes, mouth = (left_eye + right_eye) / 2, (left_mouth + right_mouth) / 2
    down, across = mouth - eyes, (right_eye - left_eye) / 2
    bridge = eyes + 0.35 * (nose - eyes)
    return np.asarray(
        [
            bridge,
            right_eye + 0.35 * down + 0.35 * across,
            right_mouth - 0.1 * down + 0.85 * across,
            right_mouth + 0.45 * down + 0.45 * across,
            mouth + 0.75 * down,
            left_mouth + 0.45 * down - 0.45 * across,
            left_mouth - 0.1 * down - 0.85 * across,
            left_eye + 0.35 * down - 0.35 * across,
        ],
        np.float32,
    )


def draw_mask(crop: Crop, landmarks: Points, brightness: float, rng: np.random.Generator) -> Crop:
    """A cloth or surgical mask of a mean brightness (0 to 255), with folds, shade and straps."""
    height, width = crop.shape
    outline = mask_outline(landmarks)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    folds = np.sin(rows * (2 * np.pi / max(rng.uniform(0.06, 0.16) * height, 1.0)))
    middle = landmarks[2]
    shade = np.abs(columns - middle[0]) / width
    cloth = brightness * (1 - rng.uniform(0, 0.8) * shade) + rng.uniform(0, 12) * folds
    scale = 8  # sub-pixel corners
    shape = np.zeros((height, width), np.uint8)
    cv2.fillPoly(
        shape, [np.round(outline * scale).astype(np.int32)], 255, lineType=cv2.LINE_AA, shift=3
    )
    for corner, edge in ((1, width), (7, 0)):
        start = np.round(outline[corner] * scale).astype(int)
        end = np.round(np.array([edge, outline[corner][1] - 0.05 * height]) * scale).astype(int)
        cv2.line(shape, tuple(start.tolist()), tuple(end.tolist()), 200, 1, cv2.LINE_AA, 3)
    part = shape.astype(np.float32) / 255
    return np.asarray((crop * (1 - part) + np.clip(cloth, 0, 255) * part).round(), np.uint8)


def random_fill(crop: Crop, other: Crop, rng: np.random.Generator) -> Crop:
    """What hides a part: the crop's mean gray, another gray, noise, or a part of a picture."""
    chance = rng.random()
    if chance < 0.25:
        return np.full_like(crop, round(float(crop.mean())))
    if chance < 0.6:
        return np.full_like(crop, rng.integers(0, 256))
    if chance < 0.7:
        return np.asarray(rng.integers(0, 256, crop.shape), np.uint8)
    zoomed = cv2.resize(other, None, fx=3, fy=3, interpolation=cv2.INTER_LINEAR)
    top, left = (int(rng.integers(0, zoomed.shape[axis] - crop.shape[axis] + 1)) for axis in (0, 1))
    return np.asarray(zoomed[top : top + crop.shape[0], left : left + crop.shape[1]], np.uint8)


def hide_part(crop: Crop, other: Crop, rng: np.random.Generator) -> Crop:
    """One of the ways in which a part of a face is hidden, at random. other: of the same shape."""
    chance = rng.random()
    if chance < 0.35:
        side = np.array(crop.shape[::-1], np.float32)
        jitter = rng.normal(0, 0.025, (5, 2)) + rng.normal(0, 0.03, 2)
        landmarks = ((USUAL_LANDMARKS + jitter) * side).astype(np.float32)
        return draw_mask(crop, landmarks, float(rng.uniform(10, 250)), rng)
    fill = random_fill(crop, other, rng)
    if chance < 0.85:
        # From below most often: mouths hide behind masks, cups, hands and scarves.
        from_where = int(rng.choice(4, p=(0.4, 0.2, 0.2, 0.2)))
        return cover_from_side(crop, float(rng.uniform(0.05, 0.6)), from_where, fill)
    # A hand or a bar before the face.
    height, width = crop.shape
    half = np.array([rng.uniform(0.1, 0.35) * width, rng.uniform(0.06, 0.2) * height])
    center = rng.uniform(0.1, 0.9, 2) * [width, height]
    corners = cv2.boxPoints((tuple(center), tuple(2 * half), float(rng.uniform(0, 180))))
    shape = np.zeros(crop.shape, np.uint8)
    cv2.fillConvexPoly(shape, np.round(corners).astype(np.int32), 255)
    return np.where(shape > 0, fill, crop).astype(np.uint8)
