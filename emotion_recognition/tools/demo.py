"""The main job in one command: real nodes in their own processes, watched over ROS.

A `video_source` node stands in for the camera and publishes `image_raw`; an `emotion_node` answers
on `emotions`. This program subscribes to both, shows a live table, and writes what it saw as
emotions.mp4 and emotions.png.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.image import decode_image
from emotion_recognition.core.overlay import draw_faces
from emotion_recognition.core.types import Box, Emotion, Face
from emotion_recognition.tools.annotated_copy import TimedVideo

if TYPE_CHECKING:
    from rclpy.node import Node
    from rich.table import Table
    from sensor_msgs.msg import Image

    from emotion_recognition.msg import FaceEmotionArray

Stamp = tuple[int, int]

VIDEO_RATE = 30.0  # frames per second of emotions.mp4


@dataclass
class Recording:
    """Pairs answers with the images that they belong to, and keeps count.

    Images wait for their answer in a small buffer; most are skipped by a node that takes only the
    newest one, and fall out of it.
    """

    output: Path
    images: dict[Stamp, Image] = field(default_factory=dict)
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    latencies: deque[float] = field(default_factory=lambda: deque(maxlen=60))
    answers: int = 0
    answers_with_face: int = 0
    faces: tuple[Face, ...] = ()
    model: str = ""
    best: tuple[float, NDArray[np.uint8]] | None = None
    first_time: float | None = None
    video: TimedVideo = field(init=False)

    def __post_init__(self) -> None:
        self.video = TimedVideo(self.output / "emotions.mp4", VIDEO_RATE)

    def add_image(self, message: Image) -> None:
        self.images[_stamp(message)] = message
        while len(self.images) > 60:
            del self.images[next(iter(self.images))]

    def add_answer(self, message: FaceEmotionArray) -> None:
        self.answers += 1
        self.faces = faces_from_message(message)
        self.answers_with_face += bool(self.faces)
        self.model = message.model
        self.arrivals.append(time.monotonic())
        self.latencies.append(message.latency.sec + message.latency.nanosec * 1e-9)
        image = self.images.pop(_stamp(message), None)
        if image is not None:
            self._write(image)

    def _write(self, image: Image) -> None:
        pixels = decode_image(image.encoding, image.width, image.height, image.step, image.data)
        annotated = draw_faces(pixels, self.faces)
        seconds, nanoseconds = _stamp(image)
        time_taken = seconds + nanoseconds * 1e-9
        if self.first_time is None:
            self.first_time = time_taken
        self.video.add(annotated, time_taken - self.first_time)
        confidence = sum(face.emotion.confidence for face in self.faces)
        if self.best is None or confidence > self.best[0]:
            self.best = (confidence, annotated)

    def finish(self) -> list[Path]:
        """Closes the video, writes the picture of the surest answer; the files that now exist."""
        self.video.close()
        if self.best is not None:
            cv2.imwrite(str(self.output / "emotions.png"), self.best[1])
        files = (self.output / "emotions.mp4", self.output / "emotions.png")
        return [path for path in files if path.exists()]

    @property
    def rate(self) -> float:
        """Answers per second, lately."""
        if len(self.arrivals) < 2:
            return 0.0
        return (len(self.arrivals) - 1) / (self.arrivals[-1] - self.arrivals[0])

    @property
    def latency(self) -> float:
        """Median seconds from an image's stamp to its answer, lately."""
        return float(np.median(self.latencies)) if self.latencies else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Watch faces and their emotions on /emotions.")
    parser.add_argument(
        "source", nargs="?", default="", help="video, image, folder or webcam index"
    )
    parser.add_argument("--seconds", type=float, default=12.0, help="end after this time")
    parser.add_argument("--backend", default="auto", help="auto, onnxruntime, torch or opencv")
    parser.add_argument(
        "--output", type=Path, default=Path("demo_output"), help="folder to write to"
    )
    options = parser.parse_args()
    try:
        import rclpy

        import emotion_recognition.msg  # noqa: F401
    except ImportError as error:
        sys.exit(f"emotion_demo: {error}: it needs ROS 2 and this package built with colcon")

    options.output.mkdir(parents=True, exist_ok=True)
    for name in ("emotions.mp4", "emotions.png"):
        (options.output / name).unlink(missing_ok=True)
    recording = Recording(options.output)
    source = [f"source:={options.source}"] if options.source else []
    rclpy.init()
    try:
        node = rclpy.create_node("emotion_demo")
        _subscribe(node, recording)
        with (
            running("emotion_node", [f"backend:={options.backend}"]) as emotion_node,
            running("video_source", [*source, "loop:=true"]) as video_source,
        ):
            watch(node, recording, options.seconds, [emotion_node, video_source])
    except KeyboardInterrupt:
        pass
    finally:
        rclpy.try_shutdown()
    sys.exit(report(recording))


def _subscribe(node: Node, recording: Recording) -> None:
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import Image

    from emotion_recognition.msg import FaceEmotionArray

    node.create_subscription(Image, "image_raw", recording.add_image, QoSProfile(depth=5))
    node.create_subscription(FaceEmotionArray, "emotions", recording.add_answer, 10)


@contextmanager
def running(name: str, parameters: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A node of this package in a process of its own, interrupted at the end."""
    command = [sys.executable, "-m", f"emotion_recognition.ros.{name}"]
    if parameters:
        command += ["--ros-args", *(word for item in parameters for word in ("-p", item))]
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def watch(
    node: Node,
    recording: Recording,
    seconds: float,
    processes: list[subprocess.Popen[bytes]],
) -> None:
    """Spins and shows a table until the time after the first answer is over or a node has ended."""
    import rclpy
    from rich.console import Console
    from rich.live import Live

    console = Console()
    start_limit = time.monotonic() + 60
    end = None
    next_line = 0.0
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while (now := time.monotonic()) < (end or start_limit):
            rclpy.spin_once(node, timeout_sec=0.1)
            if end is None and recording.answers:
                end = now + seconds
            if any(process.poll() is not None for process in processes):
                return
            if not recording.answers:
                continue
            if console.is_terminal:
                live.update(table(recording), refresh=True)
            elif now >= next_line:
                next_line = now + 1
                console.print(summary(recording), highlight=False, soft_wrap=True)


def table(recording: Recording) -> Table:
    from rich.table import Table

    title = f"/emotions   {recording.rate:.1f} per second   {1e3 * recording.latency:.0f} ms"
    result = Table(title=f"{title}   {recording.model}")
    columns = ("box (pixels)", "score", "emotion", "neutral", "angry", "surprised", "happy")
    for column in columns:
        result.add_column(column, min_width=8)
    for face in recording.faces:
        box = face.box
        place = f"{box.x1:.0f},{box.y1:.0f} {box.width:.0f}x{box.height:.0f}"
        probabilities = [f"{value:.2f}" for value in face.probabilities]
        result.add_row(place, f"{face.score:.2f}", face.emotion.label, *probabilities)
    return result


def summary(recording: Recording) -> str:
    """The table in one line, for a log."""
    faces = "; ".join(
        f"{face.emotion.label} {face.emotion.confidence:.0%} at "
        f"({face.box.x1:.0f}, {face.box.y1:.0f}) {face.box.width:.0f}x{face.box.height:.0f}"
        for face in recording.faces
    )
    head = f"{recording.rate:5.1f} per second  {1e3 * recording.latency:4.0f} ms"
    count = len(recording.faces)
    return f"{head}  {count} face{'s' * (count != 1)}{': ' * bool(faces)}{faces}"


def report(recording: Recording) -> int:
    """Prints what was seen; the exit code: 1 if there was no answer, or no face in any of them."""
    files = recording.finish()
    print(
        f"{recording.answers} answers on /emotions from {recording.model or 'no model'}, "
        f"{recording.answers_with_face} with a face; "
        f"{recording.rate:.1f} per second, median latency {1e3 * recording.latency:.0f} ms"
    )
    for path in files:
        print(f"look at {path}")
    if not recording.answers_with_face:
        print("no face was received over ROS", file=sys.stderr)
        return 1
    return 0


def faces_from_message(message: FaceEmotionArray) -> tuple[Face, ...]:
    """The faces of a message as the pipeline's own type."""
    faces = []
    for face in message.faces:
        roi = face.roi
        x, y = float(roi.x_offset), float(roi.y_offset)
        faces.append(
            Face(
                Box(x, y, x + roi.width, y + roi.height),
                face.detection_score,
                tuple(float(value) for value in face.probabilities),
                Emotion(face.emotion, face.label, face.confidence),
                face.track_id,
            )
        )
    return tuple(faces)


def _stamp(message: Image | FaceEmotionArray) -> Stamp:
    return message.header.stamp.sec, message.header.stamp.nanosec


if __name__ == "__main__":
    main()
