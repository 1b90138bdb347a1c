"""One thread works on the newest item."""

from threading import Event

from emotion_recognition.ros.stream.worker import Worker


def test_the_newest_item_is_next_and_the_others_are_dropped() -> None:
    done: list[int] = []
    begun, go_on, finished = Event(), Event(), Event()

    def work(item: int) -> None:
        begun.set()
        assert go_on.wait(10)
        done.append(item)
        if item == 9:
            finished.set()

    worker = Worker(work)
    assert not worker.put(0)
    assert begun.wait(10)
    assert [worker.put(item) for item in range(1, 10)] == [False] + [True] * 8
    go_on.set()
    assert finished.wait(10)
    assert not worker.stop()
    assert worker.join(10)
    assert done == [0, 9]


def test_once_stopped_it_works_no_more_and_drops_what_comes() -> None:
    done: list[int] = []
    worker = Worker(done.append)
    assert not worker.stop()
    assert worker.join(10)
    assert worker.put(1)
    assert done == []


def test_it_tells_for_how_long_it_has_been_busy() -> None:
    begun, go_on = Event(), Event()

    def work(_: int) -> None:
        begun.set()
        assert go_on.wait(10)

    worker = Worker(work)
    assert worker.busy() == 0
    worker.put(1)
    assert begun.wait(10)
    first = worker.busy()
    assert 0 <= first < worker.busy() < 10
    go_on.set()
    worker.stop()
    assert worker.join(10)
    assert worker.busy() == 0


def test_the_end_tells_whether_work_goes_on_and_whether_an_item_was_dropped() -> None:
    begun, go_on = Event(), Event()

    def work(_: int) -> None:
        begun.set()
        go_on.wait(10)

    worker = Worker(work)
    worker.put(1)
    assert begun.wait(10)
    worker.put(2)
    assert worker.stop()
    assert not worker.join(0.01)
    assert not worker.stop(), "it was told of once"
    go_on.set()
    assert worker.join(10)
