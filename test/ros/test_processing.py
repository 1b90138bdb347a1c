"""From an image message to an answer, without a node."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from emotion_recognition.core.following.decision import DecisionSettings
from emotion_recognition.core.following.follower import FaceFollower, FollowingSettings
from emotion_recognition.core.following.tracking import TrackingSettings
from emotion_recognition.core.types import EMOTIONS, LABELS, UNKNOWN, Box, Emotion, Face, Result
from emotion_recognition.ros.emotion_node.processor import ImageProcessor
from emotion_recognition.ros.parameters.settings import Settings

HEADER = Header(stamp=Time(sec=100, nanosec=5), frame_id="camera_optical_frame")
FACE = Face(Box(-4, 2, 3, 99), 0.9, (0.7, 0.1, 0.1, 0.1), Emotion(0, "neutral", 0.7))


class BrightPipeline:
    """Finds one face in bright images, to test what is around a pipeline."""

    model_name = "some/model"
    labels = LABELS
    score_threshold = 0.0
    face = FACE

    def process(self, image: NDArray[np.uint8], score_threshold: float) -> Result:
        self.score_threshold = score_threshold
        return Result((self.face,) if image.mean() > 127 else ())


@pytest.fixture
def process() -> ImageProcessor:
    settings = Settings(
        score_threshold=0.5,
        max_rate=0.0,
        max_age=0.0,
        stall_timeout=1.5,
        gone_after=1.0,
        following=FollowingSettings(
            TrackingSettings(birth_hits=2), decision=DecisionSettings(reject_threshold=0.0)
        ),
    )
    pipeline: Any = BrightPipeline()
    return ImageProcessor(pipeline, settings, FaceFollower(), lambda: 101_000_000_005)


BRIGHT = np.full((6, 8, 3), 200, np.uint8)


def at(seconds: float) -> Header:
    nanoseconds = round(seconds * 1e9)
    return Header(stamp=Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9))


def test_an_answer_belongs_to_its_image(process: ImageProcessor) -> None:
    answer = process(BRIGHT, HEADER)
    assert answer.header == HEADER
    assert answer.image is BRIGHT
    assert answer.latency == 1.0
    assert answer.model == "some/model"
    (face,) = answer.faces
    assert face.box == Box(0, 2, 3, 6)


def test_an_image_without_a_face_gives_an_empty_answer(process: ImageProcessor) -> None:
    answer = process(BRIGHT // 4, HEADER)
    assert answer.header == HEADER
    assert answer.faces == ()


def test_a_face_keeps_its_id_until_time_jumps_back(process: ImageProcessor) -> None:
    ids = [
        process(BRIGHT, at(seconds)).faces[0].track_id for seconds in (50, 50.1, 50.2, 3, 3.1, 3.2)
    ]
    assert ids == [0, 1, 1, 0, 2, 2]


def test_an_image_that_is_not_wanted_any_more_leaves_the_tracks_alone(
    process: ImageProcessor,
) -> None:
    for seconds in (50, 50.1):
        process(BRIGHT, at(seconds))
    assert process(BRIGHT, at(3), lambda: False) is None
    assert process(BRIGHT, at(50.2)).faces[0].track_id == 1


def test_a_reset_starts_new_tracks(process: ImageProcessor) -> None:
    for seconds in (50, 50.1):
        process(BRIGHT, at(seconds))
    process.reset()
    assert [process(BRIGHT, at(seconds)).faces[0].track_id for seconds in (7, 7.1)] == [0, 2]


def test_images_without_a_stamp_are_tracked_too(process: ImageProcessor) -> None:
    assert [process(BRIGHT, at(0)).faces[0].track_id for _ in range(3)] == [0, 1, 1]


def test_probabilities_are_smoothed_and_the_raw_ones_kept(process: ImageProcessor) -> None:
    pipeline: Any = process.pipeline
    for i in range(10):
        process(BRIGHT, at(50 + i / 10))
    happy = (0.0, 0.1, 0.1, 0.8)
    pipeline.face = replace(FACE, probabilities=happy, emotion=Emotion(3, "happy", 0.8))
    first = process(BRIGHT, at(51)).faces[0]
    assert first.emotion.label == "neutral"
    assert first.raw_probabilities == pytest.approx(happy)
    assert first.emotion.confidence == pytest.approx(first.probabilities[0])
    for i in range(20):
        last = process(BRIGHT, at(51.1 + i / 10)).faces[0]
    assert last.emotion.label == "happy"


def test_an_answer_has_the_labels_of_the_classifier_with_and_without_a_face(
    process: ImageProcessor,
) -> None:
    pipeline: Any = process.pipeline
    pipeline.labels = tuple(reversed(EMOTIONS))
    sure = (0.0, 0.0, 0.0, 0.75, 0.0, 0.0, 0.0, 0.25)
    pipeline.face = replace(FACE, probabilities=sure, labels=pipeline.labels)
    with_face, without = process(BRIGHT, at(50)), process(BRIGHT // 4, at(51))
    assert with_face.labels == without.labels == pipeline.labels
    (face,) = with_face.faces
    assert face.emotion == Emotion(4, "sad", 0.75)
    assert face.probabilities == sure


def test_landmarks_are_those_of_this_image(process: ImageProcessor) -> None:
    pipeline: Any = process.pipeline
    for shift in range(3):
        points = tuple((float(i + shift), 2.0) for i in range(5))
        pipeline.face = replace(FACE, landmarks=points)
        assert process(BRIGHT, at(50 + shift / 10)).faces[0].landmarks == points
    pipeline.face = FACE
    assert process(BRIGHT, at(51)).faces[0].landmarks == ()


def test_settings_apply_from_the_next_image_on(process: ImageProcessor) -> None:
    pipeline: Any = process.pipeline
    assert process(BRIGHT, at(50)).faces[0].emotion.label == "neutral"
    assert pipeline.score_threshold == 0.5
    process.settings = replace(
        process.settings,
        score_threshold=0.25,
        following=FollowingSettings(decision=DecisionSettings(reject_threshold=0.9)),
    )
    face = process(BRIGHT, at(50.1)).faces[0]
    assert face.emotion == UNKNOWN
    assert face.probabilities[0] == pytest.approx(0.7)
    assert pipeline.score_threshold == 0.25
