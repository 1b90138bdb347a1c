"""Rates and latencies of the last seconds."""

import pytest

from emotion_recognition.ros.diagnostics.activity import Activity, RecentActivity, percentile
from emotion_recognition.ros.stream.frame_counts import FrameCounts


def test_percentiles_are_of_the_values() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 50) == 50
    assert percentile(values, 95) == 95
    assert percentile(values, 100) == 100
    assert percentile([3.0], 50) == percentile([3.0], 95) == 3
    assert percentile([1.0, 2.0, 9.0], 50) == 2
    assert percentile([], 95) == 0


def test_a_rate_is_that_of_the_window() -> None:
    recent = RecentActivity(0.0, window=10.0)
    activity = Activity()
    for second in range(31):
        answered = second * 5 if second <= 20 else 100 + (second - 20) * 20
        activity = recent.update(FrameCounts(received=answered, answered=answered), float(second))
    assert activity.seconds == 10
    assert activity.rate == pytest.approx(20)
    assert activity.counts.received == 200


def test_at_the_start_there_is_no_rate_yet() -> None:
    activity = RecentActivity(5.0).update(FrameCounts(), 5.0)
    assert activity.rate == activity.latency(95) == 0


def test_what_happens_before_the_first_look_counts() -> None:
    recent = RecentActivity(5.0)
    recent.add_answer(0.25, 5.5)
    activity = recent.update(FrameCounts(received=4, answered=3, rejected=1), 6.0)
    assert activity.counts.rejected == 1
    assert activity.rate == 3
    assert activity.latency(50) == 0.25


def test_old_latencies_are_forgotten() -> None:
    recent = RecentActivity(0.0, window=10.0)
    for second in range(60):
        recent.add_answer(9.0 if second < 40 else 0.1, second + 0.5)
        activity = recent.update(FrameCounts(answered=second), second + 1.0)
    assert activity.latency(100) == 0.1
    assert len(activity.latencies) <= 12
