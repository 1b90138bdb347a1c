"""Steady timing: no drift, no bursts, and an end to waiting."""

from __future__ import annotations

from threading import Event

import pytest

from emotion_recognition.ros.video_source.pacer import Pacer


class SimulatedStop(Event):
    """Time passes only by waiting, and by the work between two turns."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return self.is_set()


def turns(work: list[float], rate: float = 10.0) -> list[float]:
    """When each turn began, for the seconds of work after it."""
    stop = SimulatedStop()
    pacer = Pacer(rate, stop, lambda: stop.now)
    times = []
    for seconds in work:
        assert pacer.wait()
        times.append(stop.now - 100)
        stop.now += seconds
    return times


def test_turns_keep_the_rate_whatever_the_work_takes() -> None:
    work = [0.0, 0.09, 0.05, 0.12, 0.01] * 20
    times = turns(work)
    assert times[0] == 0
    assert times[-1] == pytest.approx(9.92)
    assert all(time - i / 10 < 0.021 for i, time in enumerate(times))


def test_a_long_delay_is_not_made_up_for_in_a_burst() -> None:
    times = turns([0.0, 0.0, 3.0, 0.0, 0.0, 0.0])
    assert times == pytest.approx([0.0, 0.1, 0.2, 3.2, 3.3, 3.4])


def test_stopping_ends_the_waiting() -> None:
    stop = Event()
    pacer = Pacer(0.001, stop)
    assert pacer.wait()
    stop.set()
    assert not pacer.wait()
