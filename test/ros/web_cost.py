#!/usr/bin/env python3
"""Measures the processor time that web_view takes for one viewer, beside that of emotion_node.

ROS_DOMAIN_ID=101 scripts/run python test/ros/web_cost.py --seconds 30

A video_source publishes images at 15 Hz; each node is a process of its own, as with `web:=true`.
The viewer confirms every picture at once. Both figures are of the same seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from conftest import isolation
from latency import cpu_seconds
from node_process import NodeProcess
from web_viewer import WebViewer, page_address

WARM_UP = 5.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=15.0, help="images a second")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--transport", choices=("raw", "compressed"), default="raw")
    parser.add_argument("--set", nargs="*", default=[], help="parameters of web_view, name=value")
    arguments = parser.parse_args()
    parameters = dict(item.split("=", 1) for item in arguments.set)
    transport = {"image_transport": arguments.transport}
    with isolation(), tempfile.TemporaryDirectory() as folder:

        def start(name: str, **options: object) -> NodeProcess:
            command = ["-m", f"emotion_recognition.ros.{name}"]
            return NodeProcess(command, Path(folder, f"{name}.log"), **options)

        camera = {"rate": arguments.rate, "width": arguments.width}
        with (
            start("video_source", **camera),
            start("emotion_node", **transport) as node,
            start("web_view", port=0, **transport, **parameters) as page,
            WebViewer(page_address(page)) as viewer,
        ):
            viewer.wait_for_answer(lambda seen: seen.picture is not None)
            time.sleep(WARM_UP)
            for _ in range(arguments.runs):
                pids = (page.process.pid, node.process.pid)
                before, begun = list(map(cpu_seconds, pids)), len(viewer.answers)
                time.sleep(arguments.seconds)
                taken = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
                shown = viewer.answers[begun:]
                pictures = sum(seen.picture is not None for seen in shown)
                print(
                    f"web_view {taken[0]:.2f} s, emotion_node {taken[1]:.2f} s of "
                    f"{arguments.seconds:g} s: {100 * taken[0] / taken[1]:.0f} %; "
                    f"{len(shown) / arguments.seconds:.1f} answers/s, {pictures} pictures of "
                    f"{len(shown)}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
