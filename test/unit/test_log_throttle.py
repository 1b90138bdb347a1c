"""Each reason is logged at once, its repeats only now and then."""

from __future__ import annotations

from emotion_recognition.ros.process.log_throttle import LogThrottle


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


def test_a_kind_that_has_new_texts_all_the_time_has_a_burst_and_then_a_line_a_period() -> None:
    clock = Clock()
    throttle = LogThrottle(period=5, capacity=10, clock=clock)
    logged = []
    for i in range(30 * 60):
        clock.now = i / 30
        if (line := throttle(f"unknown encoding {i}", "encoding")) is not None:
            logged.append((clock.now, line))
    assert sum(now < 5 for now, _ in logged) == 10
    assert len(logged) <= 10 + 60 / 5
    # The newest of them, not the one that was held back first.
    assert logged[-1][1].startswith(f"unknown encoding {round(30 * logged[-1][0])} (")


def test_one_kind_does_not_silence_another() -> None:
    throttle = LogThrottle(capacity=2, clock=Clock())
    assert [throttle(f"encoding {i}", "encoding") for i in range(3)][2] is None
    assert throttle("cut off", "corrupt") == "cut off (1 more lines held back)"
