"""What the demo saw: counts, the newest faces, a video and a picture."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image

from emotion_recognition.core.images.overlay import draw_faces
from emotion_recognition.core.types import Face
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.messages.faces import faces_from_message
from emotion_recognition.ros.messages.images import decode_message
from emotion_recognition.ros.messages.stamps import NANOSECONDS, seconds_of, stamp_of
from emotion_recognition.tools.annotated_copy import TimedVideo

VIDEO_RATE = 30.0  # frames per second of emotions.mp4


@dataclass
class Recording:
    """Pairs answers with the images that they belong to, and keeps count.

    output: the folder for emotions.mp4 and emotions.png, which is made; those of an earlier
    recording are removed. Images wait for their answer in a small buffer; most are skipped by a
    node that takes only the newest one, and fall out of it. longest: seconds of emotions.mp4 at
    most.
    """

    output: Path
    longest: float = math.inf
    images: dict[int, Image] = field(default_factory=dict)
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    answers: int = 0
    answers_with_face: int = 0
    faces: tuple[Face, ...] = ()
    labels: tuple[str, ...] = ()
    model: str = ""
    best: tuple[float, NDArray[np.uint8]] | None = None
    first_time: float | None = None
    video: TimedVideo = field(init=False)

    def __post_init__(self) -> None:
        self.output.mkdir(parents=True, exist_ok=True)
        for name in ("emotions.mp4", "emotions.png"):
            (self.output / name).unlink(missing_ok=True)
        self.video = TimedVideo(self.output / "emotions.mp4", VIDEO_RATE)

    def add_image(self, message: Image) -> None:
        self.images[stamp_of(message.header)] = message
        while len(self.images) > 60:
            del self.images[next(iter(self.images))]

    def add_answer(self, message: FaceEmotionArray) -> None:
        self.answers += 1
        self.faces = faces_from_message(message)
        self.answers_with_face += bool(self.faces)
        self.labels = tuple(message.labels)
        self.model = message.model
        self.arrivals.append(time.monotonic())
        self.latencies.append(seconds_of(message.latency))
        image = self.images.pop(stamp_of(message.header), None)
        if image is not None:
            self._write(image)

    def _write(self, image: Image) -> None:
        annotated = draw_faces(decode_message(image), self.faces)
        time_taken = stamp_of(image.header) / NANOSECONDS
        if self.first_time is None:
            self.first_time = time_taken
        if time_taken - self.first_time <= self.longest:
            self.video.add(annotated, time_taken - self.first_time)
        confidence = sum(face.emotion.confidence for face in self.faces)
        if self.best is None or confidence > self.best[0]:
            self.best = (confidence, annotated)

    def finish(self) -> list[Path]:
        """Closes the video, writes the picture of the surest answer; the files that now exist."""
        self.video.close()
        if self.best is not None:
            cv2.imwrite(str(self.output / "emotions.png"), self.best[1])
        files = (self.output / "emotions.mp4", self.output / "emotions.png")
        return [path for path in files if path.exists()]

    @property
    def rate(self) -> float:
        """Answers per second, lately."""
        if len(self.arrivals) < 2:
            return 0.0
        return (len(self.arrivals) - 1) / (self.arrivals[-1] - self.arrivals[0])

    @property
    def latency(self) -> float:
        """Median seconds from an image's stamp to its answer, lately."""
        return float(np.median(self.latencies)) if self.latencies else 0.0
