"""A highest rate, whatever the stream's own."""

import random

import pytest

from emotion_recognition.ros.stream.rate_limit import RateLimit


def taken(times: list[float], rate: float) -> list[float]:
    limit = RateLimit()
    return [time for time in times if limit.allows(time, rate)]


def steady(rate: float, seconds: float = 10.0) -> list[float]:
    return [i / rate for i in range(round(rate * seconds))]


@pytest.mark.parametrize("rate", [1.0, 7.0, 10.0, 20.0, 29.0])
def test_a_fast_stream_is_thinned_out_to_the_rate(rate: float) -> None:
    assert len(taken(steady(30), rate)) == pytest.approx(10 * rate, abs=1)


@pytest.mark.parametrize("rate", [30.0, 31.0, 100.0])
def test_a_slow_stream_is_left_alone(rate: float) -> None:
    assert taken(steady(30), rate) == steady(30)


def test_0_is_no_limit() -> None:
    assert taken(steady(1000), 0.0) == steady(1000)


def test_jitter_around_the_rate_loses_next_to_nothing() -> None:
    randomness = random.Random(7)
    times = [time + randomness.uniform(-0.02, 0.02) for time in steady(10, 100)]
    assert len(taken(times, 10.0)) >= 0.98 * len(times)


def test_what_was_missed_in_a_pause_is_not_made_up_for() -> None:
    after_pause = [100 + time for time in steady(30)]
    assert len(taken(steady(30) + after_pause, 10.0)) == pytest.approx(200, abs=2)


def test_a_new_rate_holds_at_once() -> None:
    limit = RateLimit()
    assert limit.allows(0.0, 0.01)
    assert not limit.allows(1.0, 0.01)
    assert limit.allows(1.1, 10.0)
    assert not limit.allows(1.14, 10.0)
    assert limit.allows(1.16, 10.0)
