"""What the command line finds in each image, and as what it writes it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.following.decision import DecisionSettings
from emotion_recognition.core.following.follower import FaceFollower, FollowingSettings
from emotion_recognition.core.images.sources import FrameSource
from emotion_recognition.core.types import Face
from emotion_recognition.pipeline import EmotionPipeline

# Frames per second of a video that does not tell its own.
_DEFAULT_RATE = 30.0


@dataclass(frozen=True)
class Answer:
    """What was found in one image, uint8 (H, W, 3) BGR.

    index: of the image in its source. time: in seconds from the start; 0 for images on their own.
    latency: seconds that it took to answer.
    """

    source: str
    index: int
    time: float
    image: NDArray[np.uint8]
    faces: tuple[Face, ...]
    is_tracked: bool
    latency: float = 0.0


def answers(pipeline: EmotionPipeline, source: FrameSource) -> Iterator[Answer]:
    """One for each image of the source, in order; a video or webcam is tracked and smoothed.

    Raises SourceError where the source breaks off.
    """
    follower = FaceFollower()
    settings = FollowingSettings(
        decision=DecisionSettings(reject_threshold=pipeline.reject_threshold)
    )
    rate = source.frame_rate or _DEFAULT_RATE
    start = monotonic()
    for index, image in enumerate(source):
        time = monotonic() - start if source.is_live else index / rate
        begun = perf_counter()
        faces = pipeline(image)
        name = str(source.images[index]) if source.images else source.name
        if source.images:
            time = 0.0
        else:
            faces = follower.update(faces, time, settings)
        latency = perf_counter() - begun
        yield Answer(name, index, time, image, faces, not source.images, latency)


def record(answer: Answer) -> dict[str, Any]:
    """An answer as what its line of JSON holds."""
    height, width = answer.image.shape[:2]
    return {
        "source": answer.source,
        "frame": answer.index,
        "time": round(answer.time, 4) if answer.is_tracked else None,
        "width": width,
        "height": height,
        "faces": [_face_record(face, answer.is_tracked) for face in answer.faces],
    }


def _face_record(face: Face, is_tracked: bool) -> dict[str, Any]:
    box = face.box
    values: dict[str, Any] = {
        "box": [round(value, 1) for value in (box.x1, box.y1, box.x2, box.y2)],
        "landmarks": [[round(x, 1), round(y, 1)] for x, y in face.landmarks],
        "score": round(face.score, 4),
        "track_id": face.track_id,
        "emotion": face.emotion.label,
        "confidence": round(face.emotion.confidence, 4),
        "probabilities": _by_label(face.labels, face.probabilities),
        "yaw": None if face.yaw is None else round(face.yaw, 3),
    }
    if is_tracked:
        values["facing"] = face.facing
        values["raw_probabilities"] = _by_label(face.labels, face.raw_probabilities)
    return values


def _by_label(labels: Iterable[str], probabilities: Iterable[float]) -> dict[str, float]:
    return {label: round(value, 4) for label, value in zip(labels, probabilities, strict=True)}
