"""Faces followed over time: steady ids and labels, and a new beginning where time goes back."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from test_heads import seen as landmarks_of

from emotion_recognition.core.following.decision import DecisionSettings
from emotion_recognition.core.following.facing import FacingSettings
from emotion_recognition.core.following.follower import FaceFollower, FollowingSettings
from emotion_recognition.core.following.tracking import TrackingSettings
from emotion_recognition.core.types import LABELS, UNKNOWN, Box, Emotion, Face

Probabilities = tuple[float, ...]
NEUTRAL, HAPPY = 0, 3
SETTINGS = FollowingSettings(TrackingSettings(birth_hits=1))


def sure(index: int, value: float = 0.91) -> Probabilities:
    return tuple(value if i == index else (1 - value) / 3 for i in range(4))


def seen(probabilities: Probabilities) -> Face:
    return Face(Box(0, 0, 9, 9), 0.9, probabilities, Emotion.from_probabilities(probabilities))


def labels(values: list[Probabilities], settings: FollowingSettings = SETTINGS) -> list[str]:
    follower = FaceFollower()
    return [
        follower.update([seen(value)], 0.1 * i, settings)[0].emotion.label
        for i, value in enumerate(values)
    ]


def changes(values: list[str]) -> int:
    return sum(a != b for a, b in itertools.pairwise(values))


def test_a_flickering_classifier_gives_one_steady_label() -> None:
    flicker = [sure(HAPPY, 0.8), sure(HAPPY, 0.8), sure(NEUTRAL, 0.8)] * 30
    raw = [LABELS[value.index(max(value))] for value in flicker]
    assert changes(raw) == 59
    assert set(labels(flicker)) == {"happy"}


def test_a_lasting_change_is_published_once_and_soon() -> None:
    published = labels([sure(NEUTRAL)] * 10 + [sure(HAPPY)] * 20)
    assert changes(published) == 1, "straight from one to the other, not by way of unknown"
    assert published.index("happy") * 0.1 - 1.0 <= 0.5


def test_what_is_published_is_decided_on_after_smoothing() -> None:
    strict = FollowingSettings(
        SETTINGS.tracking, decision=DecisionSettings(0.85, reject_margin=0.1)
    )
    assert labels([sure(HAPPY)] * 5 + [sure(HAPPY, 0.5)], strict)[-1] == "happy"
    assert labels([sure(HAPPY, 0.5)] * 5 + [sure(HAPPY)], strict)[-1] == "unknown"


@pytest.mark.parametrize("reset", [True, False])
def test_after_a_reset_or_a_jump_back_in_time_all_faces_are_new(reset: bool) -> None:
    follower = FaceFollower()
    (before,) = follower.update([seen(sure(HAPPY))], 100.0, SETTINGS)
    if reset:
        follower.reset()
    (after,) = follower.update([seen(sure(NEUTRAL))], 101.0 if reset else 1.0, SETTINGS)
    assert (before.track_id, after.track_id) == (1, 2)
    assert after.emotion.label == "neutral"
    assert after.probabilities == sure(NEUTRAL)


@pytest.mark.parametrize(("silence", "track_id"), [(9.9, 1), (10.1, 2), (3600.0, 2)])
def test_after_a_long_time_without_images_nobody_is_taken_for_somebody_else(
    silence: float, track_id: int
) -> None:
    follower = FaceFollower()
    follower.update([seen(sure(HAPPY))], 100.0, SETTINGS)
    (face,) = follower.update([seen(sure(NEUTRAL))], 100.0 + silence, SETTINGS)
    assert face.track_id == track_id


def test_times_before_zero_are_times_like_others() -> None:
    follower = FaceFollower()
    ids = [follower.update([seen(sure(HAPPY))], time, SETTINGS)[0].track_id for time in (-9, -8)]
    assert ids == [1, 1]


def test_settings_apply_from_the_next_image_on() -> None:
    follower = FaceFollower()
    follower.update([seen(sure(HAPPY))], 0.0, SETTINGS)
    strict = FollowingSettings(
        SETTINGS.tracking, decision=DecisionSettings(reject_threshold=1.0, reject_margin=0.0)
    )
    (face,) = follower.update([seen(sure(HAPPY))], 0.1, strict)
    assert face.emotion == UNKNOWN
    assert face.track_id == 1


def test_two_images_of_the_same_time_show_the_same_faces() -> None:
    follower = FaceFollower()
    ids = [follower.update([seen(sure(HAPPY))], 5.0, SETTINGS)[0].track_id for _ in range(2)]
    assert ids == [1, 1]


def test_whether_a_face_looks_here_is_decided_by_its_settings_and_its_past() -> None:
    settings = FollowingSettings(SETTINGS.tracking, facing=FacingSettings(0.3, 0.2))
    follower = FaceFollower()
    told = []
    for time, yaw in ((0.0, 0.4), (0.1, 0.2), (0.2, 0.4), (99.0, 0.2), (99.1, 0.4)):
        face = replace(seen(sure(HAPPY)), landmarks=landmarks_of(yaw))
        told.append(follower.update([face], time, settings)[0].facing)
    assert told == [False, True, True, True, True]
