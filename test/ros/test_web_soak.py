"""The page stays as it is for as long as someone looks; see web_soak.py for the long form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")
pytest.importorskip("aiohttp", reason="needs aiohttp")

from conftest import Peer, StartNode
from web_robot import Robot
from web_soak import settled, show, watch
from web_viewer import WebViewer, page_address

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = 3000
SECONDS = 20.0
GROWTH = 0.5  # MB of JavaScript's heap, in the last two thirds of them


def test_web_view_does_not_grow_with_the_pictures_that_it_shows(
    start_node: StartNode, peer: Peer
) -> None:
    web_view = start_node("web_view", port=0)
    robot = Robot(peer)
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        result = show(robot, viewer, web_view, IMAGES)
    assert result.failures == []


def test_the_page_does_not_grow_with_the_pictures_that_it_shows(
    start_node: StartNode, browser: Browser
) -> None:
    start_node("video_source", rate=15.0, width=640)
    emotion_node, web_view = start_node("emotion_node"), start_node("web_view", port=0)
    samples = settled(list(watch(browser, emotion_node, web_view, SECONDS)))
    assert samples[-1].elements == samples[0].elements
    assert samples[-1].heap - samples[0].heap < GROWTH
