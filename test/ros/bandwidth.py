"""Measures what a stream takes of the network between two hosts; run by hand, as root:

scripts/run python test/ros/bandwidth.py

Prints the table of docs/beyond_one_board.md. The bytes are those that the receiving network
interface counts, headers, repeats and discovery included.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from conversation import READY, counts
from node_process import NodeProcess
from two_hosts import Host, two_hosts

from emotion_recognition.core.images.sources import PHOTOGRAPH_FRAMES

RATE = 30.0
STREAMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("raw", {}),
    ("jpeg, quality 95", {"compressed.format": "jpeg"}),
    ("jpeg, quality 80", {"compressed.format": "jpeg", "compressed.jpeg_quality": 80}),
    ("png", {"compressed.format": "png"}),
)
SIZES = ((320, 240), (640, 480), (1280, 720))


def measure(
    board: Host, workstation: Host, folder: Path, size: tuple[int, int], parameters: dict[str, Any]
) -> tuple[float, int]:
    """Megabits per second at the stream's rate, and how many of its images arrived."""
    node = NodeProcess(
        ["-m", "emotion_recognition.ros.emotion_node"],
        folder / "node.log",
        python=workstation.python,
        image_transport="compressed" if parameters else "raw",
        max_rate=1.0,  # the network is measured, not the models
    )
    with node:
        node.wait_for_log(READY)
        before = workstation.received_bytes
        source = NodeProcess(
            ["-m", "emotion_recognition.ros.video_source"],
            folder / "source.log",
            python=board.python,
            rate=RATE,
            width=size[0],
            height=size[1],
            loop=False,
            wait_for_subscribers=1,
            **parameters,
        )
        assert source.wait() == 0, source.log
        received = workstation.received_bytes - before
        node.stop()
    return 8e-6 * received / PHOTOGRAPH_FRAMES * RATE, counts(node.log)["received"]


def main() -> None:
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "SUBNET"
    print(
        f"| {RATE:g} images a second |" + "".join(f" {width}x{height} |" for width, height in SIZES)
    )
    print("|---|" + "---|" * len(SIZES))
    for name, parameters in STREAMS:
        print(f"| {name} |", end="", flush=True)
        for size in SIZES:
            with TemporaryDirectory() as folder, two_hosts() as (board, workstation):
                megabits, images = measure(board, workstation, Path(folder), size, parameters)
            lost = PHOTOGRAPH_FRAMES - images
            print(f" {megabits:.1f} Mbit/s, {lost} lost |", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
