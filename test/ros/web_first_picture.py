#!/usr/bin/env python3
"""Measures how long a browser takes from the page's address to the first picture on the screen.

ROS_DOMAIN_ID=101 scripts/run python test/ros/web_first_picture.py --openings 24

A video_source publishes 640x480 at 15 Hz; nobody looks before an opening, so that web_view first
has to subscribe. Seconds since the browser asked for the address: until the page asks for its
WebSocket, until that is open, until the first picture has come and until it is drawn. Needs
playwright and a browser.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from node_process import TIMEOUT
from web_nodes import nodes_with_page
from web_viewer import page_address

sys.path.append(str(Path(__file__).parents[1]))
from browsers import opened_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STEPS = ("asked", "open", "came", "drawn")
#: Notes when the page does what it is watched for. An answer without a picture does not count.
WATCH = """
const note = (step) => { window.steps[step] ??= performance.now() / 1000; };
window.steps = {};
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    note('asked');
    super(...given);
    this.addEventListener('open', () => note('open'));
    this.addEventListener('message', ({ data }) => {
      if (data.byteLength > 4 + new DataView(data).getUint32(0)) note('came');
    });
  }
};
const draw = CanvasRenderingContext2D.prototype.drawImage;
CanvasRenderingContext2D.prototype.drawImage = function (...given) {
  draw.apply(this, given);
  note('drawn');
};
"""


def opening(browser: Browser, address: str) -> dict[str, float]:
    """The seconds to each of the steps."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(1000 * TIMEOUT)
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit")
    page.wait_for_function("() => window.steps.drawn")
    steps: dict[str, float] = page.evaluate("() => window.steps")
    context.close()
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--openings", type=int, default=24)
    parser.add_argument("--pause", type=float, default=1.5, help="seconds between two")
    arguments = parser.parse_args()
    print(" ".join(f"{step:>6}" for step in STEPS))
    with nodes_with_page() as (node, page), opened_browser() as browser:
        node.wait_for_log("Ready: ")
        address = page_address(page)
        times = []
        for _ in range(arguments.openings):
            time.sleep(arguments.pause)
            steps = opening(browser, address)
            times.append([steps[step] for step in STEPS])
            print(" ".join(f"{value:6.2f}" for value in times[-1]), flush=True)
    table = np.array(times)
    print(" ".join(f"{value:6.2f}" for value in np.median(table, axis=0)), "(medians)")
    print(" ".join(f"{value:6.2f}" for value in table.max(axis=0)), "(at most)")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
