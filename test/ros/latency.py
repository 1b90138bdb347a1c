#!/usr/bin/env python3
"""Measures how long emotion_node takes from its start, and from an image to its answer.

ROS_DOMAIN_ID=101 scripts/run python test/ros/latency.py --images 900 --set backend=opencv

A camera in another process publishes 640x480 bgr8 at 30 Hz and hears the answers; a time is from
before it publishes an image to the callback with the answer, all on one clock. The node's own part
is what it says in `latency`, from the stamp to the answer.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from conftest import Peer
from conversation import Conversation, age
from lifecycles import CAMERA_RATE, Usage
from node_process import TIMEOUT, NodeProcess

WARM_UP = 30  # images before those that count


class Camera:
    """Publishes one image again and again, and notes when the answers come."""

    def __init__(self, peer: Peer) -> None:
        from emotion_recognition.core.images.sources import open_source
        from emotion_recognition.msg import FaceEmotionArray
        from emotion_recognition.ros.messages.stamps import stamp_of

        self._peer = peer
        self._stamp_of = stamp_of
        self.times: dict[int, tuple[float, float]] = {}  # by stamp: seconds, and the node's part
        peer.node.create_subscription(FaceEmotionArray, "emotions", self._note, 100)
        self._conversation = Conversation(peer)
        self._message = self._conversation.message(next(iter(open_source("astronaut"))))

    def _note(self, answer: Any) -> None:  # noqa: ANN401
        now, stamp = time.time_ns(), self._stamp_of(answer.header)
        self.times[stamp] = (now - stamp) / 1e9, age(answer)

    def send(self, number: int) -> list[int]:
        """The stamps of so many images, sent at the camera's rate."""
        stamps = []
        due = time.monotonic()
        for _ in range(number):
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / CAMERA_RATE
            self._message.header.stamp = self._peer.node.get_clock().now().to_msg()
            stamps.append(self._stamp_of(self._message.header))
            self._conversation.send(self._message)
        return stamps


def cpu_seconds(pid: int) -> float:
    """The processor time that all threads of a process have taken so far."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[11:13]
    return sum(map(int, ticks)) / 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=900)
    parser.add_argument("--set", nargs="*", default=[], help="parameters, as name=value")
    arguments = parser.parse_args()
    parameters = dict(item.split("=", 1) for item in arguments.set)
    command = ["-m", "emotion_recognition.ros.emotion_node"]
    peer = Peer()
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        with NodeProcess(command, Path(folder, "log"), **parameters) as node:
            pid = node.process.pid
            camera = Camera(peer)
            while not camera.times:
                assert node.process.poll() is None, node.log
                assert time.monotonic() < started + TIMEOUT, f"no answer: {node.log}"
                camera.send(1)
            print(f"first answer {time.monotonic() - started:.2f} s after the start")
            camera.send(WARM_UP)
            before = cpu_seconds(pid)
            stamps = camera.send(arguments.images)
            time.sleep(1)
            cpu = (cpu_seconds(pid) - before) / len(stamps)
            usage = Usage.of(pid)
    peer.close()
    answered = [camera.times[stamp] for stamp in stamps if stamp in camera.times]
    for name, column in (("image to answer", 0), ("the node's part", 1)):
        p50, p95, p99 = np.percentile([times[column] for times in answered], [50, 95, 99]) * 1e3
        print(f"{name}: median {p50:.1f} ms, p95 {p95:.1f}, p99 {p99:.1f}")
    print(f"{len(stamps) - len(answered)} of {len(stamps)} images without an answer")
    print(
        f"{1e3 * cpu:.1f} ms of processor time an image; {usage.megabytes:.0f} MB resident, ",
        end="",
    )
    print(f"{usage.threads} threads")


if __name__ == "__main__":
    main()
