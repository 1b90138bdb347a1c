"""How far a head is turned to the side, and how it leans, from the landmarks of its face alone.

The tip of the nose is in front of the eyes and the mouth. A head that turns by an angle moves it
away from their middle by its distance times the sine, and draws their corners together by the
cosine: the tangent is seen as it is, whatever the size of the face and however it leans.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from emotion_recognition.core.heads.model import HEAD_POINTS

_EYE, _, _NOSE, _MOUTH, _ = HEAD_POINTS
# How far the nose stands out, in mean distances of the pairs.
_NOSE_DEPTH = ((_EYE[2] + _MOUTH[2]) / 2 - _NOSE[2]) / -(_EYE[0] + _MOUTH[0])


def head_yaw(landmarks: Sequence[tuple[float, float]]) -> float | None:
    """The angle between the way the head looks and the way to the camera, to the side.

    landmarks: of a Face. Returns radians within [-pi/2, pi/2]: by how much the head is turned about
    the y axis (down) of the camera's optical frame, by the right-hand rule. 0: it looks at the
    camera; above: towards the left of the image; below: towards the right. None without landmarks,
    or where they make no face.
    """
    if len(landmarks) != len(HEAD_POINTS):
        return None
    eye1, eye2, nose, mouth1, mouth2 = landmarks
    across = _across(landmarks)
    half = math.hypot(*across) / 2
    aside = _along(nose, across) - sum(_along(p, across) for p in (eye1, eye2, mouth1, mouth2)) / 4
    ratio = aside / half / half / 2 if half else math.nan
    return math.atan(-ratio / _NOSE_DEPTH) if math.isfinite(ratio) else None


def head_roll(landmarks: Sequence[tuple[float, float]]) -> float | None:
    """The angle by which a face leans in the image, clockwise, in radians within [-pi, pi].

    landmarks: of a Face. Of its eyes and the corners of its mouth; None where they make no face.
    """
    if len(landmarks) != len(HEAD_POINTS):
        return None
    x, y = _across(landmarks)
    return math.atan2(y, x) if math.isfinite(x) and math.isfinite(y) and (x or y) else None


def _across(landmarks: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """From a face's left in the image to its right: its eyes and the corners of its mouth."""
    eye1, eye2, _, mouth1, mouth2 = landmarks
    return eye2[0] - eye1[0] + mouth2[0] - mouth1[0], eye2[1] - eye1[1] + mouth2[1] - mouth1[1]


def _along(point: tuple[float, float], direction: tuple[float, float]) -> float:
    return point[0] * direction[0] + point[1] * direction[1]
