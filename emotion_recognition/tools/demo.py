"""The main job in one command: real nodes in their own processes, watched over ROS.

A `video_source` node stands in for the camera and publishes `image_raw`; an `emotion_node` answers
on `emotions`. This program subscribes to both, shows a live table, and writes what it saw as
emotions.mp4 and emotions.png.
"""

from __future__ import annotations

import argparse
import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_recognition.tools import option_values

if TYPE_CHECKING:
    from rclpy.node import Node
    from rich.table import Table

    from emotion_recognition.tools.recording import Recording


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Watch faces and their emotions on /emotions.")
    parser.add_argument(
        "source", nargs="?", default="", help="video, image, folder or webcam index"
    )
    parser.add_argument(
        "--seconds", type=option_values.positive, default=12.0, help="end after this time"
    )
    parser.add_argument(
        "--backend", default="auto", help="auto, onnxruntime, ncnn, torch or opencv"
    )
    parser.add_argument(
        "--web",
        action="store_true",
        help="show the answers in a browser too, at the address in the log, until Ctrl-C",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("demo_output"), help="folder to write to"
    )
    options = parser.parse_args(arguments)
    try:
        import rclpy
        from rclpy.executors import ExternalShutdownException

        # It needs the messages; their absence is reported here and not by a traceback.
        from emotion_recognition.ros.process.log_file import without_log_file
        from emotion_recognition.tools.recording import Recording
    except ImportError as error:
        sys.exit(f"emotion_demo: {error}: it needs ROS 2 and this package built with colcon")

    try:
        recording = Recording(options.output, longest=options.seconds)
    except OSError as error:
        sys.exit(f"emotion_demo: cannot write to --output: {error}")
    source = [text_parameter("source", options.source)] if options.source else []
    has_ended = False
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the end is that of Ctrl-C
    rclpy.init(args=without_log_file())
    try:
        node = rclpy.create_node("emotion_demo")
        _subscribe(node, recording)
        nodes = {
            "emotion_node": [text_parameter("backend", options.backend)],
            "video_source": [*source, "loop:=true"],
            **({"web_view": []} if options.web else {}),
        }
        with ExitStack() as stack:
            started = [stack.enter_context(running(*item)) for item in nodes.items()]
            seconds = math.inf if options.web else options.seconds
            has_ended = watch(node, recording, seconds, started)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        rclpy.try_shutdown()
    code = report(recording)
    if has_ended:
        print("emotion_demo: a node has ended by itself; see its messages above", file=sys.stderr)
    sys.exit(code or has_ended)


def _subscribe(node: Node, recording: Recording) -> None:
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import Image

    from emotion_recognition.msg import FaceEmotionArray

    node.create_subscription(Image, "image_raw", recording.add_image, QoSProfile(depth=5))
    node.create_subscription(FaceEmotionArray, "emotions", recording.add_answer, 10)


def text_parameter(name: str, value: str) -> str:
    """A parameter whose value is this text, whatever YAML would make of it."""
    return f"{name}:={json.dumps(value, ensure_ascii=False)}"


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
) -> bool:
    """Spins and shows a table until the time after the first answer is over or a node has ended.

    Returns whether one has.
    """
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
                return True
            if not recording.answers:
                continue
            if console.is_terminal:
                live.update(table(recording), refresh=True)
            elif now >= next_line:
                next_line = now + 1
                console.print(summary(recording), highlight=False, soft_wrap=True)
    return False


def table(recording: Recording) -> Table:
    from rich.table import Table

    title = f"/emotions   {recording.rate:.1f} per second   {1e3 * recording.latency:.0f} ms"
    result = Table(title=f"{title}   {recording.model}")
    for column in ("box (pixels)", "score", "emotion", *recording.labels):
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


if __name__ == "__main__":
    main()
