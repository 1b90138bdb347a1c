"""Faces of the core to messages and back.

Whatever the models answer, the messages keep their promises.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from sensor_msgs.msg import RegionOfInterest

from emotion_recognition.core.types import LABELS, UNKNOWN, Box, Emotion, Face
from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.stamps import duration_message

_UNIFORM = (1 / len(LABELS),) * len(LABELS)


def presentable_faces(faces: Iterable[Face], width: int, height: int) -> tuple[Face, ...]:
    """The faces that cover at least one pixel of an image of this size, in the same order.

    Whatever the models have said of them, every number is finite and within its range. box: the
    pixels that the face touches. Without usable probabilities they are even, and the emotion
    unknown; raw_probabilities are never empty.
    """
    presentable = []
    for face in faces:
        box = touched_pixels(face.box, width, height)
        if box is not None:
            presentable.append(_within_range(replace(face, box=box)))
    return tuple(presentable)


def answer_message(answer: Answer) -> FaceEmotionArray:
    """The message for `emotions`."""
    return FaceEmotionArray(
        header=answer.header,
        image_width=answer.width,
        image_height=answer.height,
        faces=[_face_message(face) for face in answer.faces],
        latency=duration_message(answer.latency),
        model=answer.model,
    )


def faces_from_message(message: FaceEmotionArray) -> tuple[Face, ...]:
    """The faces of an answer, in the same order."""
    return tuple(_face(face) for face in message.faces)


def touched_pixels(box: Box, width: int, height: int) -> Box | None:
    """The pixels of an image that a box touches, or None if there are none."""
    if not all(map(math.isfinite, (box.x1, box.y1, box.x2, box.y2))):
        return None
    clipped = box.clipped(width, height)
    left, top = math.floor(clipped.x1), math.floor(clipped.y1)
    right, bottom = math.ceil(clipped.x2), math.ceil(clipped.y2)
    if right <= left or bottom <= top:
        return None
    return Box(float(left), float(top), float(right), float(bottom))


def _within_range(face: Face) -> Face:
    probabilities, emotion = face.probabilities, face.emotion
    raw = face.raw_probabilities or probabilities
    if not _are_probabilities(probabilities):
        probabilities, emotion = _UNIFORM, UNKNOWN
    if not _are_probabilities(raw):
        raw = _UNIFORM
    return replace(
        face,
        score=_unit(face.score),
        probabilities=tuple(map(_unit, probabilities)),
        raw_probabilities=tuple(map(_unit, raw)),
        emotion=replace(emotion, confidence=_unit(emotion.confidence)),
    )


def _face_message(face: Face) -> FaceEmotion:
    box = face.box
    return FaceEmotion(
        emotion=face.emotion.id,
        label=face.emotion.label,
        confidence=face.emotion.confidence,
        probabilities=np.array(face.probabilities, np.float32),
        raw_probabilities=np.array(face.raw_probabilities, np.float32),
        roi=RegionOfInterest(
            x_offset=int(box.x1),
            y_offset=int(box.y1),
            width=int(box.width),
            height=int(box.height),
        ),
        detection_score=face.score,
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
