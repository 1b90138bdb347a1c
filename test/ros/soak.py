#!/usr/bin/env python3
"""Keeps emotion_node at work as fast as it answers, and tells whether it grows.

ROS_DOMAIN_ID=101 scripts/run python test/ros/soak.py --minutes 60
ROS_DOMAIN_ID=101 scripts/run python test/ros/soak.py --frames 10000

Each image is sent when the one before is answered; a face moves, leaves and comes back, so that
tracks begin and end. Resident memory is fitted with a line, by least squares, after the first five
minutes (or the first third of a shorter run). Ends with 1 if the line rises by more than 1 MB an
hour (in less than an hour: by more than 1 MB in all), if files or threads have become more since,
if more than one image in a thousand got no answer, or if the node did not end with exit code 0.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from conftest import Peer
from conversation import READY, Conversation, Pixels
from lifecycles import Usage
from node_process import NodeProcess

from emotion_recognition.core.images.sources import open_source

SETTLING = 300.0  # seconds, of a long run; memory still finds its size in them
SAMPLE_EVERY = 5.0  # seconds, at most
ANSWER_TIMEOUT = 5.0  # seconds
LIMIT = 1.0  # MB an hour
SHORT_LIMIT = 1.0  # MB, in less than an hour; about what pages and caches come to
LOST_AT_MOST = 1e-3  # of the images


def settling(seconds: float) -> float:
    """How much of the start of a run is left out: five minutes, a third of a shorter one."""
    return min(SETTLING, seconds / 3)


def slope_an_hour(seconds: Sequence[float], values: Sequence[float]) -> float:
    """By how much the values rise in an hour, by least squares."""
    return float(np.polyfit(np.array(seconds) / 3600, values, 1)[0])


@dataclass
class Soak:
    """What a node held while it worked: seconds since the start, and its usage then."""

    samples: list[tuple[float, Usage]] = field(default_factory=list)
    answered: int = 0
    lost: int = 0
    exit_code: int | None = None

    @property
    def seconds(self) -> float:
        return self.samples[-1][0]

    @property
    def settled(self) -> list[tuple[float, Usage]]:
        """The samples after the first five minutes, or the first third of a shorter run."""
        start = settling(self.seconds)
        return [sample for sample in self.samples if sample[0] >= start]

    @property
    def slope(self) -> float:
        """Of resident memory, in MB an hour."""
        return self._slope([usage.megabytes for _, usage in self.settled])

    @property
    def slope_of_shared(self) -> float:
        """Of the shared memory in it, in MB an hour."""
        return self._slope([usage.shared for _, usage in self.settled])

    def _slope(self, values: Sequence[float]) -> float:
        return slope_an_hour([seconds for seconds, _ in self.settled], values)

    @property
    def failures(self) -> list[str]:
        first, last = self.settled[0][1], self.settled[-1][1]
        hours = (self.seconds - self.settled[0][0]) / 3600
        limit = LIMIT if self.seconds >= 3600 else SHORT_LIMIT / hours
        wrong = {
            f"memory rises by {self.slope:.2f} MB/h": self.slope > limit,
            f"threads from {first.threads} to {last.threads}": last.threads > first.threads,
            f"files from {first.files} to {last.files}": last.files > first.files,
            f"{self.lost} images without an answer": self.lost > LOST_AT_MOST * self.answered,
            f"exit code {self.exit_code}": self.exit_code != 0,
        }
        return [what for what, is_so in wrong.items() if is_so]

    def __str__(self) -> str:
        memory = [usage.megabytes for _, usage in self.settled]
        return (
            f"{self.answered} images answered in {self.seconds / 60:.1f} min "
            f"({self.answered / self.seconds:.1f} a second), {self.lost} not; after the first "
            f"{self.settled[0][0] / 60:.1f} min: {min(memory):.1f} to {max(memory):.1f} MB, "
            f"{self.slope:+.2f} MB/h, of which {self.slope_of_shared:+.2f} shared memory; "
            f"threads {_span(u.threads for _, u in self.settled)}, "
            f"files {_span(u.files for _, u in self.settled)}; exit code {self.exit_code}"
        )


def _span(values: Iterator[int]) -> str:
    seen = sorted(set(values))
    return f"{seen[0]}" if len(seen) == 1 else f"{seen[0]} to {seen[-1]}"


def scenes(image: Pixels) -> Iterator[Pixels]:
    """A face that moves for 100 images and is gone for 50, without an end."""
    empty = np.full_like(image, 128)
    moved = [np.roll(image, round(20 * math.sin(i / 8)), axis=1) for i in range(100)]
    return itertools.cycle([*moved, *[empty] * 50])


def soak(
    peer: Peer,
    node: NodeProcess,
    image: Pixels,
    seconds: float = math.inf,
    frames: int = sys.maxsize,
) -> Soak:
    """Has a node that is ready answer so many images, or for so many seconds, and stops it."""
    conversation, result = Conversation(peer), Soak()
    started = time.monotonic()
    for scene in itertools.islice(scenes(image), frames):
        message = conversation.message(scene)
        conversation.send(message)
        stamp = message.header.stamp
        try:
            conversation.answers.wait_for(
                lambda answer, stamp=stamp: answer.header.stamp == stamp, ANSWER_TIMEOUT
            )
            result.answered += 1
        except AssertionError:
            result.lost += 1
        conversation.answers.all.clear()
        elapsed = time.monotonic() - started
        last = result.samples[-1][0] if result.samples else -math.inf
        # A short run is sampled often enough for a line, too.
        if elapsed - last >= min(SAMPLE_EVERY, max(elapsed / 50, 0.02)):
            result.samples.append((elapsed, Usage.of(node.process.pid)))
        if elapsed >= seconds:
            break
    result.exit_code = node.stop()
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--frames", type=int, help="end after so many, whatever the minutes")
    parser.add_argument("--samples", type=Path, help="a CSV file for what was sampled")
    given = parser.parse_args(arguments)
    image: Pixels = np.asarray(
        next(iter(open_source("astronaut", width=320, height=240))), np.uint8
    )
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("ROS_LOG_DIR", folder)
        peer = Peer()
        try:
            command = ["-m", "emotion_recognition.ros.emotion_node"]
            with NodeProcess(command, Path(folder, "log")) as node:
                node.wait_for_log(READY)
                result = soak(peer, node, image, 60 * given.minutes, given.frames or sys.maxsize)
        finally:
            peer.close()
    print(f"{result} (load average {os.getloadavg()[0]:.1f})")
    if given.samples:
        lines = ["seconds,megabytes,shared,threads,files"]
        lines += [
            f"{s:.1f},{u.megabytes:.2f},{u.shared:.2f},{u.threads},{u.files}"
            for s, u in result.samples
        ]
        given.samples.write_text("\n".join(lines) + "\n", encoding="ascii")
    for failure in result.failures:
        print(f"FAILED: {failure}")
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
