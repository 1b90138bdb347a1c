"""Counting what became of the frames."""

from __future__ import annotations

from threading import Thread

from emotion_recognition.ros.stream.frame_counts import FrameCounter, FrameCounts


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
    counts = FrameCounts(
        received=27, answered=7, dropped=6, skipped=5, outdated=4, rejected=3, failed=2
    )
    assert str(counts) == (
        "27 images received, 7 answered, 6 dropped (busy), 5 dropped (max_rate), "
        "4 dropped (max_age), 3 rejected, 2 failed"
    )


def test_what_has_been_counted_since_is_a_difference() -> None:
    counter = FrameCounter()
    counter.add(received=3, dropped=1)
    before = counter.counts
    counter.add(received=2, jumps=1)
    assert counter.counts - before == FrameCounts(received=2, jumps=1)


def test_rejections_are_counted_by_reason() -> None:
    counter = FrameCounter()
    for reason in ("size", "layout", "size"):
        counter.reject(reason)
    assert counter.counts.rejected == 3
    assert counter.rejections == {"size": 2, "layout": 1}
