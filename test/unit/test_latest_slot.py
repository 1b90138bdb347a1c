"""The slot of one between the subscription and the worker."""

from __future__ import annotations

from threading import Thread

from emotion_recognition.ros.stream.worker import LatestSlot


def test_only_the_newest_item_is_kept_and_drops_are_told() -> None:
    slot: LatestSlot[int] = LatestSlot()
    assert [slot.put(item) for item in (1, 2, 3)] == [False, True, True]
    assert slot.take() == 3
    assert slot.put(4) is False


def test_taking_waits_for_an_item() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = []
    taker = Thread(target=lambda: taken.append(slot.take()))
    taker.start()
    slot.put("item")
    taker.join(5)
    assert taken == ["item"]


def test_closing_ends_the_waiting_and_drops_what_is_left() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taken: list[str | None] = ["nothing yet"]
    taker = Thread(target=lambda: taken.append(slot.take()))
    taker.start()
    assert not slot.close()
    taker.join(5)
    assert slot.put("late"), "nobody will take it"
    assert [*taken, slot.take()] == ["nothing yet", None, None]


def test_closing_tells_of_an_item_that_nobody_took() -> None:
    slot: LatestSlot[str] = LatestSlot()
    slot.put("item")
    assert slot.close()
    assert not slot.close()
    assert slot.take() is None


def test_no_item_is_lost_or_doubled_between_threads() -> None:
    slot: LatestSlot[int] = LatestSlot()
    taken: list[int] = []

    def take_all() -> None:
        while (item := slot.take()) is not None:
            taken.append(item)
            if item == 2000:
                return

    taker = Thread(target=take_all)
    taker.start()
    dropped = sum(slot.put(item) for item in range(1, 2001))
    taker.join(5)
    assert taken == sorted(set(taken))
    assert taken[-1] == 2000
    assert len(taken) + dropped == 2000
