#!/usr/bin/env python3
"""Shows emotion_node as many images as a camera sends in an hour, and looks at what leaves it.

ROS_DOMAIN_ID=101 scripts/run python test/ros/private_hour.py
ROS_DOMAIN_ID=101 scripts/run python test/ros/private_hour.py --images 10000

The node has its defaults, and home, temporary files and working folder to itself. strace notes what
it opens for writing and whom it sends to; every message on every topic that it publishes is looked
at. A face leaves and comes back all the time, so that tracks begin and end. Ends with 1 if a file
other than the log was written, something was sent elsewhere than to DDS, a message held more
numbers in a row than a face has probabilities (a picture, a crop, an embedding) or a long text, or
if ids did not just count the tracks.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import math
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from conftest import Peer
from conversation import READY, Pixels
from node_process import NodeProcess
from rclpy.node import NodeNameNonExistentError
from rclpy.qos import DurabilityPolicy, QoSProfile
from soak import Soak, soak
from traces import Trace, can_trace, tracing_python

from emotion_recognition.core.images.sources import open_source
from emotion_recognition.core.types import EMOTIONS
from emotion_recognition.msg import FaceEmotionArray

IMAGES = 108_000  # an hour at 30 Hz
LONGEST_ROW = len(EMOTIONS)  # numbers in one field of a message
LONGEST_TEXT = 300  # characters
LOOK_PERIOD = 0.5  # seconds between two looks at which topics there are
DDS_PORTS = range(7000, 65000)  # 7400 + 250 for each domain; 7000: of locators without a port
#: The machine's own, by any of its names, and the groups in which DDS looks for others.
GROUPS = {"239.255.0.1", "ff1e::ffff:efff:1"}


def rows(message: Any) -> Iterator[tuple[int, int]]:  # noqa: ANN401
    """How many numbers each field holds, and how many characters, within a message as well.

    Numbers other than 0: a covariance that nobody has filled in says nothing.
    """
    for name, kind in message.get_fields_and_field_types().items():
        value = getattr(message, name)
        if isinstance(value, str):
            yield 0, len(value)
        elif hasattr(value, "get_fields_and_field_types"):
            yield from rows(value)
        elif kind.endswith("]") or kind.startswith("sequence<"):
            for item in value:
                if isinstance(item, str):
                    yield 0, len(item)
                elif hasattr(item, "get_fields_and_field_types"):
                    yield from rows(item)
                else:
                    yield int(np.count_nonzero(value)), 0
                    break


class Listener:
    """Hears everything that a node publishes, and keeps the figures alone.

    topics: how many messages each brought, with its type. longest_row, longest_text: in a field.
    ids: of tracks, in the order in which they came.
    """

    def __init__(self, peer: Peer, node: str) -> None:
        self._peer = peer
        self._node = node
        self._heard: Counter[tuple[str, str]] = Counter()
        self.longest_row = self.longest_text = 0
        self.ids: list[int] = []
        peer.node.create_timer(LOOK_PERIOD, self.look)

    @property
    def topics(self) -> Mapping[tuple[str, str], int]:
        return dict(sorted(self._heard.items()))

    def look(self) -> None:
        """Subscribes to what is new."""
        try:
            graph = self._peer.node.get_publisher_names_and_types_by_node(self._node, "/")
        except NodeNameNonExistentError:  # not yet, or not any more
            return
        for topic, (kind, *_) in graph:
            if (topic, kind) not in self._heard:
                self._heard[topic, kind] = 0
                self._subscribe(topic, kind)

    def _subscribe(self, topic: str, kind: str) -> None:
        package, _, name = kind.split("/")
        message_type = getattr(importlib.import_module(f"{package}.msg"), name)
        (publisher, *_) = self._peer.node.get_publishers_info_by_topic(topic)
        latched = publisher.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
        qos = QoSProfile(
            depth=100,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )

        def take(message: Any) -> None:  # noqa: ANN401
            self._heard[topic, kind] += 1
            for row, text in rows(message):
                self.longest_row = max(self.longest_row, row)
                self.longest_text = max(self.longest_text, text)
            if isinstance(message, FaceEmotionArray):
                new = {face.track_id for face in message.faces} - {0, *self.ids[-100:]}
                self.ids += sorted(new)

        self._peer.node.create_subscription(message_type, topic, take, qos)


@dataclass
class PrivateHour:
    """What left a node; home: the folder that it had to itself."""

    soak: Soak
    listener: Listener
    trace: Trace
    home: Path
    own_addresses: set[str]

    @property
    def failures(self) -> list[str]:
        log = self.home / ".ros" / "log"
        places = (f"{log}/", "/dev/shm/", "/dev/null", "/proc/self/")
        files = [path for path in self.home.rglob("*") if path.is_file()]
        pictures = [kind for _, kind in self.listener.topics if "Image" in kind.split("/")[-1]]
        ids = self.listener.ids
        wrong = {
            "files opened for writing": [p for p in self.trace.written if not p.startswith(places)],
            "files": [path for path in files if not path.is_relative_to(log)],
            "ports": [port for port in self.trace.ports if port not in DDS_PORTS],
            "addresses": sorted(self.trace.addresses - GROUPS - self.own_addresses),
            "nothing sent": [] if self.trace.ports else ["strace saw nothing"],
            "topics of pictures": [kind for kind in pictures if "Annotations" not in kind],
            "numbers in a row": [n for n in [self.listener.longest_row] if n > LONGEST_ROW],
            "characters": [n for n in [self.listener.longest_text] if n > LONGEST_TEXT],
            "ids": ids[:9] if _tell_something(ids) else [],
            "silent topics": [] if self.listener.topics else ["nothing heard"],
            "answers": [] if self.soak.answered else [0],
        }
        return [f"{what}: {found}" for what, found in wrong.items() if found]

    def __str__(self) -> str:
        folders = sorted({str(Path(path).parent) for path in self.trace.written})
        heard = ", ".join(f"{topic} {n}" for (topic, _), n in self.listener.topics.items())
        return (
            f"{self.soak.answered} images answered in {self.soak.seconds / 60:.1f} min; messages: "
            f"{heard}; at most {self.listener.longest_row} numbers in a row and "
            f"{self.listener.longest_text} characters; "
            f"ids up to {max(self.listener.ids, default=0)}; sent to {len(self.trace.ports)} "
            f"ports, {min(self.trace.ports, default=0)} to {max(self.trace.ports, default=0)}, of "
            f"{sorted(self.trace.addresses)}; opened for writing: {folders}"
        )


def _tell_something(ids: Sequence[int]) -> bool:
    """Whether ids are anything else than a count; one in a hundred may not have been heard."""
    return list(ids) != sorted(set(ids)) or max(ids, default=0) > 1.01 * len(ids) + 1


def own_addresses() -> set[str]:
    """Every address of this machine."""
    lines = Path("/proc/net/fib_trie").read_text().splitlines()
    local = {a.split()[-1] for a, b in itertools.pairwise(lines) if "host LOCAL" in b}
    return {"127.0.0.1", "::1"} | local


def watch(
    peer: Peer, node: NodeProcess, trace: Path, home: Path, image: Pixels, **limits: float
) -> PrivateHour:
    """Shows a node that is ready the images, stops it, and tells what left it.

    trace: the file of its calls. limits: as `soak` has them.
    """
    listener = Listener(peer, "emotion_node")
    result = soak(peer, node, image, **limits)  # type: ignore[arg-type]
    return PrivateHour(result, listener, Trace(trace), home, own_addresses())


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end after so many")
    given = parser.parse_args(arguments)
    if not can_trace():
        parser.error("needs strace, and the permission to use it")
    image: Pixels = np.asarray(
        next(iter(open_source("astronaut", width=160, height=120))), np.uint8
    )
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    with tempfile.TemporaryDirectory() as folder:
        home, file = Path(folder, "home"), Path(folder, "trace")
        home.mkdir()
        peer = Peer()
        os.environ |= {"HOME": str(home), "TMPDIR": str(home)}
        os.environ.pop("ROS_LOG_DIR", None)
        os.chdir(home)
        try:
            command = ["-m", "emotion_recognition.ros.emotion_node"]
            with NodeProcess(command, Path(folder, "log"), python=tracing_python(file)) as node:
                node.wait_for_log(READY)
                limits = {"frames": given.images, "seconds": 60 * given.minutes}
                result = watch(peer, node, file, home, image, **limits)
        finally:
            peer.close()
        failures = result.failures
    print(f"{result} (load average {os.getloadavg()[0]:.1f})")
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
