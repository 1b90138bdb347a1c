"""The alternative to letterboxing: the image is stretched to the network's square input."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.detector import INPUT_SIZE, faces_within, find_boxes
from emotion_recognition.core.types import Face


class SquashingDetector:
    """As core.detector.FaceDetector, except that it distorts images that are not square."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __call__(self, image: NDArray[np.uint8], score_threshold: float) -> tuple[Face, ...]:
        height, width = image.shape[:2]
        shrinks = max(height, width) > INPUT_SIZE
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        pixels = cv2.resize(image, (INPUT_SIZE, INPUT_SIZE), interpolation=interpolation)
        boxes, scores = find_boxes(self.network, np.asarray(pixels, np.uint8), score_threshold)
        boxes = boxes * np.array([width, height, width, height], np.float32)
        return faces_within(image, boxes, scores)
