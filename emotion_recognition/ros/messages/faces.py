"""Faces of the core to messages and back.

Whatever the models answer, the messages keep their promises.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from geometry_msgs.msg import Point32
from sensor_msgs.msg import RegionOfInterest

from emotion_recognition.core.types import LABELS, UNKNOWN, Box, Emotion, Face
from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.stamps import duration_message

_LARGEST = float(np.finfo(np.float32).max)
#: How many landmarks a face has that has any.
_LANDMARKS = 5


def presentable_faces(
    faces: Iterable[Face], width: int, height: int, labels: tuple[str, ...] = LABELS
) -> tuple[Face, ...]:
    """The faces that cover at least one pixel of an image of this size, in the same order.

    Whatever the models have said of them, every number is finite and within its range, and there
    is a probability for each of the labels. box: the pixels that the face touches. Without usable
    probabilities they are even, and the emotion unknown; raw_probabilities are never empty.
    landmarks: five, or none.
    """
    presentable = []
    for face in faces:
        box = touched_pixels(face.box, width, height)
        if box is not None:
            presentable.append(_within_range(replace(face, box=box), labels))
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
        labels=list(answer.labels),
    )


def faces_from_message(message: FaceEmotionArray) -> tuple[Face, ...]:
    """The faces of an answer, in the same order."""
    labels = tuple(message.labels)
    return tuple(_face(face, labels) for face in message.faces)


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


def _within_range(face: Face, labels: tuple[str, ...]) -> Face:
    probabilities, emotion = face.probabilities, face.emotion
    raw = face.raw_probabilities or probabilities
    even = (1 / len(labels),) * len(labels)
    if face.labels != labels or not _are_probabilities(probabilities, len(labels)):
        probabilities, emotion = even, UNKNOWN
    if face.labels != labels or not _are_probabilities(raw, len(labels)):
        raw = even
    return replace(
        face,
        score=_unit(face.score),
        probabilities=tuple(map(_unit, probabilities)),
        raw_probabilities=tuple(map(_unit, raw)),
        emotion=replace(emotion, confidence=_unit(emotion.confidence)),
        landmarks=face.landmarks if _are_landmarks(face.landmarks) else (),
        labels=labels,
    )


def _face_message(face: Face) -> FaceEmotion:
    box = face.box
    return FaceEmotion(
        emotion=face.emotion.id,
        label=face.emotion.label,
        confidence=face.emotion.confidence,
        probabilities=array("f", face.probabilities),
        raw_probabilities=array("f", face.raw_probabilities),
        roi=RegionOfInterest(
            x_offset=int(box.x1),
            y_offset=int(box.y1),
            width=int(box.width),
            height=int(box.height),
        ),
        detection_score=face.score,
        track_id=face.track_id,
        landmarks=[Point32(x=x, y=y) for x, y in face.landmarks],
    )


def _face(message: FaceEmotion, labels: tuple[str, ...]) -> Face:
    left, top = float(message.roi.x_offset), float(message.roi.y_offset)
    return Face(
        Box(left, top, left + message.roi.width, top + message.roi.height),
        message.detection_score,
        tuple(map(float, message.probabilities)),
        Emotion(message.emotion, message.label, message.confidence),
        message.track_id,
        tuple(map(float, message.raw_probabilities)),
        tuple((point.x, point.y) for point in message.landmarks),
        labels,
    )


def _are_probabilities(values: tuple[float, ...], count: int) -> bool:
    return len(values) == count and all(map(math.isfinite, values))


def _are_landmarks(points: tuple[tuple[float, float], ...]) -> bool:
    """Whether they fit the message, whose numbers end at 3.4e38."""
    return len(points) == _LANDMARKS and all(
        abs(value) <= _LARGEST for point in points for value in point
    )


def _unit(value: float) -> float:
    """Within [0, 1]; 0 for what is not a number."""
    return min(max(float(value), 0.0), 1.0) if math.isfinite(value) else 0.0
