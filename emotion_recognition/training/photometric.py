"""Photometric augmentation: what cameras on robots do to a picture. uint8 in, uint8 out."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def photometric(image: Image, rng: np.random.Generator) -> Image:
    """Light, colour, gray, low resolution, blur, noise and occlusion, each with its own chance.

    image: (H, W, 3) BGR or (H, W) gray.
    """
    if rng.random() < 0.7:
        image = light(image, rng)
    if image.ndim == 3:
        if rng.random() < 0.4:
            image = tint(image, rng)
        if rng.random() < 0.2:
            image = grayscale(image)
    if rng.random() < 0.15:
        image = low_resolution(image, rng)
    if rng.random() < 0.15:
        image = blur(image, rng)
    if rng.random() < 0.2:
        image = noisy(image, rng)
    if rng.random() < 0.15:
        image = occlude(image, rng)
    return image


def light(image: Image, rng: np.random.Generator) -> Image:
    """Gamma, contrast and brightness through one lookup table."""
    values = np.linspace(0, 1, 256) ** np.exp(rng.uniform(-0.6, 0.7))
    values = (values - 0.5) * np.exp(rng.uniform(-0.5, 0.3)) + 0.5 + rng.uniform(-0.15, 0.15)
    table = np.clip(values * 255, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(image, table), np.uint8)


def tint(image: Image, rng: np.random.Generator) -> Image:
    """White balance: each channel scaled by itself."""
    table = np.arange(256)[:, None] * np.exp(rng.uniform(-0.2, 0.2, 3))
    return np.asarray(cv2.LUT(image, np.clip(table, 0, 255).astype(np.uint8)[None]), np.uint8)


def grayscale(image: Image) -> Image:
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), np.uint8)


def noisy(image: Image, rng: np.random.Generator) -> Image:
    """Gaussian noise; one tile is repeated, as drawing it all costs more than all else here."""
    tile = rng.normal(0, rng.uniform(2, 14), (64, 64, *image.shape[2:])).astype(np.int16)
    repeats = (-(-image.shape[0] // 64), -(-image.shape[1] // 64)) + (1,) * (image.ndim - 2)
    noise = np.tile(tile, repeats)[: image.shape[0], : image.shape[1]]
    return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)


def low_resolution(image: Image, rng: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    factor = rng.uniform(0.35, 0.8)
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def blur(image: Image, rng: np.random.Generator) -> Image:
    """Out of focus, or motion along a random direction."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 1.8)), np.uint8)
    length = int(rng.integers(3, 9))
    kernel = np.zeros((9, 9), np.float32)
    angle = rng.uniform(0, np.pi)
    step = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = (4 - step).round().astype(int), (4 + step).round().astype(int)
    cv2.line(kernel, tuple(start.tolist()), tuple(end.tolist()), 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def occlude(image: Image, rng: np.random.Generator) -> Image:
    """A flat rectangle of up to a quarter of each side."""
    height, width = image.shape[:2]
    box_height, box_width = (int(v) for v in rng.uniform(0.05, 0.25, 2) * (height, width))
    top, left = int(rng.integers(height - box_height)), int(rng.integers(width - box_width))
    image = image.copy()
    image[top : top + box_height, left : left + box_width] = rng.integers(0, 256, image.shape[2:])
    return image
