"""Sends a node what somebody has crafted or the radio has damaged, and good images in between:

scripts/run python test/ros/hostile_images.py --minutes 10

Prints what became of them: how long the answers to the good images took, and the node's memory.
Ends with 1 where more than one good image in a hundred got no answer, memory grew by more than
GROWTH from the first quarter of the time to the last, or the node did not end with exit code 0.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from conftest import Messages, Peer, isolation
from conversation import READY, Pixels, wait_until_known
from node_process import NodeProcess
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

from emotion_recognition.core.images.sources import open_source
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.messages.images import compress_message

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from crafted_images import COSTLY, HARMLESS, HOSTILE, JPEG, PNG

RATE = 30.0
GOOD_ONE_IN = 15
ANSWER_TIMEOUT = 20.0  # seconds; generous, because a busy machine is no failure
LOST_AT_MOST = 0.01  # of the good images; a busy transport loses one now and then
GROWTH = 50  # MB
MAX_LENGTH = 1_000_000  # bytes; more takes the transport's time, not the node's


@dataclass
class Report:
    """What became of the images, and of the node.

    delays: of each good image, in seconds until its answer came, infinity if none did. memory: in
    MB, about once a second.
    """

    sent: int = 0
    delays: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    exit_code: int | None = None

    @property
    def quarters(self) -> list[int]:
        """The mean memory of each quarter of the time."""
        return [round(float(part.mean())) for part in np.array_split(self.memory, 4)]

    @property
    def failures(self) -> list[str]:
        lost, growth = self.delays.count(math.inf), self.quarters[-1] - self.quarters[0]
        wrong = {
            f"{lost} of {len(self.delays)} good images without an answer": (
                lost > LOST_AT_MOST * len(self.delays)
            ),
            f"memory grew by {growth} MB": growth > GROWTH,
            f"exit code {self.exit_code}": self.exit_code != 0,
        }
        return [what for what, is_so in wrong.items() if is_so]

    def __str__(self) -> str:
        lost = self.delays.count(math.inf)
        delays = np.array([delay for delay in self.delays if delay < math.inf])
        p50, p99 = np.percentile(delays, (50, 99))
        return (
            f"{self.sent} images, {len(delays)} of them good, answered after {p50:.3f} s (p50), "
            f"{p99:.3f} s (p99), {delays.max():.3f} s (max), {(delays > 0.5).sum()} of them after "
            f"more than 0.5 s, {lost} more never; "
            f"memory of the node: {self.quarters} MB in each quarter of the time"
        )


def attack(node: NodeProcess, peer: Peer, good: Pixels, seconds: float, costly: bool) -> Report:
    """Sends images to a node on image_raw/compressed. good: uint8 (H, W, 3) BGR, with a face.

    costly: also what is allowed and takes long.
    """
    answers = peer.subscribe(FaceEmotionArray, "emotions")
    publisher = peer.publisher(CompressedImage, "image_raw/compressed")
    peer.wait_for_publisher("emotions")
    peer.wait_for_subscriber(publisher)
    wait_until_known(peer, "emotion_node")
    random = np.random.default_rng(0)
    crafted = [make() for make in HOSTILE.values()] + [make()[0] for make in HARMLESS.values()]
    crafted += [make() for make in COSTLY.values()] if costly else []
    crafted = [content for content in crafted if len(content) <= MAX_LENGTH]
    report = Report()
    end = time.monotonic() + seconds
    due = time.monotonic()
    while time.monotonic() < end:
        report.sent += 1
        stamp = peer.node.get_clock().now().to_msg()
        header = Header(stamp=stamp, frame_id="camera")
        if report.sent % GOOD_ONE_IN:
            content = (
                crafted[report.sent % len(crafted)] if random.random() < 0.5 else _damaged(random)
            )
            name = random.choice(["jpeg", "bgr8; jpeg compressed bgr8", f"codec {report.sent}"])
            publisher.publish(CompressedImage(header=header, format=str(name), data=content))
        else:
            report.delays.append(_ask(publisher, answers, good, header))
        if report.sent % round(RATE) == 0:
            report.memory.append(_memory(node))
        due = max(due + 1 / RATE, time.monotonic() - 1 / RATE)
        time.sleep(max(0.0, due - time.monotonic()))
    return report


def _ask(publisher: Any, answers: Messages, good: Pixels, header: Header) -> float:  # noqa: ANN401
    """Sends an image with a face and returns after how many seconds the answer has come.

    Infinity if none comes: the transport may lose an image, and no camera waits for an answer.
    """
    start = time.monotonic()
    publisher.publish(compress_message(good, "bgr8", "jpeg", 95, header))
    try:
        answer = answers.wait_for(lambda answer: answer.header == header, ANSWER_TIMEOUT)
    except AssertionError:
        return math.inf
    seconds = time.monotonic() - start
    assert answer.faces
    answers.all.clear()
    return seconds


def _damaged(random: np.random.Generator) -> bytes:
    data = bytearray([JPEG, PNG][random.integers(2)])
    for _ in range(random.integers(1, 8)):
        data[random.integers(len(data))] = random.integers(256)
    return bytes(
        data[: len(data) - int(random.integers(len(data)) if random.random() < 0.2 else 0)]
    )


def _memory(node: NodeProcess) -> int:
    """Resident, in MB."""
    status = Path(f"/proc/{node.process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    options = parser.parse_args()
    photograph = next(iter(open_source(width=320, height=240)))
    with isolation(), TemporaryDirectory() as folder:
        peer = Peer()
        try:
            node = NodeProcess(
                ["-m", "emotion_recognition.ros.emotion_node"],
                Path(folder) / "node.log",
                image_transport="compressed",
            )
            with node:
                node.wait_for_log(READY)
                report = attack(node, peer, photograph, 60 * options.minutes, costly=True)
                report.exit_code = node.stop()
                print(report)
                lines = node.log.splitlines()
                print(
                    f"exit code {report.exit_code}; {len(lines)} lines of log, of which the last:"
                )
                print(*lines[-3:], sep="\n")
        finally:
            peer.close()
    for failure in report.failures:
        print(f"FAILED: {failure}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
