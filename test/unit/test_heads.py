"""Which way a head turns, from its five landmarks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emotion_recognition.core.heads.model import EYE_DISTANCE, HEAD_POINTS
from emotion_recognition.core.heads.turn import head_roll, head_yaw
from emotion_recognition.core.types import Box, Face

Points = tuple[tuple[float, float], ...]
ANY = st.floats(width=32)


def seen(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, scale: float = 1000.0) -> Points:
    """The landmarks of the head model, turned by right-handed angles, from far away."""
    points = np.array(HEAD_POINTS) @ (about("z", roll) @ about("y", yaw) @ about("x", pitch)).T
    return tuple((float(x), float(y)) for x, y in points[:, :2] * scale + (320, 240))


def about(axis: str, angle: float) -> NDArray[np.float64]:
    """The rotation by the right-hand rule."""
    cos, sin = math.cos(angle), math.sin(angle)
    return {
        "x": np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]),
        "y": np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]),
        "z": np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]),
    }[axis]


def test_the_model_is_a_face_with_its_nose_in_front() -> None:
    eye1, eye2, nose, mouth1, mouth2 = HEAD_POINTS
    assert math.dist(eye1, eye2) == pytest.approx(EYE_DISTANCE)
    assert eye1[0] < mouth1[0] < nose[0] < mouth2[0] < eye2[0]
    assert eye1[1] < nose[1] < mouth1[1]
    assert nose[2] < min(eye1[2], mouth1[2]), "closer to the camera"


@pytest.mark.parametrize("yaw", [-1.2, -0.6, -0.2, 0.0, 0.3, 0.9])
@pytest.mark.parametrize("roll", [-0.7, 0.0, 0.4])
def test_the_yaw_of_a_head_is_told_however_it_leans(yaw: float, roll: float) -> None:
    assert head_yaw(seen(yaw, roll=roll)) == pytest.approx(yaw, abs=1e-6)


@pytest.mark.parametrize("yaw", [-0.6, 0.0, 0.6])
@pytest.mark.parametrize("roll", [-2.5, -0.7, 0.0, 0.4, 1.5])
def test_how_a_head_leans_is_told_however_it_turns(yaw: float, roll: float) -> None:
    assert head_roll(seen(yaw, roll=roll)) == pytest.approx(roll, abs=1e-6)


@pytest.mark.parametrize("landmarks", [(), [(3.0, 3.0)] * 5, [(math.inf, 0.0)] * 5])
def test_what_is_no_face_does_not_lean(landmarks: list[tuple[float, float]]) -> None:
    assert head_roll(landmarks) is None


@pytest.mark.parametrize("pitch", [-0.4, 0.4])
def test_a_nod_changes_little(pitch: float) -> None:
    for yaw in (-0.5, 0.0, 0.5):
        assert head_yaw(seen(yaw, pitch)) == pytest.approx(yaw, abs=0.06)


def test_a_nose_further_left_in_the_image_is_a_positive_yaw() -> None:
    frontal = seen()
    nose = (frontal[2][0] - 5, frontal[2][1])
    assert (head_yaw((*frontal[:2], nose, *frontal[3:])) or 0) > 0.05


def test_its_size_in_the_image_does_not_matter() -> None:
    assert head_yaw(seen(0.5, scale=1e-3)) == pytest.approx(head_yaw(seen(0.5, scale=1e6)))


def test_without_landmarks_there_is_none() -> None:
    assert head_yaw(()) is None
    assert Face(Box(0, 0, 9, 9), 0.9).yaw is None
    assert Face(Box(0, 0, 9, 9), 0.9, landmarks=seen(0.5)).yaw == pytest.approx(0.5)


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.tuples(ANY, ANY), min_size=5, max_size=5))
@example([(1.0, 1.0)] * 5)
@example([(0.0, 0.0), (5e-324, 0.0), *[(0.0, 0.0)] * 3])
@example([(-3e38, 0.0), (3e38, 0.0), *[(0.0, 0.0)] * 3])
def test_whatever_the_points_are_it_is_an_angle_or_nothing(
    points: list[tuple[float, float]],
) -> None:
    yaw = head_yaw(points)
    assert yaw is None or -math.pi / 2 <= yaw <= math.pi / 2
