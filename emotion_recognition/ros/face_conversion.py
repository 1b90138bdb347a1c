"""Faces of the core to messages and back.

Whatever the models answer, the messages keep their promises.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from builtin_interfaces.msg import Duration, Time
from sensor_msgs.msg import RegionOfInterest

from emotion_recognition.core.types import LABELS, UNKNOWN, Box, Emotion, Face
from emotion_recognition.msg import FaceEmotion, FaceEmotionArray

_NANOSECONDS = 1_000_000_000
_UNIFORM = (1 / len(LABELS),) * len(LABELS)
_LONGEST = Duration(sec=2**31 - 1, nanosec=_NANOSECONDS - 1)


def face_messages(faces: Iterable[Face], width: int, height: int) -> list[FaceEmotion]:
    """The faces that cover at least one pixel of an image of this size, in the same order."""
    messages = []
    for face in faces:
        roi = region_of_interest(face.box, width, height)
        if roi is not None:
            messages.append(_face_message(face, roi))
    return messages


def faces_from_message(message: FaceEmotionArray) -> tuple[Face, ...]:
    """The faces of an answer, in the same order."""
    return tuple(_face(face) for face in message.faces)


def region_of_interest(box: Box, width: int, height: int) -> RegionOfInterest | None:
    """The pixels of an image that a box touches, or None if there are none."""
    if not all(map(math.isfinite, (box.x1, box.y1, box.x2, box.y2))):
        return None
    clipped = box.clipped(width, height)
    left, top = math.floor(clipped.x1), math.floor(clipped.y1)
    right, bottom = math.ceil(clipped.x2), math.ceil(clipped.y2)
    if right <= left or bottom <= top:
        return None
    return RegionOfInterest(x_offset=left, y_offset=top, width=right - left, height=bottom - top)


def latency(stamp: Time, now: int) -> Duration:
    """From the stamp to now, in nanoseconds since the epoch; 0 without a stamp or in the future."""
    stamped = stamp.sec * _NANOSECONDS + stamp.nanosec
    if stamped == 0 or now <= stamped:
        return Duration()
    seconds, nanoseconds = divmod(now - stamped, _NANOSECONDS)
    return Duration(sec=seconds, nanosec=nanoseconds) if seconds < 2**31 else _LONGEST


def _face_message(face: Face, roi: RegionOfInterest) -> FaceEmotion:
    probabilities, emotion = face.probabilities, face.emotion
    raw = face.raw_probabilities or probabilities
    if not _are_probabilities(probabilities):
        probabilities, emotion = _UNIFORM, UNKNOWN
    if not _are_probabilities(raw):
        raw = _UNIFORM
    return FaceEmotion(
        emotion=emotion.id,
        label=emotion.label,
        confidence=_unit(emotion.confidence),
        probabilities=np.array([_unit(value) for value in probabilities], np.float32),
        raw_probabilities=np.array([_unit(value) for value in raw], np.float32),
        roi=roi,
        detection_score=_unit(face.score),
        track_id=face.track_id,
    )


def _face(message: FaceEmotion) -> Face:
    left, top = float(message.roi.x_offset), float(message.roi.y_offset)
    return Face(
        Box(left, top, left + message.roi.width, top + message.roi.height),
        message.detection_score,
        tuple(map(float, message.probabilities)),
        Emotion(message.emotion, message.label, message.confidence),
        message.track_id,
        tuple(map(float, message.raw_probabilities)),
    )


def _are_probabilities(values: tuple[float, ...]) -> bool:
    return len(values) == len(LABELS) and all(map(math.isfinite, values))


def _unit(value: float) -> float:
    """Within [0, 1]; 0 for what is not a number."""
    return min(max(float(value), 0.0), 1.0) if math.isfinite(value) else 0.0
