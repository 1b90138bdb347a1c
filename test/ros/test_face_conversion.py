"""Faces to messages: whatever a model answers, boxes and numbers stay within their bounds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")

from builtin_interfaces.msg import Duration, Time
from rclpy.serialization import serialize_message
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from emotion_recognition.core.types import EMOTIONS, LABELS, Box, Emotion, Face
from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.faces import (
    answer_message,
    faces_from_message,
    presentable_faces,
    touched_pixels,
)
from emotion_recognition.ros.messages.stamps import age, duration_message, stamp_of

HAPPY = Face(
    Box(10.2, 20.7, 30.0, 40.1), 0.9, (0.1, 0.2, 0.1, 0.6), Emotion(3, "happy", 0.6), track_id=7
)
ANY_FLOAT = st.floats() | st.floats(-100, 100)


LANDMARKS = ((14.5, 26.25), (24.0, 26.0), (19.0, 30.0), (15.0, 35.0), (23.0, 35.0))


def test_a_duration_without_end_is_the_longest_that_there_is() -> None:
    assert duration_message(math.inf) == duration_message(1e30)
    assert duration_message(math.inf).sec == 2**31 - 1


def message_of(*faces: Face, labels: tuple[str, ...] = LABELS) -> FaceEmotionArray:
    """The answer with these faces to an image of 320x240."""
    image = np.zeros((240, 320, 3), np.uint8)
    presentable = presentable_faces(faces, 320, 240, labels)
    return answer_message(Answer(Header(), image, presentable, labels=labels))


def latency(stamp: Time, now: int) -> Duration:
    return duration_message(age(stamp_of(Header(stamp=stamp)), now))


def test_every_field_of_a_face_arrives() -> None:
    (message,) = message_of(HAPPY).faces
    assert message.emotion == FaceEmotion.HAPPY
    assert message.label == "happy"
    assert message.confidence == pytest.approx(0.6)
    assert list(message.probabilities) == pytest.approx([0.1, 0.2, 0.1, 0.6])
    assert message.detection_score == pytest.approx(0.9)
    assert message.track_id == 7
    assert message.roi == RegionOfInterest(x_offset=10, y_offset=20, width=20, height=21)


def test_probabilities_are_in_the_order_of_the_labels_of_the_message() -> None:
    labels = ("happy", "contemptuous", *(name for name in EMOTIONS[:-1] if name != "happy"))
    probabilities = (0.25, 0.5, 0.0625, 0.0625, 0.0625, 0.0625, 0.0, 0.0)
    emotion = Emotion.from_probabilities(probabilities, labels)
    face = replace(HAPPY, probabilities=probabilities, emotion=emotion, labels=labels)
    message = message_of(face, labels=labels)
    assert list(message.labels) == list(labels)
    (told,) = message.faces
    assert (told.emotion, told.label) == (FaceEmotion.CONTEMPTUOUS, "contemptuous")
    assert list(told.probabilities) == list(told.raw_probabilities) == list(probabilities)
    (back,) = faces_from_message(message)
    assert (back.labels, back.probabilities, back.emotion) == (labels, probabilities, emotion)
    assert list(message_of(labels=labels).labels) == list(labels), "without a face too"


def test_a_face_of_another_classifier_is_unknown() -> None:
    (message,) = message_of(HAPPY, labels=EMOTIONS).faces
    assert message.emotion == FaceEmotion.UNKNOWN
    assert list(message.probabilities) == list(message.raw_probabilities) == [0.125] * 8


def test_landmarks_arrive_in_their_order_and_come_back() -> None:
    message = message_of(replace(HAPPY, landmarks=LANDMARKS), HAPPY)
    with_landmarks, without = message.faces
    assert [(point.x, point.y, point.z) for point in with_landmarks.landmarks] == [
        (x, y, 0.0) for x, y in LANDMARKS
    ]
    assert list(without.landmarks) == []
    assert [face.landmarks for face in faces_from_message(message)] == [LANDMARKS, ()]


def test_a_face_says_whether_it_turns_to_the_camera() -> None:
    turned = replace(HAPPY, landmarks=(*LANDMARKS[:2], (16.0, 30.0), *LANDMARKS[3:]))
    faces = [replace(turned, facing=facing) for facing in (True, False, None)]
    message = message_of(*faces, HAPPY)
    assert [face.facing for face in message.faces] == [
        FaceEmotion.FACING_CAMERA,
        FaceEmotion.FACING_AWAY,
        FaceEmotion.FACING_UNKNOWN,
        FaceEmotion.FACING_UNKNOWN,
    ]
    assert message.faces[0].yaw == pytest.approx(turned.yaw)
    assert message.faces[0].yaw > 0.3
    assert math.isnan(message.faces[-1].yaw)
    assert [face.facing for face in faces_from_message(message)] == [True, False, None, None]
    assert FaceEmotion().facing == FaceEmotion.FACING_UNKNOWN, "where nobody has said"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39])
def test_landmarks_that_are_no_numbers_are_left_out(value: float) -> None:
    face = replace(HAPPY, landmarks=(*LANDMARKS[:4], (value, 3.0)), facing=True)
    (message,) = message_of(face).faces
    assert list(message.landmarks) == []
    assert math.isnan(message.yaw)
    assert message.facing == FaceEmotion.FACING_UNKNOWN
    assert message.emotion == FaceEmotion.HAPPY
    serialize_message(message)


@pytest.mark.parametrize("count", [1, 4, 6])
def test_landmarks_of_another_number_are_left_out(count: int) -> None:
    (message,) = message_of(replace(HAPPY, landmarks=(*LANDMARKS, (1.0, 1.0))[:count])).faces
    assert list(message.landmarks) == []


def test_raw_probabilities_are_those_of_the_classifier_or_else_the_same() -> None:
    smoothed = replace(HAPPY, raw_probabilities=(0.0, 0.0, 0.75, 0.25))
    first, second = message_of(smoothed, HAPPY).faces
    assert list(first.raw_probabilities) == [0.0, 0.0, 0.75, 0.25]
    assert list(first.probabilities) == pytest.approx([0.1, 0.2, 0.1, 0.6])
    assert list(second.raw_probabilities) == list(second.probabilities)


def test_a_face_comes_back_from_its_message() -> None:
    whole = replace(HAPPY, box=Box(10, 20, 30, 41), raw_probabilities=(0.25, 0.0, 0.0, 0.75))
    for face in faces_from_message(message_of(whole, whole)):
        assert face.box == whole.box
        assert (face.emotion.id, face.emotion.label, face.track_id) == (3, "happy", 7)
        assert face.emotion.confidence == pytest.approx(0.6)
        assert face.score == pytest.approx(0.9)
        assert face.probabilities == pytest.approx(whole.probabilities)
        assert face.raw_probabilities == pytest.approx(whole.raw_probabilities)


def test_the_constants_are_the_indices_of_the_labels() -> None:
    ids = (FaceEmotion.NEUTRAL, FaceEmotion.ANGRY, FaceEmotion.SURPRISED, FaceEmotion.HAPPY)
    for index, constant in enumerate(ids):
        emotion = Emotion.from_probabilities(tuple(float(i == index) for i in range(4)))
        assert emotion.id == constant
    for index, label in enumerate(EMOTIONS):
        emotion = Emotion.from_probabilities(tuple(float(i == index) for i in range(8)), EMOTIONS)
        assert (emotion.id, emotion.label) == (getattr(FaceEmotion, label.upper()), label)
    assert ids == (0, 1, 2, 3), "as they always were"


def test_an_unclassified_face_is_unknown() -> None:
    (message,) = message_of(Face(Box(0, 0, 9, 9), 0.8)).faces
    assert (message.emotion, message.label, message.confidence) == (255, "unknown", 0.0)
    assert list(message.probabilities) == [0.25] * 4


def test_probabilities_that_are_no_numbers_make_the_emotion_unknown() -> None:
    face = Face(HAPPY.box, 0.8, (math.nan, 0.2, 0.1, 0.6), HAPPY.emotion)
    (message,) = message_of(face).faces
    assert message.emotion == FaceEmotion.UNKNOWN
    assert list(message.probabilities) == [0.25] * 4


@pytest.mark.parametrize(
    "box",
    [
        Box(-20, 5, -1, 9),
        Box(320, 5, 340, 9),
        Box(5, 240, 9, 300),
        Box(5, 5, 5, 9),
        Box(9, 9, 5, 5),
        Box(math.nan, 5, 9, 9),
        Box(0, 0, math.inf, 9),
    ],
)
def test_a_face_without_a_pixel_in_the_image_is_dropped(box: Box) -> None:
    # As a text, because a yaw that is not a number equals nothing, and bytes have gaps between
    # fields with whatever was there before.
    both = message_of(Face(box, 0.9), HAPPY)
    assert str(both) == str(message_of(HAPPY))


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_FLOAT, ANY_FLOAT, ANY_FLOAT, ANY_FLOAT, st.integers(1, 99), st.integers(1, 99))
@example(-0.5, -0.5, 0.001, 0.001, 1, 1)
@example(98.999, 98.999, 1e30, 1e30, 99, 99)
def test_a_box_lies_within_the_image_and_has_a_pixel(
    x1: float, y1: float, x2: float, y2: float, width: int, height: int
) -> None:
    box = touched_pixels(Box(x1, y1, x2, y2), width, height)
    if box is not None:
        assert box.width >= 1
        assert box.height >= 1
        assert 0 <= box.x1 < box.x2 <= width
        assert 0 <= box.y1 < box.y2 <= height
        assert all(value.is_integer() for value in (box.x1, box.y1, box.x2, box.y2))


@settings(deadline=None)  # a busy machine is no failure
@given(ANY_FLOAT, st.tuples(*[ANY_FLOAT] * 4), ANY_FLOAT)
def test_every_number_is_finite_and_within_its_range(
    score: float, probabilities: tuple[float, ...], confidence: float
) -> None:
    face = Face(HAPPY.box, score, probabilities, Emotion(3, "happy", confidence))
    (message,) = message_of(face).faces
    numbers = [message.confidence, message.detection_score, *map(float, message.probabilities)]
    assert all(0.0 <= number <= 1.0 for number in numbers)
    serialize_message(message)


def test_latency_is_the_time_since_the_stamp() -> None:
    now = 5_200_000_001
    assert latency(Time(sec=3, nanosec=900_000_000), now) == Duration(sec=1, nanosec=300_000_001)


@pytest.mark.parametrize("stamp", [Time(), Time(sec=6), Time(sec=5, nanosec=1)])
def test_latency_is_zero_without_a_stamp_and_for_a_stamp_in_the_future(stamp: Time) -> None:
    assert latency(stamp, 5_000_000_000) == Duration()


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**63 - 1))
def test_latency_fits_its_message_for_every_stamp(sec: int, nanosec: int, now: int) -> None:
    duration = latency(Time(sec=sec, nanosec=nanosec), now)
    assert duration.sec >= 0
    assert duration.nanosec < 1_000_000_000
