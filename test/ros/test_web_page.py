"""The page in a real browser, with real nodes behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")
pytest.importorskip("aiohttp", reason="needs aiohttp")

from conftest import TIMEOUT, StartNode
from web_viewer import page_address

from emotion_recognition.core.images.overlay import COLORS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: The left edge of what has the colour of happiness, in pixels of the picture; -1: nothing.
LEFT_EDGE = """([red, green, blue]) => {
  const canvas = document.getElementById('picture');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let left = -1;
  for (let i = 0; i < data.length; i += 4) {
    const x = (i / 4) % canvas.width;
    const difference = Math.abs(data[i] - red) + Math.abs(data[i + 1] - green)
      + Math.abs(data[i + 2] - blue);
    if (difference < 10 && (left < 0 || x < left)) left = x;
  }
  return left;
}"""
STATUS = "text => document.getElementById('text').textContent.startsWith(text)"


def left_edge(page: Page) -> Any:  # noqa: ANN401
    return page.evaluate(LEFT_EDGE, list(COLORS["happy"][::-1]))


def test_a_box_appears_and_follows_and_the_node_dies_and_comes_back(
    start_node: StartNode, browser: Browser
) -> None:
    emotion_node = start_node("emotion_node")
    start_node("video_source", rate=10.0, width=640)
    web_view = start_node("web_view", port=0)
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT * 1000)
    page.goto(page_address(web_view))
    page.wait_for_selector(".face .chosen")
    assert "happy" in page.inner_text(".face .chosen")
    page.wait_for_function(STATUS, arg="Answering images")

    edges = set()
    while len(edges) < 3:  # the photograph is panned over
        edges.add(left_edge(page))
        page.wait_for_timeout(200)
    assert all(edge >= 0 for edge in edges)

    emotion_node.process.kill()
    emotion_node.wait()
    page.wait_for_selector("#notice:has-text('No answer for')")
    page.wait_for_function(STATUS, arg="'/emotion_node' is silent")
    emotion_node = start_node("emotion_node")
    page.wait_for_function(STATUS, arg="Answering images")
    page.wait_for_selector("#notice", state="hidden")

    assert web_view.stop() == 0
    page.wait_for_selector("#notice:has-text('Trying again')")
    page.close()
