#!/usr/bin/env python3
"""Puts a bad network between the camera's host and emotion_node's, and tells what arrives.

ROS_DOMAIN_ID=101 scripts/run python test/ros/network.py --seconds 10

Needs root, for two hosts with a network each, and /dev/net/tun for the link between them. For each
row the camera publishes 320x240 over a good link for a while, then a bad one for as many
seconds, then a good one again. Answers are heard on the node's host. answered: of the images due
while the link was bad. latency: from the image's stamp to its answer. recovered: seconds from the
end of the fault to the first answer to an image that was taken after it. Ends with 1 where
answers did not come back, or a process did not end with exit code 0.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from conversation import READY
from node_process import NodeProcess
from two_hosts import BadLink, Host, two_hosts_apart

RECOVER_WITHIN = 20.0  # seconds
SCRIPT = Path(__file__).resolve()


@dataclass(frozen=True)
class Fault:
    """Of a link: the share of packets lost, and seconds that the others take, each way."""

    loss: float = 0.0
    delay: float = 0.0

    def __str__(self) -> str:
        if self.loss:
            return f"{self.loss:.0%} lost"
        return f"{1e3 * self.delay:.0f} ms late" if self.delay else "good"


FAULTS = (Fault(), Fault(0.1), Fault(0.2), Fault(0.3), Fault(delay=0.1))


@dataclass(frozen=True)
class Row:
    """What came of a fault; times in seconds, latencies p50 and p95, NaN where there are none."""

    transport: str
    fault: Fault
    answered: float
    latencies: tuple[float, float]
    recovered: float
    rate_afterwards: float
    exit_codes: tuple[int, ...]

    @property
    def is_well(self) -> bool:
        return self.recovered < RECOVER_WITHIN and not any(self.exit_codes)

    def __str__(self) -> str:
        p50, p95 = self.latencies
        cells = (
            self.transport,
            str(self.fault),
            f"{self.answered:.0%}",
            f"{1e3 * p50:.0f}",
            f"{1e3 * p95:.0f}",
            f"{self.recovered:.1f}",
            f"{self.rate_afterwards:.1f}",
            f"{os.getloadavg()[0]:.0f}",
        )
        return f"| {' | '.join(cells)} |"


HEADER = (
    "| transport | link | answered | p50 (ms) | p95 | recovered (s) | then (Hz) | load average |\n"
    + "|---" * 8
    + "|"
)


def listen() -> None:
    """Prints a line for each answer: when its image was taken, and when it came."""
    import rclpy

    from emotion_recognition.msg import FaceEmotionArray

    def heard(message: FaceEmotionArray) -> None:
        stamp = message.header.stamp
        print(stamp.sec + stamp.nanosec / 1e9, time.time(), flush=True)

    rclpy.init()
    node = rclpy.create_node("listener")
    node.create_subscription(FaceEmotionArray, "emotions", heard, 1000)
    with contextlib.suppress(KeyboardInterrupt, rclpy.executors.ExternalShutdownException):
        rclpy.spin(node)


def answers(listener: NodeProcess) -> list[tuple[float, float]]:
    """When the images were taken, and their answers heard, so far."""
    lines = [line.split() for line in listener.log.splitlines()]
    return [(float(line[0]), float(line[1])) for line in lines if len(line) == 2]


def wait_for_answer(listener: NodeProcess, taken_after: float, seconds: float) -> float:
    """Seconds from a moment to the first answer to an image taken after it; infinity for none."""
    while time.time() < taken_after + seconds:
        later = [heard for taken, heard in answers(listener) if taken > taken_after]
        if later:
            return later[0] - taken_after
        time.sleep(0.1)
    return float("inf")


def measure(
    board: Host,
    workstation: Host,
    link: BadLink,
    transport: str,
    fault: Fault,
    rate: float,
    seconds: float,
) -> Row:
    """A camera and a node over a link that is good, bad and good again."""
    module = "emotion_recognition.ros"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            NodeProcess(
                ["-m", f"{module}.emotion_node"],
                folder / "node",
                python=workstation.python,
                image_transport=transport,
            ) as node,
            NodeProcess(
                [str(SCRIPT), "--listen"], folder / "listener", python=workstation.python
            ) as listener,
        ):
            node.wait_for_log(READY)
            with NodeProcess(
                ["-m", f"{module}.video_source"],
                folder / "camera",
                python=board.python,
                rate=rate,
                width=320,
                height=240,
            ) as camera:
                first = wait_for_answer(listener, time.time(), 60.0)
                assert first < 60.0, f"no answers over a good link:\n{node.log}\n{camera.log}"
                time.sleep(2.0)
                began = time.time()
                link.set(fault.loss, fault.delay)
                time.sleep(seconds)
                ended = time.time()
                link.set(0.0, 0.0)
                recovered = wait_for_answer(listener, ended, RECOVER_WITHIN)
                steady = time.time()
                time.sleep(seconds / 2)
                then = sum(heard > steady for _, heard in answers(listener)) / (
                    time.time() - steady
                )
                codes = (camera.stop(), node.stop())
            all_answers = answers(listener)
    during = [heard - taken for taken, heard in all_answers if began < taken < ended]
    p50, p95 = np.percentile(during, (50, 95)) if during else (np.nan, np.nan)
    share = len(during) / (rate * (ended - began))
    return Row(transport, fault, min(1.0, share), (float(p50), float(p95)), recovered, then, codes)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=10.0, help="of each fault")
    parser.add_argument(
        "--rate", type=float, default=15.0, help="of the camera, in images a second"
    )
    parser.add_argument("--listen", action="store_true", help=argparse.SUPPRESS)
    given, _ = parser.parse_known_args(arguments)
    if given.listen:
        listen()
        return 0
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "SUBNET"
    print(HEADER, flush=True)
    rows = []
    for transport in ("raw", "compressed"):
        for fault in FAULTS:
            with two_hosts_apart() as (board, workstation, link):
                ends = board, workstation, link
                rows.append(measure(*ends, transport, fault, given.rate, given.seconds))
            print(rows[-1], flush=True)
    return 0 if all(row.is_well for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
