#!/usr/bin/env python3
"""Keeps the page open in a browser, and tells whether memory grows on either side.

ROS_DOMAIN_ID=101 scripts/run python test/ros/web_soak.py --minutes 60

A video_source publishes 640x480 at 15 Hz. MB: resident memory of emotion_node and of web_view
without shared memory, the page's JavaScript heap after a garbage collection, and resident memory of
the browser's process that shows it. Each is fitted with a line, by least squares, after the first
five minutes, or the first third of a shorter run. Needs playwright and a browser.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from lifecycles import Usage
from node_process import TIMEOUT, NodeProcess
from soak import Soak, settling, slope_an_hour
from web_nodes import nodes_with_page
from web_robot import Robot, answer, image
from web_viewer import WebViewer, page_address

sys.path.append(str(Path(__file__).parents[1]))
from browsers import opened_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SAMPLES = 240  # in all, at most
SHORTEST_PAUSE = 1.0  # seconds between two
SENT_AT_ONCE = 3  # images with answers: less than wait at most


@dataclass(frozen=True)
class Held:
    """Megabytes, and elements of the page, at a time in seconds since the first picture."""

    seconds: float
    emotion_node: float
    web_view: float
    heap: float
    renderer: float
    elements: float


def own_megabytes(process: NodeProcess) -> float:
    """Resident memory without what is shared with other processes."""
    usage = Usage.of(process.process.pid)
    return usage.megabytes - usage.shared


def watch(browser: Browser, node: NodeProcess, page: NodeProcess, seconds: float) -> Iterator[Held]:
    """What is held while a browser shows the page for so long."""
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(1000 * TIMEOUT)
    tab.goto(page_address(page))
    tab.wait_for_selector(".face .chosen")
    protocol, whole = context.new_cdp_session(tab), browser.new_browser_cdp_session()
    begun = time.monotonic()
    while (passed := time.monotonic() - begun) < seconds:
        protocol.send("HeapProfiler.collectGarbage")
        processes = whole.send("SystemInfo.getProcessInfo")["processInfo"]
        renderers = [Usage.of(item["id"]) for item in processes if item["type"] == "renderer"]
        yield Held(
            passed,
            own_megabytes(node),
            own_megabytes(page),
            protocol.send("Runtime.getHeapUsage")["usedSize"] / 1e6,
            sum(usage.megabytes for usage in renderers),
            tab.evaluate("() => document.getElementsByTagName('*').length"),
        )
        tab.wait_for_timeout(1000 * max(SHORTEST_PAUSE, seconds / SAMPLES))
    context.close()


def show(robot: Robot, viewer: WebViewer, page: NodeProcess, images: int) -> Soak:
    """What web_view holds while it gets so many images and answers; ends the node.

    The viewer is shown each third at least; the next come when it has that.
    """
    result, begun = Soak(), time.monotonic()
    every = max(SENT_AT_ONCE, images // 100)
    for number in range(1, images + 1):
        robot.images.publish(image(number))
        robot.answers.publish(answer(number))
        if number % SENT_AT_ONCE:
            continue
        viewer.wait_for_answer(lambda seen, number=number: seen.answer["faces"][0]["id"] == number)
        viewer.answers.clear()
        result.answered = number
        if number % every < SENT_AT_ONCE:
            result.samples.append((time.monotonic() - begun, Usage.of(page.process.pid)))
    result.exit_code = page.stop()
    return result


def settled(samples: list[Held]) -> list[Held]:
    """Those after memory has found its size."""
    start = settling(samples[-1].seconds)
    return [sample for sample in samples if sample.seconds >= start]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    arguments = parser.parse_args()
    names = [field.name for field in fields(Held)]
    print(" ".join(f"{name:>12}" for name in names))
    samples: list[Held] = []
    with nodes_with_page() as (node, page), opened_browser() as browser:
        for sample in watch(browser, node, page, 60 * arguments.minutes):
            samples.append(sample)
            print(" ".join(f"{value:12.2f}" for value in astuple(sample)), flush=True)
    table = np.array([astuple(sample) for sample in settled(samples)])
    for column, name in enumerate(names[1:], 1):
        values = table[:, column]
        slope = slope_an_hour(table[:, 0], values)
        print(f"{name}: {values[0]:.2f} to {values[-1]:.2f}, {slope:+.2f} an hour")


if __name__ == "__main__":
    main()
