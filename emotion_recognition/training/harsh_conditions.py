"""Conditions under which an expression is hard or impossible to tell: uint8 (H, W) gray in and out.

Stronger than `photometric`, which makes what a network should see through.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Crop = NDArray[np.uint8]


def few_pixels(crop: Crop, rng: np.random.Generator) -> Crop:
    """A face of 10 to 28 pixels, enlarged."""
    side = int(rng.integers(10, 29))
    small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, crop.shape[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def strong_blur(crop: Crop, rng: np.random.Generator) -> Crop:
    """Gaussian, of 1.5 to 7 % of the side."""
    sigma = float(rng.uniform(0.015, 0.07)) * crop.shape[0]
    return np.asarray(
        cv2.GaussianBlur(crop, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.uint8
    )


def extreme_light(crop: Crop, rng: np.random.Generator) -> Crop:
    """A fifth to three times the light, saturating, evenly or from one side."""
    factor = float(np.exp(rng.uniform(np.log(0.15), np.log(3.2))))
    light = np.full(crop.shape, factor, np.float32)
    if rng.random() < 0.3:
        angle = rng.uniform(0, 2 * np.pi)
        rows, columns = np.mgrid[-1 : 1 : crop.shape[0] * 1j, -1 : 1 : crop.shape[1] * 1j]
        light *= np.exp(rng.uniform(0, 1.2) * (np.cos(angle) * columns + np.sin(angle) * rows))
    return np.asarray(np.clip(crop * light, 0, 255).round(), np.uint8)


def strong_noise(crop: Crop, rng: np.random.Generator) -> Crop:
    """Gaussian, with a standard deviation of 10 to 60 of 255."""
    noise = rng.normal(0, rng.uniform(10, 60), crop.shape)
    return np.asarray(np.clip(crop + noise, 0, 255).round(), np.uint8)


def compressed(crop: Crop, rng: np.random.Generator) -> Crop:
    """As a JPEG of quality 3 to 40."""
    _, content = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(3, 41))])
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE), np.uint8)


CONDITIONS = (few_pixels, strong_blur, extreme_light, strong_noise, compressed)


def harsh(crop: Crop, rng: np.random.Generator) -> Crop:
    """One of CONDITIONS, at random."""
    return CONDITIONS[rng.integers(len(CONDITIONS))](crop, rng)
