"""Boxes of the right size: a trained detector draws them a few percent too large.

Where it does not know the middle of a face for certain, a larger box has the better mean overlap;
averaged over the cells of a face, the uncertainty goes and the excess stays. It is measured on
training faces and taken out of the last layers' biases, because sizes are logarithms there.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from emotion_recognition.core.multilevel import MultilevelDetector
from emotion_recognition.training.default_detector import DefaultDetector, DetectionHead
from emotion_recognition.training.detection_data import AnnotatedImage
from emotion_recognition.training.evaluate_detector import detect_all, without_small
from emotion_recognition.training.metrics import assign

SMALLEST, SCORE, MATCH = 0.05, 0.5, 0.4


def size_bias(
    detector: MultilevelDetector, images: Sequence[AnnotatedImage]
) -> tuple[float, float]:
    """Medians of ln(drawn / annotated) of widths and heights, over the faces that are found.

    Faces count from 5 % of the image on, detections from a score of 0.5 and an overlap of 0.4.
    Raises ValueError if none is found.
    """
    logarithms = []
    for image in without_small(detect_all(detector, images), images, SMALLEST):
        faces, _ = assign(image, MATCH)
        for box, score, face in zip(image.boxes, image.scores, faces, strict=True):
            if face >= 0 and score >= SCORE:
                annotated = image.faces[face]
                logarithms.append(np.log((box[2:] - box[:2]) / (annotated[2:] - annotated[:2])))
    if not logarithms:
        raise ValueError("the detector finds none of the faces; its sizes cannot be judged")
    width, height = np.median(np.array(logarithms), axis=0).tolist()
    return width, height


def without_size_bias(network: DefaultDetector, bias: tuple[float, float]) -> DefaultDetector:
    """A copy whose boxes are smaller by factors of exp(bias) in width and height."""
    corrected = copy.deepcopy(network)
    for head in corrected.heads:
        assert isinstance(head, DetectionHead)
        last = head[-1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        with torch.no_grad():
            last.bias[2:4] -= torch.tensor(bias)
    return corrected
