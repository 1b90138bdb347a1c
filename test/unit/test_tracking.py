"""Track ids: one a face, steady through motion and gaps, never given twice."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable

import pytest

from emotion_recognition.core.following.tracking import FaceTracker, TrackingSettings, closeness
from emotion_recognition.core.types import Box, Emotion, Face

AT_ONCE = TrackingSettings(birth_hits=1)


def square(x: float, y: float = 100.0, side: float = 50.0) -> Face:
    return Face(Box(x, y, x + side, y + side), 0.9)


def ids(tracker: FaceTracker, *faces: Face) -> list[int]:
    return [face.track_id for face in tracker.update(faces)]


def ids_along(tracker: FaceTracker, xs: Iterable[float], side: float = 50.0) -> list[int]:
    """The ids of one face that is at these places in turn."""
    return [number for x in xs for number in ids(tracker, square(x, side=side))]


def test_a_face_has_id_zero_until_it_was_seen_often_enough_in_a_row() -> None:
    tracker = FaceTracker(TrackingSettings(birth_hits=3))
    assert ids_along(tracker, [10, 11, 12, 13]) == [0, 0, 1, 1]


def test_a_false_alarm_gets_no_id_and_uses_none_up() -> None:
    tracker = FaceTracker(TrackingSettings(birth_hits=3))
    for _ in range(5):
        assert ids(tracker, square(300)) == [0]
        assert ids(tracker, square(300)) == [0]
        assert ids(tracker) == []
    assert ids_along(tracker, [10, 10, 10])[-1] == 1


def test_everything_else_of_a_face_is_passed_on_in_the_same_order() -> None:
    faces = [
        Face(Box(0, 0, 9, 9), 0.4, (0.1, 0.2, 0.3, 0.4), Emotion(3, "happy", 0.4)),
        Face(Box(50, 0, 59, 9), 0.8),
    ]
    tracker = FaceTracker(AT_ONCE)
    tracker.update(faces)
    first, second = tracker.update(faces[::-1])
    assert (first.track_id, second.track_id) == (2, 1)
    assert (second.box, second.score, second.probabilities, second.emotion) == (
        faces[0].box,
        faces[0].score,
        faces[0].probabilities,
        faces[0].emotion,
    )


def test_an_id_outlasts_the_allowed_misses_and_not_one_more() -> None:
    for misses, expected in ((4, 1), (5, 2)):
        tracker = FaceTracker(TrackingSettings(birth_hits=1, death_misses=4))
        ids(tracker, square(10))
        for _ in range(misses):
            assert ids(tracker) == []
        assert ids(tracker, square(10)) == [expected]


def test_misses_count_anew_after_each_sight() -> None:
    tracker = FaceTracker(TrackingSettings(birth_hits=1, death_misses=2))
    for _ in range(10):
        assert ids(tracker, square(10)) == [1]
        assert ids(tracker) == ids(tracker) == []


def test_a_reset_forgets_the_faces_but_not_which_ids_were_given() -> None:
    tracker = FaceTracker(AT_ONCE)
    assert ids(tracker, square(10), square(200)) == [1, 2]
    tracker.reset()
    assert ids(tracker, square(10), square(200)) == [3, 4]


@pytest.mark.parametrize("step", [10, 40, 55, 70])
def test_a_moving_face_keeps_its_id_even_if_it_leaps_by_more_than_its_size(step: float) -> None:
    assert set(ids_along(FaceTracker(AT_ONCE), range(0, 20 * int(step), int(step)))) == {1}


def test_without_leaps_a_face_has_to_cover_where_it_was_expected() -> None:
    tracker = FaceTracker(TrackingSettings(birth_hits=1, max_leap=0.0))
    assert ids(tracker, square(100)) == [1]
    assert ids(tracker, square(110)) == [1]
    assert ids(tracker, square(170)) == [2]


#: Just within 1.5 times the size of `square` from where it is expected, and beyond it.
NEAR = [(75, 0), (-75, 0), (0, 75), (0, -75)]
FAR = [(75.1, 0), (-75.1, 0), (0, 75.1), (0, -75.1)]


@pytest.mark.parametrize(
    ("offset", "expected"), [*((place, 1) for place in NEAR), *((place, 2) for place in FAR)]
)
def test_a_new_face_is_expected_where_it_is(offset: tuple[float, float], expected: int) -> None:
    tracker = FaceTracker(AT_ONCE)
    ids(tracker, square(200, 200))
    assert ids(tracker, square(200 + offset[0], 200 + offset[1])) == [expected]


@pytest.mark.parametrize(("misses", "way"), [(0, 1.0), (1, 1 + 0.7), (2, 1 + 0.7 + 0.49)])
@pytest.mark.parametrize(
    ("offset", "expected"),
    [*(((0.99 * x, 0.99 * y), 1) for x, y in NEAR), *(((1.01 * x, 1.01 * y), 2) for x, y in NEAR)],
)
def test_a_face_is_expected_where_its_motion_leads_and_fades(
    misses: int, way: float, offset: tuple[float, float], expected: int
) -> None:
    tracker = FaceTracker(AT_ONCE)
    dx, dy = 40, -20  # an image
    for image in range(30):
        assert ids(tracker, square(dx * image, 1000 + dy * image)) == [1]
    for _ in range(misses):
        assert ids(tracker) == []
    place = (29 + way) * dx + offset[0], 1000 + (29 + way) * dy + offset[1]
    assert ids(tracker, square(*place)) == [expected]


def test_a_face_far_from_where_it_should_be_is_another() -> None:
    assert ids_along(FaceTracker(AT_ONCE), [0, 0, 200]) == [1, 1, 2]


def test_a_moving_face_is_found_again_where_it_goes_on() -> None:
    tracker = FaceTracker(AT_ONCE)
    ids_along(tracker, range(0, 400, 40))
    ids(tracker)
    assert ids(tracker, square(440)) == [1]


def test_two_faces_that_pass_each_other_keep_their_ids() -> None:
    tracker = FaceTracker(AT_ONCE)
    assert ids(tracker, square(0), square(600, 110)) == [1, 2]
    for x in range(30, 601, 30):
        assert ids(tracker, square(600 - x, 110), square(x)) == [2, 1]


def test_the_closest_match_wins_whatever_the_order_of_the_faces() -> None:
    for flip in (1, -1):
        tracker = FaceTracker(AT_ONCE)
        assert ids(tracker, square(100), square(130)) == [1, 2]
        moved = [square(112), square(142)]
        assert ids(tracker, *moved[::flip]) == [1, 2][::flip]


def test_neighbours_with_jittery_boxes_and_gaps_keep_their_ids() -> None:
    noise = random.Random(7)
    tracker = FaceTracker()
    seen: dict[float, set[int]] = {100: set(), 190: set(), 280: set()}
    for _ in range(300):
        shown = [x for x in seen if noise.random() > 0.15]
        faces = [square(x + noise.gauss(0, 3), 100 + noise.gauss(0, 3), 80) for x in shown]
        for x, number in zip(shown, ids(tracker, *faces), strict=True):
            seen[x] |= {number} - {0}
    assert sorted(map(len, seen.values())) == [1, 1, 1]
    assert len(set.union(*seen.values())) == 3


def test_no_id_is_given_twice_in_a_long_run() -> None:
    tracker = FaceTracker(TrackingSettings(birth_hits=1, death_misses=0))
    given = []
    for _ in range(500):
        given += ids(tracker, square(10), square(300))
        tracker.update(())
    assert given == list(range(1, 1001))
    assert len(tracker._tracks) <= 2, "the dead are forgotten"


def test_settings_can_change_while_running() -> None:
    tracker = FaceTracker(TrackingSettings(birth_hits=10))
    assert ids_along(tracker, [10, 10]) == [0, 0]
    tracker.settings = TrackingSettings(birth_hits=3)
    assert ids(tracker, square(10)) == [1]


def test_boxes_without_area_are_nobody() -> None:
    tracker = FaceTracker()
    point = Face(Box(5, 5, 5, 5), 0.9)
    for _ in range(5):
        assert ids(tracker, point, point) == [0, 0]


@pytest.mark.parametrize(
    "box",
    [
        Box(50, 0, 0, 50),
        Box(0, 50, 50, 0),
        Box(50, 50, 0, 0),
        Box(math.nan, 0, 50, 50),
        Box(0, 0, math.inf, 50),
        Box(-1e308, -1e308, 1e308, 1e308),
    ],
    ids=["inverted in x", "inverted in y", "inverted", "not a number", "infinite", "huge"],
)
def test_boxes_that_are_none_are_nobody_and_disturb_no_face(box: Box) -> None:
    tracker = FaceTracker(TrackingSettings(birth_hits=2))
    nonsense = Face(box, 0.9)
    seen = [ids(tracker, nonsense, square(10), nonsense) for _ in range(5)]
    assert seen == [[0, 0, 0]] + [[0, 1, 0]] * 4


def test_a_box_of_quite_another_size_nearby_is_not_the_face() -> None:
    tracker = FaceTracker(AT_ONCE)
    assert ids(tracker, square(290, 85, 53)) == [1]
    assert ids(tracker, square(266, 200, 125)) == [2], "a false alarm while the face is hidden"
    assert ids(tracker, square(290, 85, 53)) == [1]


def test_closeness_falls_on_beyond_touching() -> None:
    values = [closeness(square(0).box, square(x).box) for x in (0, 25, 50, 75, 500)]
    assert values == pytest.approx([1, 1 / 3 - 0.5, -1, -1.5, -10])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"birth_hits": 0}, "birth_hits must be at least 1, got 0"),
        ({"death_misses": -1}, "death_misses must not be negative, got -1"),
        ({"max_leap": -0.1}, "max_leap must be a number >= 0, got -0.1"),
        ({"max_leap": float("nan")}, "max_leap must be a number >= 0, got nan"),
        ({"max_leap": float("inf")}, "max_leap must be a number >= 0, got inf"),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrackingSettings(**wrong)  # type: ignore[arg-type]
