"""The documented rules of the diagnostics' level, one by one."""

from dataclasses import replace

import pytest

from emotion_recognition.ros.diagnostics.activity import Activity
from emotion_recognition.ros.diagnostics.health import HUNG, LATE, Health, Level, verdict
from emotion_recognition.ros.stream.frame_counts import FrameCounts
from emotion_recognition.ros.stream.stream_watch import StreamState

WELL = Health(
    state="active",
    failure="",
    topic="/image_raw",
    stream=StreamState.FLOWING,
    silence=0.03,
    activity=Activity(10.0, FrameCounts(received=300, answered=200, dropped=100), (0.05,) * 200),
)


def with_counts(**counts: int) -> Health:
    return replace(WELL, activity=replace(WELL.activity, counts=FrameCounts(**counts)))


def test_answering_is_ok_also_when_images_are_dropped_or_skipped() -> None:
    assert verdict(WELL)[0] is Level.OK
    assert verdict(with_counts(received=300, answered=1, dropped=200, skipped=99))[0] is Level.OK


@pytest.mark.parametrize("state", ["unconfigured", "inactive", "finalized"])
def test_a_node_that_is_not_active_is_stale(state: str) -> None:
    level, text = verdict(replace(WELL, state=state, stream=StreamState.STALLED))
    assert level is Level.STALE
    assert state in text


def test_a_failed_transition_is_an_error() -> None:
    failed = replace(WELL, state="unconfigured", failure="int8.onnx is damaged")
    assert verdict(failed) == (Level.ERROR, "int8.onnx is damaged")


def test_a_stalled_stream_is_an_error_that_names_the_topic() -> None:
    level, text = verdict(replace(WELL, stream=StreamState.STALLED, silence=3.21))
    assert level is Level.ERROR
    assert "'/image_raw' for 3.2 s" in text


def test_before_the_first_image_there_is_nothing_to_judge() -> None:
    assert verdict(replace(WELL, stream=StreamState.WAITING))[0] is Level.STALE


@pytest.mark.parametrize("count", ["rejected", "failed", "outdated"])
def test_some_images_that_cannot_be_used_are_a_warning_and_nothing_else_is_an_error(
    count: str,
) -> None:
    level, text = verdict(with_counts(received=10, answered=9, **{count: 1}))
    assert level is Level.WARN
    assert "1 images" in text
    level, text = verdict(with_counts(received=10, **{count: 10}))
    assert level is Level.ERROR
    assert "10 images" in text


def test_images_that_cannot_be_used_for_several_reasons_are_an_error_that_names_them() -> None:
    for first, second in (("rejected", "failed"), ("failed", "outdated"), ("outdated", "rejected")):
        level, text = verdict(with_counts(received=10, **{first: 5, second: 5}))
        assert level is Level.ERROR
        assert text.startswith("No image could be used: 5 images ")
        assert text.count("; 5 images ") == 1


@pytest.mark.parametrize("count", ["repeated", "jumps"])
def test_stamps_that_stand_still_or_go_back_are_a_warning(count: str) -> None:
    level, text = verdict(with_counts(received=10, answered=10, **{count: 3}))
    assert level is Level.WARN
    assert "3 stamps" in text


def test_a_high_latency_of_one_in_twenty_is_a_warning() -> None:
    late = (LATE + 0.01,)
    for number, level in ((9, Level.OK), (11, Level.WARN)):
        latencies = (0.05,) * (200 - number) + late * number
        assert (
            verdict(replace(WELL, activity=replace(WELL.activity, latencies=latencies)))[0] is level
        )


def test_work_that_does_not_end_is_an_error_before_anything_else_is_told() -> None:
    assert verdict(replace(WELL, busy=HUNG - 0.1))[0] is Level.OK
    hung = replace(WELL, busy=HUNG + 1.23, stream=StreamState.STALLED)
    assert verdict(hung) == (Level.ERROR, "One image has been worked on for 3.2 s")
    assert verdict(replace(hung, state="inactive"))[0] is Level.STALE


def test_more_than_three_of_four_images_unseen_is_a_warning() -> None:
    assert verdict(with_counts(received=240, answered=60, dropped=180))[0] is Level.OK
    level, text = verdict(with_counts(received=246, answered=58, dropped=188))
    assert level is Level.WARN
    assert "188 of 246 images dropped or lost" in text
    level, text = verdict(with_counts(received=50, answered=50, lost=200))
    assert level is Level.WARN
    assert "200 of 250 images dropped or lost" in text
    assert verdict(with_counts(received=300, answered=50, skipped=250))[0] is Level.OK


def test_another_node_of_the_same_name_is_a_warning() -> None:
    level, text = verdict(replace(WELL, namesakes=1))
    assert level is Level.WARN
    assert "1 other nodes of the same name" in text


def test_every_complaint_is_told() -> None:
    text = verdict(with_counts(received=10, answered=5, rejected=3, failed=2, jumps=1))[1]
    assert text.count(";") == 2
