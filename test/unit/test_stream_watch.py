"""Silence, repeated stamps and jumps back in time are noticed."""

import pytest

from emotion_recognition.ros.stream.stream_watch import (
    StampChange,
    StreamState,
    StreamWatch,
    stream_state,
)


@pytest.mark.parametrize(
    ("silence", "has_begun", "state"),
    [
        (0.0, False, StreamState.WAITING),
        (1.4, False, StreamState.WAITING),
        (1.5, False, StreamState.STALLED),
        (0.0, True, StreamState.FLOWING),
        (1.4, True, StreamState.FLOWING),
        (1.5, True, StreamState.STALLED),
        (1e9, True, StreamState.STALLED),
    ],
)
def test_the_verdict_depends_on_the_silence(
    silence: float, has_begun: bool, state: StreamState
) -> None:
    assert stream_state(silence, 1.5, has_begun) is state


def test_a_stream_stalls_and_recovers() -> None:
    watch = StreamWatch(10.0)
    assert watch.state(11.0, 2.0) is StreamState.WAITING
    assert watch.state(12.0, 2.0) is StreamState.STALLED
    watch.observe(1, 13.0)
    assert watch.state(14.0, 2.0) is StreamState.FLOWING
    assert watch.silence(14.0) == 1.0
    assert watch.state(15.0, 2.0) is StreamState.STALLED
    watch.observe(2, 16.0)
    assert watch.state(16.0, 2.0) is StreamState.FLOWING


def test_stamps_are_compared_with_the_one_before() -> None:
    watch = StreamWatch(0.0)
    changes = [watch.observe(stamp, 1.0) for stamp in (5, 6, 6, 6, 3, 4, 4)]
    forward, repeated, backward = (
        StampChange.FORWARD,
        StampChange.REPEATED,
        StampChange.BACKWARD,
    )
    assert changes == [forward, forward, repeated, repeated, backward, forward, repeated]


def test_images_without_a_stamp_are_neither_repeated_nor_back_in_time() -> None:
    watch = StreamWatch(0.0)
    changes = [watch.observe(stamp, 1.0) for stamp in (0, 0, 7, 0, 7, 8)]
    none = StampChange.UNSTAMPED
    assert changes[:2] == [none, none]
    assert changes[3] is none
    assert changes[4] is StampChange.REPEATED
    assert changes[5] is StampChange.FORWARD
