"""Ways in which crops vary, as detectors, cameras and people make them.

The data has no surroundings, so what a shifted, rotated or looser crop would show beyond the
original is filled with its border pixels, as `core.heads.crop.crop_face` does at the edge of an
image. Directions and signs are drawn once for each image with a fixed seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from emotion_recognition.training.hidden_parts import (
    USUAL_LANDMARKS,
    cover_from_side,
    draw_mask,
)
from emotion_recognition.training.labelled_faces import Crop, LabelledFaces

SEED = 0


@dataclass(frozen=True)
class Perturbation:
    """One way in which crops vary.

    levels: in the unit that `axis` names, increasing. unchanged: the level that leaves a crop as
    it is, None if there is none. apply: crop, level and a random generator to the changed crop.
    """

    name: str
    axis: str
    levels: tuple[float, ...]
    unchanged: float | None
    apply: Callable[[Crop, float, np.random.Generator], Crop]


def shift(crop: Crop, percent: float, rng: np.random.Generator) -> Crop:
    """Moves the view by a part of its side, in a random direction."""
    angle = rng.uniform(0, 2 * math.pi)
    distance = percent / 100 * crop.shape[0]
    return _view(crop, move=(distance * math.cos(angle), distance * math.sin(angle)))


def rotate(crop: Crop, degrees: float, rng: np.random.Generator) -> Crop:
    """Turns the face, to either side at random."""
    return _view(crop, degrees=degrees if rng.random() < 0.5 else -degrees)


def resize(crop: Crop, side: float, _: np.random.Generator) -> Crop:
    """A crop of so many pixels; more pixels than there were show nothing more."""
    size = (round(side), round(side))
    shrinks = side < crop.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, size, interpolation=method), np.uint8)


def loosen(crop: Crop, factor: float, _: np.random.Generator) -> Crop:
    """A view whose side is so many times as long: below 1 tighter, above 1 looser."""
    return _view(crop, zoom=1 / factor)


def brighten(crop: Crop, factor: float, _: np.random.Generator) -> Crop:
    """Light scaled by a factor; what is too bright saturates."""
    brighter = np.clip(crop.astype(np.float32) * factor, 0, 255)
    return np.asarray(brighter.round(), np.uint8)


def blur(crop: Crop, percent: float, _: np.random.Generator) -> Crop:
    """Gaussian blur; its standard deviation is a part of the side."""
    if percent == 0:
        return crop
    sigma = percent / 100 * crop.shape[0]
    return np.asarray(
        cv2.GaussianBlur(crop, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.uint8
    )


def cover_below(crop: Crop, percent: float, _: np.random.Generator) -> Crop:
    """A part of the height hidden from below, as by a cup, in the crop's mean gray."""
    return cover_from_side(crop, percent / 100, 0, _mean_gray(crop))


def cover_above(crop: Crop, percent: float, _: np.random.Generator) -> Crop:
    """Likewise from above, as by a cap and then sunglasses."""
    return cover_from_side(crop, percent / 100, 1, _mean_gray(crop))


def cover_left(crop: Crop, percent: float, _: np.random.Generator) -> Crop:
    """A part of the width hidden on the left, as in a profile or behind a door."""
    return cover_from_side(crop, percent / 100, 2, _mean_gray(crop))


def cover_right(crop: Crop, percent: float, _: np.random.Generator) -> Crop:
    return cover_from_side(crop, percent / 100, 3, _mean_gray(crop))


def compress(crop: Crop, quality: float, _: np.random.Generator) -> Crop:
    """What a JPEG of a quality keeps."""
    content = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, round(quality)])[1]
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)


def add_noise(crop: Crop, deviation: float, rng: np.random.Generator) -> Crop:
    """Gaussian noise of a standard deviation, of 255."""
    noisy = crop + deviation * rng.standard_normal(crop.shape)
    return np.asarray(np.clip(noisy, 0, 255).round(), np.uint8)


def wear_mask(crop: Crop, brightness: float, rng: np.random.Generator) -> Crop:
    """A face mask of a mean brightness, where the landmarks of such crops usually are."""
    side = np.array(crop.shape[::-1], np.float32)
    return draw_mask(crop, USUAL_LANDMARKS * side, brightness, rng)


def _mean_gray(crop: Crop) -> Crop:
    return np.full_like(crop, round(float(crop.mean())))


def _view(
    crop: Crop, zoom: float = 1.0, degrees: float = 0.0, move: tuple[float, float] = (0.0, 0.0)
) -> Crop:
    height, width = crop.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, zoom)
    matrix[:, 2] += np.array(move)
    view = cv2.warpAffine(
        crop, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(view, np.uint8)


PERTURBATIONS = (
    Perturbation("shift", "shift (% of the side)", (0, 5, 10, 15, 20), 0, shift),
    Perturbation("rotation", "rotation (degrees)", (0, 5, 10, 15, 20, 25, 30), 0, rotate),
    Perturbation(
        "size",
        "side of the crop (pixels)",
        (12, 16, 24, 32, 40, 48, 64, 96, 128, 200),
        None,
        resize,
    ),
    Perturbation(
        "looseness",
        "side, relative to the original",
        (0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5),
        1.0,
        loosen,
    ),
    Perturbation(
        "brightness", "light, relative", (0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3), 1, brighten
    ),
    Perturbation("blur", "standard deviation (% of the side)", (0, 1, 2, 3, 4, 5, 6), 0, blur),
    Perturbation("covered below", "hidden from below (%)", (0, 10, 20, 30, 40, 50), 0, cover_below),
    Perturbation("covered above", "hidden from above (%)", (0, 10, 20, 30, 40, 50), 0, cover_above),
    Perturbation("covered left", "hidden on the left (%)", (0, 10, 20, 30, 40, 50), 0, cover_left),
    Perturbation(
        "covered right", "hidden on the right (%)", (0, 10, 20, 30, 40, 50), 0, cover_right
    ),
    Perturbation("JPEG", "quality", (5, 10, 20, 40, 70), None, compress),
    Perturbation("noise", "standard deviation (of 255)", (0, 5, 10, 20, 30, 40), 0, add_noise),
    Perturbation("mask", "its brightness (of 255)", (30, 130, 230), None, wear_mask),
)


def perturbed(faces: LabelledFaces, perturbation: Perturbation, level: float) -> list[Crop]:
    """Every crop at one level, the same on every call."""
    return [
        perturbation.apply(crop, level, np.random.default_rng((SEED, index)))
        for index, crop in enumerate(faces.crops)
    ]
