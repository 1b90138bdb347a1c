"""Each reason is logged at once, its repeats only now and then."""

from __future__ import annotations

from emotion_recognition.ros.log_throttle import LogThrottle


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_every_distinct_text_is_let_through_at_once() -> None:
    throttle = LogThrottle(clock=Clock())
    assert [throttle(text) for text in "abc"] == ["a", "b", "c"]


def test_repeats_wait_for_the_period_and_are_counted() -> None:
    clock = Clock()
    throttle = LogThrottle(period=5, clock=clock)
    assert [throttle("a") for _ in range(4)] == ["a", None, None, None]
    clock.now = 4.9
    assert throttle("a") is None
    clock.now = 5.0
    assert throttle("a") == "a (4 more lines held back)"
    clock.now = 10.0
    assert throttle("a") == "a"


def test_an_endless_stream_of_different_texts_is_held_back() -> None:
    clock = Clock()
    throttle = LogThrottle(period=5, capacity=10, clock=clock)
    assert sum(throttle(str(i)) is not None for i in range(1000)) == 10
    clock.now = 5.0
    assert throttle("next") == "next (990 more lines held back)"
