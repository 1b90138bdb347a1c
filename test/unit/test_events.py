"""Beginnings and ends out of answers: each once, in balance, whatever comes."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from emotion_recognition.core.following.events import EventKind, FaceEvent, FaceEvents
from emotion_recognition.core.types import EMOTIONS, UNKNOWN, Box, Emotion, Face

SECOND = 1_000_000_000
APPEARED, BEGAN, ENDED, LEFT = EventKind
Told = tuple[EventKind, int, str]


def face(track_id: int, label: str = "unknown") -> Face:
    emotion = UNKNOWN if label == "unknown" else Emotion(EMOTIONS.index(label), label, 0.9)
    return Face(Box(0, 0, 9, 9), 0.9, emotion=emotion, track_id=track_id)


def told(events: Sequence[FaceEvent]) -> list[Told]:
    return [(event.kind, event.track_id, event.emotion.label) for event in events]


def test_a_face_appears_and_its_emotion_begins_in_one_image() -> None:
    events = FaceEvents()
    assert told(events.update([face(7, "happy")], 5 * SECOND)) == [
        (APPEARED, 7, "unknown"),
        (BEGAN, 7, "happy"),
    ]
    assert events.update([face(7, "happy")], 6 * SECOND) == []


def test_another_emotion_ends_the_first_and_says_how_long_it_was() -> None:
    events = FaceEvents()
    events.update([face(7, "happy")], 5 * SECOND)
    ended, began = events.update([face(7, "sad")], 8 * SECOND)
    assert told([ended, began]) == [(ENDED, 7, "happy"), (BEGAN, 7, "sad")]
    assert (ended.since, ended.duration, ended.time) == (5 * SECOND, 3.0, 8 * SECOND)
    assert (began.since, began.duration) == (8 * SECOND, 0.0)


def test_unknown_is_no_emotion() -> None:
    events = FaceEvents()
    assert told(events.update([face(7)], 0)) == [(APPEARED, 7, "unknown")]
    events.update([face(7, "sad")], 1)
    assert told(events.update([face(7)], 2)) == [(ENDED, 7, "sad")]
    assert events.update([face(7)], 3) == []


def test_a_face_without_a_track_is_no_event() -> None:
    assert FaceEvents().update([face(0, "happy")], 0) == []


def test_a_face_has_left_when_images_lack_it_for_a_while() -> None:
    events = FaceEvents(gone_after=0.5)
    events.update([face(7, "happy")], SECOND)
    events.update([face(7, "happy")], 2 * SECOND)
    assert events.update([], 2 * SECOND + SECOND // 2) == []
    ended, left = events.update([], 2 * SECOND + SECOND // 2 + 1)
    assert told([ended, left]) == [(ENDED, 7, "happy"), (LEFT, 7, "unknown")]
    assert ended.duration == left.duration == 1.0, "until it was seen last"
    assert events.update([], 9 * SECOND) == []


def test_who_was_away_for_less_has_not_left() -> None:
    events = FaceEvents(gone_after=0.5)
    events.update([face(7, "happy")], 0)
    events.update([], SECOND // 4)
    assert events.update([face(7, "happy")], SECOND // 2) == []


def test_images_that_come_seldom_make_nobody_leave() -> None:
    events = FaceEvents(gone_after=0.5)
    events.update([face(7, "happy")], 0)
    assert events.update([face(7, "happy")], 3 * SECOND) == []


def test_where_time_goes_back_all_ends_and_begins_anew() -> None:
    events = FaceEvents()
    events.update([face(7, "happy")], 5 * SECOND)
    changes = events.update([face(7, "happy")], 2 * SECOND)
    assert [kind for kind, *_ in told(changes)] == [ENDED, LEFT, APPEARED, BEGAN]
    assert [event.since for event in changes] == [5 * SECOND] * 2 + [2 * SECOND] * 2
    assert all(event.duration == 0 for event in changes)


def test_a_leap_of_time_makes_no_long_smile() -> None:
    events = FaceEvents()
    events.update([face(7, "happy")], 5 * SECOND)
    changes = events.update([face(7, "happy")], 3600 * SECOND)
    assert [kind for kind, *_ in told(changes)] == [ENDED, LEFT, APPEARED, BEGAN]
    assert max(event.duration for event in changes) == 0


def test_images_of_one_stamp_and_those_10_s_apart_are_of_one_stream() -> None:
    events = FaceEvents(gone_after=100.0)
    events.update([face(7, "happy")], 5 * SECOND)
    assert events.update([face(7, "happy")], 5 * SECOND) == []
    assert events.update([face(7, "happy")], 15 * SECOND) == []
    assert told(events.update([face(7, "happy")], 25 * SECOND + 1))[1] == (LEFT, 7, "unknown")


def test_a_face_has_left_after_a_second_unless_told_otherwise() -> None:
    events = FaceEvents()
    events.update([face(7)], 0)
    assert events.update([], SECOND) == []
    assert told(events.update([], SECOND + 1)) == [(LEFT, 7, "unknown")]


def test_every_event_has_the_time_of_the_image_that_brought_it() -> None:
    events = FaceEvents(gone_after=0.5)
    for faces, time in (
        ([face(7, "happy")], 5 * SECOND),
        ([face(7, "sad")], 6 * SECOND),
        ([], 7 * SECOND),  # it has left
        ([face(8, "sad")], 8 * SECOND),
        ([face(8, "sad")], 2 * SECOND),  # another stream
    ):
        brought = events.update(faces, time)
        assert brought
        assert {event.time for event in brought} == {time}
    assert {event.time for event in events.ongoing()} == {2 * SECOND}


def test_what_is_true_can_be_told_to_those_who_come_later() -> None:
    events = FaceEvents()
    events.update([face(1), face(2, "sad")], SECOND)
    events.update([face(1, "happy"), face(2)], 3 * SECOND)
    events.update([face(1, "happy"), face(2)], 4 * SECOND)
    ongoing = events.ongoing()
    assert told(ongoing) == [
        (APPEARED, 1, "unknown"),
        (APPEARED, 2, "unknown"),
        (BEGAN, 1, "happy"),
    ]
    assert [event.duration for event in ongoing] == [3.0, 3.0, 1.0]


def test_ending_ends_everything_once() -> None:
    events = FaceEvents()
    events.update([face(1), face(2, "sad")], SECOND)
    ended = events.end()
    assert told(ended) == [(LEFT, 1, "unknown"), (ENDED, 2, "sad"), (LEFT, 2, "unknown")]
    assert [event.time for event in ended] == [SECOND] * 3, "as of the last image"
    assert events.end() == []
    assert events.ongoing() == []
    assert told(events.update([face(1)], 2 * SECOND)) == [(APPEARED, 1, "unknown")]


FACES = st.dictionaries(st.integers(0, 3), st.sampled_from(["unknown", "happy", "sad"]))
STEPS = st.one_of(
    st.none(),  # a stall
    st.tuples(st.sampled_from([0, 1, 100, 400, 2000, 20_000, -1, -5000]), FACES),
)


@settings(deadline=None, max_examples=100)  # a busy machine is no failure
@given(st.lists(STEPS, max_size=30))
@example([(100, {1: "happy"}), (-5000, {1: "sad"}), None, (2000, {1: "sad"})])
def test_events_are_in_balance_and_agree_with_what_is_seen(
    steps: list[tuple[int, dict[int, str]] | None],
) -> None:
    events, time = FaceEvents(gone_after=0.5), 10**18
    true: dict[int, str] = {}
    began: dict[tuple[int, str], int] = {}
    for step in steps:
        if step is None:
            seen, changes = {}, events.end()
        else:
            time += step[0] * 1_000_000
            seen = {track_id: label for track_id, label in step[1].items() if track_id}
            faces = [face(track_id, label) for track_id, label in step[1].items()]
            changes = events.update(faces, time)
        for event in changes:
            track_id, label = event.track_id, event.emotion.label
            assert event.duration >= 0
            if event.kind == APPEARED:
                assert true.setdefault(track_id, "unknown") == "unknown"
                assert event.since == time
                began[track_id, ""] = event.since
            elif event.kind == BEGAN:
                assert true[track_id] == "unknown"
                assert event.since == time
                true[track_id], began[track_id, label] = label, event.since
            elif event.kind == ENDED:
                assert true[track_id] == label
                assert began.pop((track_id, label)) == event.since
                true[track_id] = "unknown"
            else:
                assert true.pop(track_id) == "unknown"
                assert began.pop((track_id, "")) == event.since
        assert seen.items() <= true.items()
        assert {event.track_id for event in events.ongoing()} == true.keys()
        assert {(e.track_id, "" if e.kind == APPEARED else e.emotion.label): e.since
                for e in events.ongoing()} == began  # fmt: skip
    events.end()
    assert events.ongoing() == []
