"""Gaps in the numbers of messages."""

from emotion_recognition.ros.stream.loss_watch import LossWatch


def test_gaps_are_counted_for_each_publisher() -> None:
    watch = LossWatch()
    numbers = [(b"a", 7), (b"a", 8), (b"b", 1), (b"a", 12), (b"b", 2), (b"b", 4), (b"a", 13)]
    assert [watch.observe(*number) for number in numbers] == [0, 0, 0, 3, 0, 1, 0]


def test_a_publisher_that_begins_anew_has_lost_nothing() -> None:
    watch = LossWatch()
    assert [watch.observe(b"a", number) for number in (100, 1, 2, 2, 5)] == [0, 0, 0, 0, 2]
