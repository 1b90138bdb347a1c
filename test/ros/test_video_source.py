"""video_source as a process of its own, and both nodes on a recording."""

from __future__ import annotations

import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from conftest import ROOT, Peer, StartNode
from sensor_msgs.msg import CompressedImage, Image

CLIP = ROOT.parent / "shared/data/video/intel_head-pose-face-detection-male.mp4"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for value in range(20):
        cv2.imwrite(str(tmp_path / f"{value:02}.png"), np.full((48, 64, 3), value * 10, np.uint8))
    return tmp_path


def seconds(message: Image) -> float:
    return message.header.stamp.sec + message.header.stamp.nanosec / 1e9


def test_every_frame_arrives_once_in_order_and_on_time(
    start_node: StartNode, peer: Peer, folder: Path
) -> None:
    node = start_node("video_source", source=folder, rate=20.0, loop=False, wait_for_subscribers=2)
    images = peer.subscribe(Image, "image_raw")
    peer.wait_for_publisher("image_raw")
    peer.subscribe(Image, "image_raw")  # it begins only now that its images are heard
    assert node.wait() == 0
    peer.wait_until(lambda: len(images.all) >= 20, "20 images")
    assert [image.data[0] for image in images.all] == [value * 10 for value in range(20)]
    first, last = images.all[0], images.all[-1]
    assert (first.width, first.height, first.step, first.encoding) == (64, 48, 192, "bgr8")
    assert first.header.frame_id == "camera_optical_frame"
    assert seconds(last) - seconds(first) == pytest.approx(19 / 20, abs=0.2)
    assert abs(peer.node.get_clock().now().nanoseconds / 1e9 - seconds(last)) < 30


def test_parameters_shape_the_images(start_node: StartNode, peer: Peer, folder: Path) -> None:
    start_node(
        "video_source", source=folder / "07.png", width=32, encoding="mono8", frame_id="left"
    )
    image = peer.subscribe(Image, "image_raw").wait_for(lambda image: True)
    assert (image.width, image.height, image.step, image.encoding) == (32, 24, 32, "mono8")
    assert set(image.data) == {70}
    assert image.header.frame_id == "left"


@pytest.mark.parametrize("codec", ["jpeg", "png"])
def test_compressed_images_come_below_the_raw_ones(
    start_node: StartNode, peer: Peer, folder: Path, codec: str
) -> None:
    start_node("video_source", source=folder / "07.png", rate=30.0, **{"compressed.format": codec})
    compressed = peer.subscribe(CompressedImage, "image_raw/compressed")
    first = compressed.wait_for(lambda image: True)
    assert first.format == f"bgr8; {codec} compressed bgr8"
    assert first.header.frame_id == "camera_optical_frame"
    pixels = cv2.imdecode(np.asarray(first.data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_allclose(pixels, np.full((48, 64, 3), 70), atol=2)

    raw = peer.subscribe(Image, "image_raw").wait_for(lambda image: True)
    assert compressed.wait_for_stamp(raw.header.stamp), "the same image, both ways"


def test_a_looping_source_goes_on_until_it_is_told_to_end(
    start_node: StartNode, peer: Peer, folder: Path
) -> None:
    node = start_node("video_source", source=folder, rate=100.0)
    images = peer.subscribe(Image, "image_raw")
    peer.wait_until(lambda: len(images.all) > 50, "more images than the folder has")
    assert node.stop(signal.SIGINT, signal.SIGINT) == 0
    assert "Traceback" not in node.log


def test_terminating_while_it_waits_for_a_subscriber_gives_exit_code_0(
    start_node: StartNode, folder: Path
) -> None:
    node = start_node("video_source", source=folder, wait_for_subscribers=1)
    node.wait_for_log("Publishing")
    assert node.stop(signal.SIGTERM) == 0
    assert "Traceback" not in node.log


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"source": "missing.mp4"}, "there is no 'missing.mp4'"),
        ({"source": 99}, "webcam '99' gives no image"),
        ({"source": Path(__file__)}, "neither an image nor a video"),
        ({"encoding": "jpeg"}, "expected one of: bgr8, rgb8, mono8"),
        ({"compressed.format": "gif"}, "expected one of: jpeg, png"),
        ({"compressed.jpeg_quality": 0}, "jpeg_quality"),
        ({"rate": -1.0}, "rate"),
        ({"width": -1}, "width"),
    ],
)
def test_what_cannot_work_ends_the_node_with_one_line_and_exit_code_1(
    start_node: StartNode, parameters: dict[str, object], reason: str
) -> None:
    node = start_node("video_source", **({"source": "astronaut"} | parameters))
    assert node.wait() == 1
    (line,) = [line for line in node.log.splitlines() if "[FATAL]" in line]
    assert reason in line
    assert "Traceback" not in node.log


def test_a_source_that_breaks_off_ends_the_node_with_exit_code_1(
    start_node: StartNode, peer: Peer, folder: Path
) -> None:
    (folder / "05.png").write_bytes((folder / "05.png").read_bytes()[:60])
    node = start_node("video_source", source=folder, rate=100.0)
    assert node.wait() == 1
    assert "cannot read the image" in node.log
    assert "Traceback" not in node.log


@pytest.mark.skipif(not CLIP.exists(), reason="needs the recordings in ../shared/data/video")
def test_a_recording_of_a_face_has_a_face_in_its_answers(start_node: StartNode, peer: Peer) -> None:
    messages = pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")
    start_node("emotion_node").wait_for_log("Ready: ")
    images = peer.subscribe(Image, "image_raw")
    answers = peer.subscribe(messages.FaceEmotionArray, "emotions")
    peer.wait_for_publisher("emotions")
    source = start_node("video_source", source=CLIP, loop=False, wait_for_subscribers=2)
    assert source.wait() == 0

    def last_is_answered() -> bool:
        last = [messages.all[-1].header for messages in (images, answers) if messages.all]
        return len(last) == 2 and last[0] == last[1]

    peer.wait_until(last_is_answered, "the answer to the last image")

    assert len(answers.all) >= len(images.all) / 2
    assert {str(a.header) for a in answers.all} <= {str(i.header) for i in images.all}
    with_face = sum(len(answer.faces) > 0 for answer in answers.all)
    assert with_face >= 0.95 * len(answers.all)
