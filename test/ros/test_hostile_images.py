"""A node that is sent crafted and damaged images; see hostile_images.py for the long form."""

from __future__ import annotations

import itertools
import math

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Peer, StartNode
from conversation import READY, Conversation, Diagnostics, Pixels, counts, wait_until_known
from hostile_images import attack
from sensor_msgs.msg import Image
from std_msgs.msg import Header


def test_hostile_images_cost_no_answer_no_memory_and_few_lines(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("emotion_node", image_transport="compressed")
    node.wait_for_log(READY)
    report = attack(node, peer, face_image, seconds=5, costly=False)
    assert sum(delay < math.inf for delay in report.delays) >= 3
    assert max(report.memory) - min(report.memory) < 150
    assert node.stop() == 0
    final = counts(node.log)
    assert final["rejected"] >= 20
    assert final["failed"] == 0
    # A burst for each of the reasons "corrupt", "encoding" and "size", and what the node says.
    assert len(node.log.splitlines()) < 75, "the log is flooded"
    assert not [line for line in node.log.splitlines() if not line.startswith("[")]


def test_encodings_that_are_new_each_time_do_not_flood_the_log(
    start_node: StartNode, peer: Peer, empty_image: Pixels
) -> None:
    node = start_node("emotion_node")
    node.wait_for_log(READY)
    diagnostics = Diagnostics(peer)
    conversation = Conversation(peer)
    encodings = (f"encoding{i}" for i in itertools.count())

    def many_are_rejected() -> bool:
        message = conversation.message(empty_image)
        message.encoding = next(encodings)
        conversation.send(message)
        return diagnostics.count("rejected") >= 60

    peer.wait_until(many_are_rejected, "60 rejections")
    assert node.stop() == 0
    assert 1 <= node.log.count("unknown encoding") < 30


def test_the_size_of_images_is_limited_by_a_parameter(
    start_node: StartNode, peer: Peer, empty_image: Pixels
) -> None:
    node = start_node("emotion_node", max_megapixels=0.05)
    node.wait_for_log(READY)
    publisher = peer.publisher(Image, "image_raw")
    peer.wait_for_subscriber(publisher)
    wait_until_known(peer, "emotion_node")
    height, width = empty_image.shape[:2]
    message = Image(header=Header(), encoding="bgr8", width=width, height=height, step=3 * width)
    message.data = empty_image.tobytes()
    publisher.publish(message)
    node.wait_for_log("too large: 320x240 pixels; expected at most 50000")
