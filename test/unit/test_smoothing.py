"""Smoothed probabilities: by time and not by frames."""

from __future__ import annotations

import math

import pytest

from emotion_recognition.core.following.smoothing import EmotionSmoother, SmoothingSettings
from emotion_recognition.core.types import UNKNOWN, Box, Emotion, Face

Probabilities = tuple[float, ...]
NEUTRAL, ANGRY, SURPRISED, HAPPY = range(4)


def sure(index: int, value: float = 0.91) -> Probabilities:
    return tuple(value if i == index else (1 - value) / 3 for i in range(4))


def seen(probabilities: Probabilities, track_id: int = 1) -> Face:
    emotion = Emotion.from_probabilities(probabilities) if probabilities else UNKNOWN
    return Face(Box(0, 0, 9, 9), 0.9, probabilities, emotion, track_id)


def smooth(smoother: EmotionSmoother, time: float, probabilities: Probabilities) -> Face:
    return smoother.update([seen(probabilities)], time)[0]


def test_the_first_answer_of_a_track_is_the_classifiers_own() -> None:
    face = smooth(EmotionSmoother(), 5.0, sure(HAPPY))
    assert face.probabilities == face.raw_probabilities == sure(HAPPY)
    assert face.emotion == Emotion(HAPPY, "happy", 0.91)


@pytest.mark.parametrize("rate", [3, 5, 10, 30])
def test_a_step_comes_through_by_the_time_constant_at_any_rate(rate: int) -> None:
    smoother = EmotionSmoother(SmoothingSettings(time_constant=0.8))
    for i in range(-10 * rate, 1):
        smooth(smoother, i / rate, sure(NEUTRAL, 1.0))
    for i in range(1, rate + 1):
        face = smooth(smoother, i / rate, sure(HAPPY, 1.0))
    assert face.probabilities[HAPPY] == pytest.approx(1 - math.exp(-1 / 0.8), abs=1e-3)
    assert face.raw_probabilities == sure(HAPPY, 1.0)


def test_a_track_starts_with_the_mean_and_not_with_whatever_came_first() -> None:
    smoother = EmotionSmoother(SmoothingSettings(time_constant=100.0))
    for i, value in enumerate([sure(NEUTRAL, 1.0), sure(HAPPY, 1.0), sure(HAPPY, 1.0)]):
        face = smooth(smoother, i * 0.01, value)
    assert face.probabilities[HAPPY] == pytest.approx(2 / 3, abs=1e-3)


def test_smoothed_probabilities_stay_probabilities() -> None:
    smoother = EmotionSmoother()
    for i in range(40):
        face = smooth(smoother, i * 0.07, sure(i % 4, 0.25 + 0.75 * (i % 7) / 6))
        assert sum(face.probabilities) == pytest.approx(1)
        assert all(0 <= value <= 1 for value in face.probabilities)


def test_certainty_is_the_mean_of_how_sure_the_classifier_was_whatever_of() -> None:
    smoother = EmotionSmoother(SmoothingSettings(time_constant=100.0))
    for i, value in enumerate([sure(NEUTRAL, 0.97), sure(HAPPY, 0.97), sure(ANGRY, 0.4)]):
        face = smooth(smoother, i * 0.01, value)
        if i == 1:
            assert face.certainty == pytest.approx(0.97)
            assert max(face.probabilities) == pytest.approx(0.49, abs=1e-3)
    assert face.certainty == pytest.approx((0.97 + 0.97 + 0.4) / 3, abs=1e-3)
    assert len(face.probabilities) == 4


def test_tracks_are_smoothed_apart_whatever_the_order_of_the_faces() -> None:
    smoother = EmotionSmoother()
    faces = [seen(sure(HAPPY), 1), seen(sure(ANGRY), 2)]
    for i in range(10):
        for face in smoother.update(faces[:: 1 if i % 2 else -1], i * 0.1):
            expected = HAPPY if face.track_id == 1 else ANGRY
            assert face.probabilities == pytest.approx(sure(expected))


def test_a_face_that_no_classifier_has_seen_is_passed_on() -> None:
    assert EmotionSmoother().update([seen(())], 0.0) == (seen(()),)


def test_a_face_that_was_hidden_for_long_is_seen_afresh() -> None:
    smoother = EmotionSmoother()
    smooth(smoother, 0.0, sure(HAPPY))
    smoother.update([], 3.0)
    assert smooth(smoother, 6.0, sure(ANGRY)).probabilities == pytest.approx(sure(ANGRY), abs=1e-4)


def test_answers_at_the_same_time_count_alike() -> None:
    smoother = EmotionSmoother()
    smooth(smoother, 1.0, sure(HAPPY, 1.0))
    face = smooth(smoother, 1.0, sure(ANGRY, 1.0))
    assert face.probabilities == (0, 0.5, 0, 0.5)


@pytest.mark.parametrize("reset", [True, False])
def test_after_a_reset_or_a_jump_back_in_time_tracks_start_anew(reset: bool) -> None:
    smoother = EmotionSmoother()
    smooth(smoother, 100.0, sure(HAPPY))
    if reset:
        smoother.reset()
    face = smooth(smoother, 100.1 if reset else 1.0, sure(ANGRY))
    assert face.probabilities == sure(ANGRY)
    assert face.emotion.label == "angry"


def test_settings_can_change_while_running_without_forgetting() -> None:
    smoother = EmotionSmoother()
    smooth(smoother, 0.0, sure(HAPPY, 1.0))
    smoother.settings = SmoothingSettings(time_constant=2.0)
    face = smooth(smoother, 2.0, sure(NEUTRAL, 1.0))
    assert face.probabilities[HAPPY] == pytest.approx(math.exp(-1) / (1 + math.exp(-1)))


def test_tracks_that_ended_are_forgotten() -> None:
    smoother = EmotionSmoother()
    for track_id in range(1, 1001):
        smoother.update([seen(sure(HAPPY), track_id)], track_id * 1.0)
    assert len(smoother._means) <= 11


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_a_time_constant_that_is_no_time_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=f"time_constant must be .* got {value}"):
        SmoothingSettings(time_constant=value)


def test_without_a_time_constant_each_answer_is_the_classifiers_own() -> None:
    smoother = EmotionSmoother(SmoothingSettings(time_constant=0.0))
    smooth(smoother, 0.0, sure(0))
    assert smooth(smoother, 0.1, sure(3)).probabilities == pytest.approx(sure(3))


def test_a_face_that_the_classifier_left_out_once_is_passed_on() -> None:
    smoother = EmotionSmoother()
    smooth(smoother, 0.0, sure(3))
    (face,) = smoother.update([Face(Box(0, 0, 9, 9), 0.9, track_id=1)], 0.1)
    assert (face.probabilities, face.emotion) == ((), UNKNOWN)
