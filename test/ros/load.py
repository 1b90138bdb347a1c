#!/usr/bin/env python3
"""Measures emotion_node under load: several cameras, crowds, sizes of images.

ROS_DOMAIN_ID=101 scripts/run python test/ros/load.py --seconds 20 --plot load.png

Cameras, each a video_source of its own, publish at 30 Hz; an emotion_node for each of them, all in
one process, answers. A row is of the seconds after a warm-up. rate: answers a second and camera.
latency: from an image's stamp to its answer's publication, by the node. unanswered: of the images
due, those that newer ones replaced, were lost, or that the camera was too slow to send. MB and
cores: of the node's process. Ends with 1 where a camera got no answer, where another number of
faces was found than there are, or where the node did not end with exit code 0.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from conftest import Peer
from conversation import Pixels, age
from latency import cpu_seconds
from lifecycles import CAMERA_RATE, Usage
from node_process import NodeProcess

from emotion_recognition.core.images.sources import open_source
from emotion_recognition.msg import FaceEmotionArray

WARM_UP = 5.0  # seconds
CAMERAS = (1, 2, 4, 8)
FACES = (0, 1, 5, 15, 30)
SIZES = ((160, 120), (320, 240), (640, 480), (1280, 720), (1920, 1080), (3840, 2160))
USUAL = (640, 480)
PERCENTILES = {"p50": "#009e73", "p95": "#e69f00", "p99": "#d55e00"}  # and their colours


@dataclass(frozen=True)
class Load:
    """What a node has to bear."""

    cameras: int = 1
    faces: int = 1
    size: tuple[int, int] = USUAL


@dataclass(frozen=True)
class Row:
    """What came of it; latencies in seconds, `found` the faces in an image, by their median."""

    load: Load
    rate: float
    latencies: tuple[float, float, float]
    unanswered: float
    megabytes: float
    cores: float
    found: float
    load_average: float
    exit_code: int
    unheard: int  # cameras without an answer

    @property
    def failures(self) -> list[str]:
        wrong = {
            f"{self.unheard} cameras without an answer": self.unheard > 0,
            f"{self.found:.0f} faces found": self.found != self.load.faces,
            f"exit code {self.exit_code}": self.exit_code != 0,
        }
        return [what for what, is_so in wrong.items() if is_so]

    def __str__(self) -> str:
        cells = (
            f"{self.load.cameras}",
            f"{self.load.faces} ({self.found:.0f})",
            "{}x{}".format(*self.load.size),
            f"{self.rate:.1f}",
            *(f"{1e3 * latency:.0f}" for latency in self.latencies),
            f"{100 * self.unanswered:.0f} %",
            f"{self.megabytes:.0f}",
            f"{self.cores:.2f}",
            f"{self.load_average:.1f}",
        )
        return f"| {' | '.join(cells)} |"


HEADER = (
    "| cameras | faces (found) | size | rate (Hz) | p50 (ms) | p95 | p99 "
    "| unanswered | MB | cores | load average |\n" + "|---" * 11 + "|"
)


def crowd(faces: int, size: tuple[int, int]) -> Pixels:
    """The face of the photograph so many times, in rows, on gray; uint8 (H, W, 3) BGR."""
    width, height = size
    image = np.full((height, width, 3), 128, np.uint8)
    if not faces:
        return image
    photograph = next(iter(open_source("astronaut")))
    side = round(0.47 * min(photograph.shape[:2]))
    left = round(0.2 * photograph.shape[1])
    face = photograph[:side, left : left + side]
    columns = int(np.ceil(np.sqrt(faces * width / height)))
    rows = -(-faces // columns)
    tile = min(width // columns, height // rows)
    small = cv2.resize(face, (tile, tile), interpolation=cv2.INTER_AREA)
    for number in range(faces):
        row, column = divmod(number, columns)
        image[row * tile : (row + 1) * tile, column * tile : (column + 1) * tile] = small
    return image


def measure(load: Load, seconds: float, folder: Path) -> Row:
    """The row of one load."""
    picture = folder / "crowd.png"
    cv2.imwrite(str(picture), crowd(load.faces, load.size))
    names = [f"camera{number}" for number in range(load.cameras)]
    module = "emotion_recognition.ros"
    peer = Peer()
    with ExitStack() as stack:
        stack.callback(peer.close)
        answers = {name: peer.subscribe(FaceEmotionArray, f"/{name}/emotions") for name in names}
        node = stack.enter_context(
            NodeProcess(
                ["-m", f"{module}.multi_camera_node"],
                folder / "node.log",
                cameras=f"[{', '.join(names)}]",
            )
        )
        node.wait_for_log(f"'/{names[-1]}/emotions'")
        for name in names:
            stack.enter_context(
                NodeProcess(
                    ["-m", f"{module}.video_source"],
                    folder / f"{name}.log",
                    ros_args=["-r", f"__ns:=/{name}"],
                    source=picture,
                    rate=CAMERA_RATE,
                    width=load.size[0],
                )
            )
        for name in names:
            answers[name].wait_for(lambda _: True)
        time.sleep(WARM_UP)
        before, started = cpu_seconds(node.process.pid), time.monotonic()
        for messages in answers.values():
            messages.all.clear()
        time.sleep(seconds)
        elapsed = time.monotonic() - started
        cores = (cpu_seconds(node.process.pid) - before) / elapsed
        heard = [message for messages in answers.values() for message in list(messages.all)]
        memory = Usage.of(node.process.pid).megabytes
        unheard = sum(not messages.all for messages in answers.values())
        exit_code = node.stop()
    ages = [age(message) for message in heard]
    p50, p95, p99 = np.percentile(ages or [np.nan], (50, 95, 99))
    rate = len(heard) / elapsed / load.cameras
    return Row(
        load,
        rate,
        (float(p50), float(p95), float(p99)),
        max(0.0, 1 - rate / CAMERA_RATE),
        memory,
        cores,
        float(np.median([len(message.faces) for message in heard] or [np.nan])),
        os.getloadavg()[0],
        exit_code,
        unheard,
    )


def plot(rows: Sequence[Row], file: Path) -> None:
    """Rate and latency over each of the three loads."""
    from matplotlib.figure import Figure

    figure = Figure((12, 6), layout="constrained")
    axes = figure.subplots(2, 3, sharey="row")
    series = {
        "cameras": [(row.load.cameras, row) for row in rows if row.load == Load(row.load.cameras)],
        "faces": [(row.load.faces, row) for row in rows if row.load == Load(faces=row.load.faces)],
        "megapixels": [
            (row.load.size[0] * row.load.size[1] / 1e6, row)
            for row in rows
            if row.load == Load(size=row.load.size)
        ],
    }
    for column, (name, points) in enumerate(series.items()):
        points = sorted(points, key=lambda point: point[0])
        where = [place for place, _ in points]
        above, below = axes[0, column], axes[1, column]
        above.plot(where, [row.rate for _, row in points], "o-", color="#0072b2")
        for index, label in enumerate(("p50", "p95", "p99")):
            values = [1e3 * row.latencies[index] for _, row in points]
            below.plot(
                where, values, "o-", label=label, color=("#009e73", "#e69f00", "#d55e00")[index]
            )
        above.set_ylim(0, CAMERA_RATE + 2)
        below.set_yscale("log")
        below.set_xlabel(name)
        for axis in (above, below):
            axis.grid(alpha=0.3)
    axes[0, 0].set_ylabel("answers a second and camera")
    axes[1, 0].set_ylabel("latency (ms)")
    axes[1, 0].legend()
    figure.savefig(file, dpi=110)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="of each row")
    parser.add_argument("--plot", type=Path, help="a PNG file")
    arguments = parser.parse_args()
    loads = dict.fromkeys(
        [
            *(Load(cameras=cameras) for cameras in CAMERAS),
            *(Load(faces=faces) for faces in FACES),
            *(Load(size=size) for size in SIZES),
        ]
    )
    rows = []
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder:
        for load in loads:
            rows.append(measure(load, arguments.seconds, Path(folder)))
            print(rows[-1], flush=True)
            for failure in rows[-1].failures:
                print(f"FAILED: {failure}", flush=True)
    if arguments.plot:
        plot(rows, arguments.plot)
    return 1 if any(row.failures for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
