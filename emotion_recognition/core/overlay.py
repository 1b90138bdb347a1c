"""Drawing of faces and their emotions on an image, for people to look at."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import Face

#: BGR, from the palette of Okabe and Ito (2008), which colour-blind people can tell apart.
COLORS = {
    "neutral": (233, 180, 86),
    "angry": (0, 94, 213),
    "surprised": (66, 228, 240),
    "happy": (115, 158, 0),
    "unknown": (153, 153, 153),
}
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_faces(image: NDArray[np.uint8], faces: Iterable[Face]) -> NDArray[np.uint8]:
    """A copy of a BGR image with each face's box, emotion, confidence in percent and track id."""
    canvas = image.copy()
    size = max(image.shape[:2])
    thickness = max(1, round(size / 320))
    text_scale = max(0.4, size / 1280)
    text_thickness = max(1, round(size / 800))
    for face in faces:
        color = COLORS[face.emotion.label]
        left, top = round(face.box.x1), round(face.box.y1)
        right, bottom = round(face.box.x2), round(face.box.y2)
        cv2.rectangle(canvas, (left, top), (right, bottom), color, thickness)
        text = f"{face.emotion.label} {face.emotion.confidence:.0%}"
        if face.track_id:
            text = f"#{face.track_id} {text}"
        (width, height), baseline = cv2.getTextSize(text, _FONT, text_scale, text_thickness)
        # Above the box, or inside it at the top of the image; never beyond the image's right edge.
        x = max(0, min(left - thickness // 2, canvas.shape[1] - width))
        y = top - baseline if top >= height + 2 * baseline else top + height + baseline
        corner = (x + width, y + baseline)
        cv2.rectangle(canvas, (x, y - height - baseline), corner, color, cv2.FILLED)
        cv2.putText(canvas, text, (x, y), _FONT, text_scale, (0, 0, 0), text_thickness, cv2.LINE_AA)
    return canvas
