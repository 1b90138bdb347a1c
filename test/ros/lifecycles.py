#!/usr/bin/env python3
"""Takes emotion_node through its lifecycle again and again, and tells what it has used after each.

ROS_DOMAIN_ID=101 scripts/run python test/ros/lifecycles.py --cycles 300
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conftest import Peer
from conversation import Conversation, Lifecycle, Pixels
from node_process import NodeProcess

CAMERA_RATE = 30.0  # images per second


@dataclass(frozen=True)
class Usage:
    """What a process holds: resident memory, threads, open files.

    shared: of the megabytes, those of shared memory that it has looked into. Fast DDS has 32 MB of
    it a process, and whoever takes images from there comes by all of it in time.
    """

    megabytes: float
    threads: int
    files: int
    shared: float = 0.0

    @classmethod
    def of(cls, pid: int) -> Usage:
        """What a process holds now."""
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        return cls(
            int(status["VmRSS"].split()[0]) / 1024,
            int(status["Threads"]),
            len(os.listdir(f"/proc/{pid}/fd")),
            int(status["RssShmem"].split()[0]) / 1024,
        )


def run_lifecycles(peer: Peer, pid: int, image: Pixels, number: int) -> Iterator[Usage]:
    """The usage of an unconfigured node after each of its lifecycles, under images at 30 Hz."""
    lifecycle = Lifecycle(peer)
    assert lifecycle.change("configure")
    assert lifecycle.change("activate")
    conversation = Conversation(peer)
    peer.node.create_timer(1 / CAMERA_RATE, lambda: conversation.send(conversation.message(image)))
    for cycle in range(number):
        if cycle:
            assert lifecycle.change("configure")
            assert lifecycle.change("activate")
        conversation.answers.all.clear()
        conversation.answers.wait_for(lambda _: True)
        assert lifecycle.change("deactivate")
        assert lifecycle.change("cleanup")
        yield Usage.of(pid)


def main() -> None:
    from emotion_recognition.core.images.sources import open_source

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=300)
    arguments = parser.parse_args()
    image = next(iter(open_source("astronaut", width=320, height=240)))
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "emotion_recognition.ros.emotion_node"]
        peer = Peer()
        print("cycle   MB  threads  files")
        with NodeProcess(command, Path(folder, "log"), autostart="false") as node:
            usages = run_lifecycles(peer, node.process.pid, image, arguments.cycles)
            for cycle, usage in enumerate(usages, 1):
                if cycle == 1 or cycle % max(1, arguments.cycles // 30) == 0:
                    figures = f"{usage.megabytes:5.0f} {usage.threads:5} {usage.files:6}"
                    print(f"{cycle:5} {figures}", flush=True)
        peer.close()


if __name__ == "__main__":
    main()
