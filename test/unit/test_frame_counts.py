"""Counting what became of the frames."""

from __future__ import annotations

from threading import Thread

from emotion_recognition.ros.frame_counts import FrameCounter, FrameCounts


def test_counts_add_up_across_threads() -> None:
    counter = FrameCounter()

    def count() -> None:
        for _ in range(1000):
            counter.add(received=1, dropped=2)

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.counts == FrameCounts(received=4000, dropped=8000)


def test_a_snapshot_does_not_change() -> None:
    counter = FrameCounter()
    before = counter.counts
    counter.add(rejected=1)
    assert (before.rejected, counter.counts.rejected) == (0, 1)


def test_the_text_tells_every_figure() -> None:
    text = str(FrameCounts(received=15, answered=5, dropped=4, rejected=3, failed=2))
    assert text == "15 images received, 5 answered, 4 dropped, 3 rejected, 2 failed"
