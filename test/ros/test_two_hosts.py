"""The camera on one host, emotion_node on another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import StartNode
from conversation import READY, Pixels, counts
from two_hosts import Host, NoHostsError, two_hosts

IMAGES = 40


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    """That with the camera, and that with emotion_node."""
    try:
        with two_hosts() as hosts:
            yield hosts
    except NoHostsError as error:
        pytest.skip(f"no network namespaces here: {error}")


@pytest.fixture
def images(tmp_path: Path, face_image: Pixels) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(IMAGES):
        cv2.imwrite(str(folder / f"{number:02}.png"), face_image)
    return folder


def play_once(start_node: StartNode, board: Host, images: Path) -> None:
    """The camera's host publishes the images to the end, once somebody listens."""
    source = start_node(
        "video_source",
        python=board.python,
        source=images,
        rate=20.0,
        loop=False,
        wait_for_subscribers=1,
    )
    assert source.wait() == 0


@pytest.mark.parametrize(
    ("transport", "camera_has_profile"),
    [("raw", True), ("raw", False), ("compressed", True), ("compressed", False)],
)
def test_images_cross_the_network_and_are_answered(
    hosts: tuple[Host, Host],
    start_node: StartNode,
    images: Path,
    face_image: Pixels,
    monkeypatch: pytest.MonkeyPatch,
    transport: str,
    camera_has_profile: bool,
) -> None:
    board, workstation = hosts
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    node = start_node("emotion_node", python=workstation.python, image_transport=transport)
    node.wait_for_log(READY)
    if not camera_has_profile:  # as when a driver was started by hand
        for middleware in ("FASTDDS", "FASTRTPS"):
            monkeypatch.delenv(f"{middleware}_DEFAULT_PROFILES_FILE", raising=False)
    play_once(start_node, board, images)
    assert node.stop() == 0
    answered = counts(node.log)["answered"]
    assert answered >= IMAGES / 2
    assert counts(node.log)["rejected"] == counts(node.log)["failed"] == 0
    if transport == "raw":
        assert workstation.received_bytes > face_image.size * answered
    else:
        assert face_image.size < workstation.received_bytes < face_image.size * answered / 4


def test_without_multicast_hosts_that_name_each_other_meet(
    hosts: tuple[Host, Host], start_node: StartNode, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, workstation = hosts
    for host in hosts:
        host.ip("route", "del", "224.0.0.0/4")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_STATIC_PEERS", board.address)
    node = start_node("emotion_node", python=workstation.python, image_transport="compressed")
    node.wait_for_log(READY)
    monkeypatch.setenv("ROS_STATIC_PEERS", workstation.address)
    play_once(start_node, board, images)
    assert node.stop() == 0
    assert counts(node.log)["answered"] >= IMAGES / 2
