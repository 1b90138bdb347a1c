"""emotion_node on compressed images, as a process of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

from conftest import Messages, Peer, StartNode
from conversation import READY, Diagnostics, Pixels, counts, values, wait_until_known
from node_process import NodeProcess
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.messages.images import compress_message


class CompressedConversation:
    """Sends compressed images to a node and waits for its answers."""

    def __init__(self, peer: Peer, topic: str = "image_raw/compressed") -> None:
        self._peer = peer
        self.answers: Messages = peer.subscribe(FaceEmotionArray, "emotions")
        self._publisher = peer.publisher(CompressedImage, topic)
        peer.wait_for_publisher("emotions")
        peer.wait_for_subscriber(self._publisher)
        wait_until_known(peer, "emotion_node")

    def message(self, image: Pixels, codec: str = "jpeg") -> CompressedImage:
        stamp = self._peer.node.get_clock().now().to_msg()
        return compress_message(image, "bgr8", codec, 95, Header(stamp=stamp, frame_id="camera"))

    def send(self, message: CompressedImage) -> None:
        self._publisher.publish(message)

    def ask(self, message: CompressedImage) -> FaceEmotionArray:
        self.send(message)
        return self.answers.wait_for_stamp(message.header.stamp)


@pytest.fixture
def node(start_node: StartNode) -> NodeProcess:
    process = start_node("emotion_node", image_transport="compressed", publish_annotated_image=True)
    process.wait_for_log(READY)
    return process


@pytest.fixture
def conversation(node: NodeProcess, peer: Peer) -> CompressedConversation:
    return CompressedConversation(peer)


@pytest.mark.parametrize("codec", ["jpeg", "png"])
def test_a_compressed_image_gives_an_answer_that_belongs_to_it(
    conversation: CompressedConversation, face_image: Pixels, codec: str
) -> None:
    message = conversation.message(face_image, codec)
    answer = conversation.ask(message)
    assert answer.header == message.header
    assert (answer.image_width, answer.image_height) == (320, 240)
    assert answer.faces


def test_the_annotated_image_is_drawn_on_a_compressed_one(
    conversation: CompressedConversation, peer: Peer, face_image: Pixels
) -> None:
    annotated = peer.subscribe(Image, "annotated_image")

    def drawn() -> bool:  # as soon as the node knows of the subscriber
        conversation.ask(conversation.message(face_image))
        return bool(annotated.all)

    peer.wait_until(drawn, "an annotated image")
    assert (annotated.all[0].width, annotated.all[0].height) == (320, 240)


def test_remapping_the_image_remaps_its_compressed_form(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node(
        "emotion_node",
        image_transport="compressed",
        ros_args=["-r", "image_raw:=/camera/image_raw"],
    )
    node.wait_for_log("images from '/camera/image_raw/compressed'")
    conversation = CompressedConversation(peer, "/camera/image_raw/compressed")
    assert conversation.ask(conversation.message(face_image)).faces


def malformations(image: Pixels) -> dict[str, tuple[dict[str, Any], str]]:
    """What is wrong with a compressed image, and what the log must say of it."""
    jpeg, png = (
        bytes(compress_message(image, "bgr8", codec, 95, Header()).data)
        for codec in ("jpeg", "png")
    )
    frame = jpeg.index(b"\xff\xc0")
    bomb = jpeg[: frame + 5] + b"\xff\xff\xff\xff" + jpeg[frame + 9 :]
    flipped = bytearray(png)
    flipped[len(png) // 2] ^= 0xFF
    return {
        "no data": ({"data": b""}, "the compressed image has no data"),
        "another codec": ({"format": "h264", "data": bytes(100)}, "its format: 'h264'"),
        "noise": (
            {"format": "\n", "data": np.random.default_rng(0).bytes(5000)},
            r"its format: '\n'",
        ),
        "half a jpeg": ({"data": jpeg[: len(jpeg) // 2]}, "the JPEG is cut off or damaged"),
        "only a start": ({"data": jpeg[:4]}, "damaged: 4 bytes"),
        "half a png": ({"data": png[: len(png) // 2]}, "the PNG is cut off or damaged"),
        "damaged png": ({"data": bytes(flipped)}, "the compressed image is damaged"),
        "bomb": ({"data": bomb}, "too large: 65535x65535"),
    }


def test_malformed_images_are_rejected_one_by_one_and_every_good_one_is_answered(
    conversation: CompressedConversation, node: NodeProcess, peer: Peer, face_image: Pixels
) -> None:
    diagnostics = Diagnostics(peer)
    kinds = malformations(face_image)
    for turn in range(80):
        fields, reason = list(kinds.values())[turn % len(kinds)]
        bad = conversation.message(face_image)
        for name, value in fields.items():
            setattr(bad, name, value)
        conversation.send(bad)
        if turn < len(kinds):  # repeats are throttled
            node.wait_for_log(reason)
        assert conversation.ask(conversation.message(face_image)).faces
    status = diagnostics.wait_for(lambda status: int(values(status)["answered"]) == 80)
    assert int(values(status)["rejected (corrupt)"]) >= 5
    assert int(values(status)["rejected (encoding)"]) >= 2
    assert int(values(status)["rejected (size)"]) >= 1
    assert node.stop() == 0
    assert counts(node.log)["failed"] == 0
    assert "Traceback" not in node.log


@pytest.mark.parametrize(
    ("transport", "sent", "advice"),
    [
        ("raw", CompressedImage, "images come on '/image_raw/compressed': set 'image_transport'"),
        ("compressed", None, "nobody sends any"),
    ],
)
def test_a_stream_of_the_other_kind_is_pointed_out(
    start_node: StartNode, peer: Peer, transport: str, sent: type | None, advice: str
) -> None:
    if sent:
        peer.publisher(sent, "image_raw/compressed")
    # Time enough to discover the publisher.
    node = start_node("emotion_node", image_transport=transport, stall_timeout=3.0)
    node.wait_for_log(advice)
