"""The picture that a viewer sees of an image."""

from __future__ import annotations

import cv2
import numpy as np

from emotion_recognition.core.arrays import Pixels

#: Pixels of the longer side, and the quality of the JPEG, 1 to 100.
LONGEST_SIDE = 960
QUALITY = 75


def jpeg(image: Pixels, longest_side: int = LONGEST_SIDE, quality: int = QUALITY) -> bytes:
    """An image, uint8 (H, W, 3) BGR, as a JPEG; a larger one is made smaller."""
    height, width = image.shape[:2]
    scale = longest_side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
