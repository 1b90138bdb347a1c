"""The values that flow through the pipeline, each a frozen dataclass."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from operator import itemgetter

from emotion_recognition.core.heads.turn import head_yaw

#: The four classes of the paper, in the order of the models that have these.
LABELS = ("neutral", "angry", "surprised", "happy")
#: Every expression that a model can be trained for, each at the place that is its id.
EMOTIONS = (*LABELS, "sad", "fearful", "disgusted", "contemptuous")


@dataclass(frozen=True)
class Box:
    """An axis-aligned box in pixels of the source image; x2 and y2 are exclusive.

    One that is inverted, x2 < x1 or y2 < y1, has no area, and neither has one that is not finite.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        """Square pixels, >= 0."""
        area = max(self.width, 0.0) * max(self.height, 0.0)
        return area if math.isfinite(area) else 0.0

    def clipped(self, width: float, height: float) -> Box:
        """The part of the box inside an image of this size; its area may be 0."""
        return Box(
            min(max(self.x1, 0.0), width),
            min(max(self.y1, 0.0), height),
            min(max(self.x2, 0.0), width),
            min(max(self.y2, 0.0), height),
        )

    def iou(self, other: Box) -> float:
        """Intersection over union (Jaccard index) with another box, in [0, 1]; 0 without area."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        intersection = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - intersection
        if not (self.area and other.area and union > 0):
            return 0.0
        return min(intersection / union, 1.0)


@dataclass(frozen=True)
class Emotion:
    """An estimated facial expression: what a face shows, not what someone feels.

    id: index into EMOTIONS, or 255 for unknown, as in FaceEmotion.msg. confidence: in [0, 1].
    """

    id: int
    label: str
    confidence: float

    @classmethod
    def from_probabilities(
        cls, probabilities: tuple[float, ...], labels: tuple[str, ...] = LABELS
    ) -> Emotion:
        """The most probable class.

        probabilities: one per label, summing to 1. labels: some of EMOTIONS, in any order. Raises
        ValueError for another number of probabilities than of labels.
        """
        label, probability = max(zip(labels, probabilities, strict=True), key=itemgetter(1))
        return cls(EMOTIONS.index(label), label, probability)

    def __str__(self) -> str:
        return self.label


#: The answer for a face whose expression was not, or could not be, told.
UNKNOWN = Emotion(255, "unknown", 0.0)


@dataclass(frozen=True)
class Face:
    """A detected face.

    box: in pixels of the source image. score: the detector's, in [0, 1]. probabilities: one per
    entry of `labels`, or empty when no classifier has seen the face. track_id: 0 without tracking,
    and for a face that is too new for an id. raw_probabilities: what the classifier said of this
    image alone, where `probabilities` and `emotion` are smoothed over time; empty where they are
    not. landmarks: eye, eye, nose tip, corner of the mouth, corner of the mouth as (x, y) in pixels
    of the source image, the one further left in the image first; empty where a detector finds none.
    labels: of the classifier's classes, in the order of its probabilities. facing: whether the face
    turns to the camera; None without landmarks, and where it was not followed. certainty: how
    probable the classifier held its answers on average, smoothed as `probabilities` are; None where
    they are not.
    """

    box: Box
    score: float
    probabilities: tuple[float, ...] = ()
    emotion: Emotion = UNKNOWN
    track_id: int = 0
    raw_probabilities: tuple[float, ...] = ()
    landmarks: tuple[tuple[float, float], ...] = ()
    labels: tuple[str, ...] = LABELS
    facing: bool | None = None
    certainty: float | None = None

    @property
    def yaw(self) -> float | None:
        """By how much the head is turned to the left of the image, in radians, as `head_yaw` says.

        None without landmarks.
        """
        return head_yaw(self.landmarks)


@dataclass(frozen=True)
class Timings:
    """Seconds that each stage of one call took."""

    detect: float
    classify: float

    @property
    def total(self) -> float:
        return self.detect + self.classify


@dataclass(frozen=True)
class Result:
    """Everything one image gave."""

    faces: tuple[Face, ...] = ()
    timings: Timings = field(default=Timings(0.0, 0.0))
