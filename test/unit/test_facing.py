"""Whether a face turns to the camera, for as long as its track lasts."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from test_heads import seen

from emotion_recognition.core.following.facing import FacingDecider, FacingSettings
from emotion_recognition.core.types import Box, Face


def face(yaw: float | None, track_id: int = 1) -> Face:
    landmarks = () if yaw is None else seen(yaw)
    return Face(Box(0, 0, 9, 9), 0.9, landmarks=landmarks, track_id=track_id)


def facing(yaws: list[float | None], track_id: int = 1) -> list[bool | None]:
    decider = FacingDecider(FacingSettings(max_yaw=0.3, margin=0.2))
    return [decider.update([face(yaw, track_id)], 0.1 * i)[0].facing for i, yaw in enumerate(yaws)]


def test_a_face_that_looks_here_may_turn_further_before_it_looks_away() -> None:
    assert facing([0.4, 0.29, 0.4, -0.49, 0.51, 0.4, -0.29]) == [
        False, True, True, True, False, False, True
    ]  # fmt: skip


def test_a_face_without_a_track_has_no_past() -> None:
    assert facing([0.29, 0.4, 0.29], track_id=0) == [True, False, True]


def test_without_landmarks_it_is_unknown_and_what_was_known_stays() -> None:
    assert facing([0.1, None, 0.4]) == [True, None, True]


def test_each_face_has_its_own_past() -> None:
    decider = FacingDecider()
    decider.update([face(0.1, 1), face(1.0, 2)], 0.0)
    told = decider.update([face(0.45, 2), face(0.45, 1)], 0.1)
    assert [one.facing for one in told] == [False, True]


@pytest.mark.parametrize("reset", [True, False])
def test_after_a_reset_or_a_jump_back_in_time_nothing_is_remembered(reset: bool) -> None:
    decider = FacingDecider()
    decider.update([face(0.1)], 100.0)
    if reset:
        decider.reset()
    assert decider.update([face(0.45)], 100.1 if reset else 1.0)[0].facing is False


@pytest.mark.parametrize("values", [{"max_yaw": 1.6}, {"max_yaw": -0.1}, {"margin": -0.1},
                                    {"margin": math.nan}, {"max_yaw": math.nan},
                                    {"margin": math.inf}])  # fmt: skip
def test_settings_out_of_range_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        FacingSettings(**values)


@pytest.mark.parametrize(
    "values", [{"max_yaw": 0.0}, {"max_yaw": math.pi / 2}, {"margin": 0.0}, {"margin": 9.0}]
)
def test_the_ends_of_the_ranges_are_settings(values: dict[str, float]) -> None:
    FacingSettings(**values)


def test_up_to_the_angle_itself_a_face_looks_here() -> None:
    turned = face(0.3)
    assert turned.yaw is not None
    decider = FacingDecider(FacingSettings(max_yaw=turned.yaw, margin=0))
    assert decider.update([turned], 0.0)[0].facing is True


def test_what_a_face_brought_along_is_forgotten_where_it_has_no_landmarks() -> None:
    (told,) = FacingDecider().update([replace(face(None), facing=True)], 0.0)
    assert told.facing is None
