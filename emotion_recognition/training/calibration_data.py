"""Real images that the ranges of the activations are taken from: equation (2) of the paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from emotion_recognition.core.detector import letterbox
from emotion_recognition.training.detection_data import read_annotations
from emotion_recognition.training.emotion_data import EmotionImages, input_batches
from emotion_recognition.training.held_aside import without_held_aside

CALIBRATION_IMAGES = 512
BATCH = 16


def calibration_faces(folder: Path) -> Iterator[Tensor]:
    """Training images as the detector sees them, without augmentation, in batches of BATCH."""
    images = without_held_aside(read_annotations(folder, "train"))
    chosen = np.random.default_rng(0).permutation(len(images))[:CALIBRATION_IMAGES]
    inputs = []
    for index in chosen:
        pixels = cv2.imread(str(images[index].path), cv2.IMREAD_COLOR)
        inputs.append(letterbox(np.asarray(pixels, np.uint8))[0].transpose(2, 0, 1))
    for start in range(0, len(inputs), BATCH):
        yield torch.from_numpy(np.stack(inputs[start : start + BATCH])).float() / 255


def calibration_crops(images: EmotionImages) -> Iterator[Tensor]:
    """Training crops as the classifier sees them, likewise."""
    chosen = np.random.default_rng(0).permutation(len(images.crops))[:CALIBRATION_IMAGES]
    yield from input_batches([images.crops[index] for index in chosen], BATCH)
