"""Times that can be compared: what is compared takes turns.

A machine is not equally fast from one minute to the next: its clock changes with its temperature,
and other programs come and go. So the cases are not timed one after another but in rounds, each of
them a little in every round. What disturbs one then disturbs all, and the ratios of their medians
hold where the times themselves do not.

Where others take the processor away in the middle of a call, the call lasts longer, and the longer
it is the likelier that is. So the processor's time is taken beside the clock's, and ratios are
those of it. It is that of all threads of the process, waiting busily included: what a robot's other
programs miss.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

#: (2,): seconds by the clock, and of the processor.
Seconds = NDArray[np.float64]

#: Seconds that a case is timed at a stretch, and how often at most.
TURN = 0.05
MOST_CALLS = 10
#: Seconds in which threads of a runtime that wait busily for more work fall asleep.
REST = 0.03


Run = Callable[[], Mapping[str, Seconds]]


@dataclass(frozen=True)
class Subject:
    """What a time is of; empty or 0 where something does not apply.

    model: its name. backend: what runs it. precision: int8 or float. threads: of one inference.
    input: the network's, such as 320x256. faces: in the image.
    """

    model: str = ""
    backend: str = ""
    precision: str = ""
    threads: int = 1
    input: str = ""
    faces: int = 0


@dataclass(frozen=True)
class Case:
    """Something to time. run: does it once and returns the seconds of each of its stages."""

    subject: Subject
    run: Run


@dataclass(frozen=True)
class Spread:
    """Milliseconds that were not exceeded in 50, 95 and 99 % of `count` calls.

    processor: milliseconds of the processor that were not exceeded in half of them.
    """

    p50: float
    p95: float
    p99: float
    processor: float
    count: int


@dataclass(frozen=True)
class Row:
    """The times of one stage of a case."""

    subject: Subject
    stage: str
    spread: Spread


def now() -> Seconds:
    """The time since some moment."""
    return np.array((time.perf_counter(), time.process_time()))


def spread(seconds: Sequence[Seconds]) -> Spread:
    """The percentiles of durations, of which there is at least one (nearest rank)."""
    milliseconds = np.asarray(seconds) * 1e3
    percentiles = np.percentile(milliseconds, (50, 95, 99), axis=0, method="inverted_cdf")
    p50, p95, p99 = percentiles[:, 0].tolist()
    return Spread(p50, p95, p99, float(percentiles[0, 1]), len(milliseconds))


def whole(name: str, function: Callable[[], object]) -> Run:
    """`run` of a case with a single stage."""

    def run() -> Mapping[str, Seconds]:
        start = now()
        function()
        return {name: now() - start}

    return run


def measure(
    cases: Sequence[Case],
    seconds: float,
    least_rounds: int = 3,
    on_round: Callable[[int], None] = lambda done: None,
) -> list[Row]:
    """Times the cases in rounds until the seconds are over, each at least `least_rounds` times.

    on_round: called with the number of rounds that are done. In its turn a case runs once untimed,
    for caches and buffers that the others took, and then a few times timed. Returns a row for each
    stage of each case, in their order.
    """
    durations: list[dict[str, list[Seconds]]] = [defaultdict(list) for _ in cases]
    end = time.perf_counter() + seconds
    done = 0
    while done < least_rounds or time.perf_counter() < end:
        for case, found in zip(cases, durations, strict=True):
            _use_threads(case.subject.threads)
            start = time.perf_counter()
            case.run()
            calls = round(TURN / max(time.perf_counter() - start, 1e-6))
            for _ in range(min(max(calls, 1), MOST_CALLS)):
                for stage, duration in case.run().items():
                    found[stage].append(duration)
        done += 1
        on_round(done)
    return [
        Row(case.subject, stage, spread(values))
        for case, found in zip(cases, durations, strict=True)
        for stage, values in found.items()
    ]


def _use_threads(threads: int) -> None:
    """Sets what is set for the whole process, and so belongs to whoever's turn it is."""
    import sys

    if threads > 1:
        time.sleep(REST)
    cv2.setNumThreads(threads)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
