"""Drawing of faces and their emotions on an image, for people to look at."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.types import Box, Face

Color = tuple[int, int, int]

#: BGR, from the palette of Okabe and Ito (2008), which colour-blind people can tell apart. Black
#: text is readable on each of them: the blue is lighter than theirs, and light green is added.
COLORS: dict[str, Color] = {
    "neutral": (233, 180, 86),
    "angry": (0, 94, 213),
    "surprised": (66, 228, 240),
    "happy": (115, 158, 0),
    "sad": (204, 119, 17),
    "fearful": (167, 121, 204),
    "disgusted": (136, 255, 170),
    "contemptuous": (0, 159, 230),
    "unknown": (204, 204, 204),
}
_BLACK = (0, 0, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_faces(image: NDArray[np.uint8], faces: Iterable[Face]) -> NDArray[np.uint8]:
    """A copy of a BGR image with each face's box, landmarks and label.

    image: uint8 (H, W, 3). Lines and text grow with it. Labels keep within it, and clear of each
    other where there is room.
    """
    canvas = image.copy()
    drawn = [face for face in faces if face.box.area]
    for face in drawn:
        _draw_box(canvas, face.box, _color(face))
        _draw_landmarks(canvas, face)
    labels: list[Box] = []
    for face in drawn:
        labels.append(_draw_label(canvas, face, labels))
    return canvas


def _color(face: Face) -> Color:
    return COLORS.get(face.emotion.label, COLORS["unknown"])


def label_text(face: Face) -> str:
    """The face's track id, if it has one, emotion and confidence in percent: "#7 happy 93%"."""
    track = f"#{face.track_id} " if face.track_id else ""
    confidence = f" {face.emotion.confidence:.0%}" if face.emotion.confidence else ""
    return f"{track}{face.emotion.label}{confidence}"


def line_thickness(width: int, height: int) -> int:
    """Of the boxes in an image of this size, in pixels."""
    return max(2, round(max(width, height) / 240))


def _draw_box(canvas: NDArray[np.uint8], box: Box, color: Color) -> None:
    thickness = line_thickness(canvas.shape[1], canvas.shape[0])
    left, right = (_near(edge, canvas.shape[1]) for edge in (box.x1, box.x2 - 1))
    top, bottom = (_near(edge, canvas.shape[0]) for edge in (box.y1, box.y2 - 1))
    for inset in range(-1, thickness + 1):
        # The dark rim separates the line from a background of its own colour.
        rim = inset in (-1, thickness)
        corners = (left + inset, top + inset), (right - inset, bottom - inset)
        cv2.rectangle(canvas, *corners, _BLACK if rim else color)


def _draw_landmarks(canvas: NDArray[np.uint8], face: Face) -> None:
    height, width = canvas.shape[:2]
    radius = line_thickness(width, height)
    for x, y in face.landmarks:
        if 0 <= x < width and 0 <= y < height:
            center = (int(x), int(y))
            cv2.circle(canvas, center, radius + 1, _BLACK, cv2.FILLED)
            cv2.circle(canvas, center, radius, _color(face), cv2.FILLED)


def _near(edge: float, size: int) -> int:
    """The edge as a whole number; one far outside of the image only so far that no line shows."""
    return round(min(max(edge, -size), 2 * size))


def _draw_label(canvas: NDArray[np.uint8], face: Face, others: list[Box]) -> Box:
    """Draws it clear of the other labels and returns where it is."""
    size = max(canvas.shape[:2])
    scale, weight = max(0.4, size / 1280), max(1, round(size / 800))
    text = label_text(face)
    (text_width, text_height), baseline = cv2.getTextSize(text, _FONT, scale, weight)
    margin = max(2, baseline // 2)
    place = _label_place(
        face.box,
        (text_width + 2 * margin, text_height + baseline + margin),
        (canvas.shape[1], canvas.shape[0]),
        others,
    )
    left, top = round(place.x1), round(place.y1)
    corner = (round(place.x2) - 1, round(place.y2) - 1)
    cv2.rectangle(canvas, (left, top), corner, _color(face), cv2.FILLED)
    origin = (left + margin, top + margin + text_height)
    cv2.putText(canvas, text, origin, _FONT, scale, _BLACK, weight, cv2.LINE_AA)
    return place


def _label_place(
    box: Box, label: tuple[int, int], image: tuple[int, int], others: list[Box]
) -> Box:
    """Above the box, or below it, or inside at its top; sizes as (width, height) in pixels."""
    (width, height), (image_width, image_height) = label, image

    def at(top: float) -> Box:
        x = round(max(0, min(box.x1, image_width - width)))
        y = round(max(0, min(top, image_height - height)))
        return Box(x, y, x + width, y + height)

    above, below, inside = (at(top) for top in (box.y1 - height, box.y2, box.y1))
    for place in (above, below, inside):
        hides_face = place is not inside and place.iou(box) > 0
        if not hides_face and not any(place.iou(other) for other in others):
            return place
    return inside
