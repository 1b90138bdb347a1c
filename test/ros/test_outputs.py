"""What emotion_node publishes besides /emotions, and that nobody pays for what nobody wants."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")

import rclpy
from conftest import Peer, StartNode
from conversation import READY, Conversation, Lifecycle, Pixels
from node_process import NodeProcess
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header, String

from emotion_recognition.core.images.overlay import COLORS
from emotion_recognition.core.types import Face
from emotion_recognition.ros import answer
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.images import decode_message
from emotion_recognition.ros.outputs import Output, annotated_image
from emotion_recognition.ros.outputs.publishers import OutputPublishers

PIXELS = np.zeros((6, 8, 3), np.uint8)


def answer_of(model: str) -> Answer:
    return Answer(Header(), PIXELS, model=model)


@pytest.fixture
def configured_node() -> Iterator[LifecycleNode]:
    """A managed node in this process."""
    rclpy.init()
    node = LifecycleNode("publishing")
    node.trigger_configure()
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


def test_messages_are_made_only_while_somebody_listens(
    configured_node: LifecycleNode, peer: Peer
) -> None:
    made = []

    def convert(answer: Answer) -> String:
        made.append(answer)
        return String(data=answer.model)

    publishers = OutputPublishers(configured_node, [Output("words", String, convert)])
    configured_node.trigger_activate()
    peer.wait_for_publisher("words")
    for _ in range(3):
        publishers.publish(answer_of("unheard"))
    assert made == []

    words = peer.subscribe(String, "words")

    def heard() -> bool:
        publishers.publish(answer_of("heard"))
        return bool(words.all)

    peer.wait_until(heard, "a message")
    assert all(message.data == "heard" for message in words.all)
    assert all(answer.model == "heard" for answer in made)

    peer.unsubscribe(words)

    def unheard() -> bool:
        made.clear()
        publishers.publish(answer_of("unheard"))
        return made == []

    peer.wait_until(unheard, "the end of the work")


def test_what_goes_wrong_with_one_form_costs_no_other(
    configured_node: LifecycleNode, peer: Peer, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(answer: Answer) -> String:
        raise ValueError("no words")

    good = Output("good", String, lambda answer: String(data=answer.model))
    publishers = OutputPublishers(configured_node, [Output("bad", String, fail), good])
    configured_node.trigger_activate()
    unheard, words = (peer.subscribe(String, topic) for topic in ("bad", "good"))

    errors = ""
    for _ in range(1000):
        publishers.publish(answer_of("words"))
        errors += capfd.readouterr().err
        if words.all and errors:
            break
        time.sleep(0.02)
    assert words.all
    assert unheard.all == []
    assert "Nothing sent on 'bad': ValueError('no words')" in errors


def test_a_shutdown_between_two_forms_is_no_error(
    configured_node: LifecycleNode, capfd: pytest.CaptureFixture[str]
) -> None:
    words = Output("words", String, lambda answer: String(data=answer.model))
    publishers = OutputPublishers(configured_node, [words])
    configured_node.trigger_activate()
    rclpy.shutdown()
    publishers.publish(answer_of("words"))
    assert capfd.readouterr().err == ""


def test_an_image_that_is_watched_raw_and_compressed_is_drawn_upon_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = []

    def draw(image: Pixels, faces: tuple[Face, ...]) -> Pixels:
        drawn.append(faces)
        return image.copy()

    monkeypatch.setattr(answer, "draw_faces", draw)
    seen = answer_of("any")
    for output in annotated_image.OUTPUTS:
        output.convert(seen)
    assert drawn == [()]


@pytest.fixture
def node(start_node: StartNode) -> NodeProcess:
    """emotion_node with everything that it can publish, active."""
    process = start_node("emotion_node", publish_annotated_image=True)
    process.wait_for_log(READY)
    return process


def test_no_picture_is_offered_unless_a_parameter_asks_for_it(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    start_node("emotion_node").wait_for_log(READY)
    conversation = Conversation(peer)
    assert conversation.ask(conversation.message(face_image)).faces

    def offers() -> dict[str, list[str]]:
        return dict(peer.node.get_publisher_names_and_types_by_node("emotion_node", "/"))

    peer.wait_until(lambda: {"/emotions", "/diagnostics"} <= offers().keys(), "its topics")
    offered = offers()
    pictures = {"sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"}
    assert [topic for topic, types in offered.items() if pictures & set(types)] == []


def test_the_annotated_image_belongs_to_its_image(
    conversation: Conversation, peer: Peer, face_image: Pixels
) -> None:
    annotated = peer.subscribe(Image, "annotated_image")
    message = conversation.message(face_image, frame_id="left_camera_optical_frame")
    peer.wait_for_publisher("annotated_image")
    (face,) = conversation.ask(message).faces
    picture = ask_until(annotated, conversation, message)
    assert picture.header == message.header
    assert (picture.width, picture.height, picture.encoding) == (320, 240, "bgr8")
    pixels = decode_message(picture)
    assert (
        tuple(pixels[face.roi.y_offset + face.roi.height // 2, face.roi.x_offset])
        == (COLORS[face.label])
    )
    beside = slice(face.roi.x_offset + face.roi.width + 5, None)
    assert (pixels[200:, beside] == face_image[200:, beside]).all()


def test_the_annotated_image_can_be_had_as_jpeg(
    conversation: Conversation, peer: Peer, face_image: Pixels
) -> None:
    annotated = peer.subscribe(CompressedImage, "annotated_image/compressed")
    message = conversation.message(face_image)
    peer.wait_for_publisher("annotated_image/compressed")
    (face,) = conversation.ask(message).faces
    picture = ask_until(annotated, conversation, message)
    assert picture.header == message.header
    assert picture.format == "bgr8; jpeg compressed bgr8"
    pixels = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    assert pixels.shape == face_image.shape
    edge = pixels[face.roi.y_offset + face.roi.height // 2, face.roi.x_offset].astype(int)
    assert abs(edge - COLORS[face.label]).max() < 80


def ask_until(pictures: Any, conversation: Conversation, message: Image) -> Any:  # noqa: ANN401
    """The picture of an image, sent again until the node has noticed who listens."""
    for _ in range(100):
        conversation.send(message)
        try:
            return pictures.wait_for(
                lambda picture: picture.header.stamp == message.header.stamp, timeout=0.5
            )
        except AssertionError:
            continue
    raise AssertionError("no picture")


def test_the_node_publishes_detections(
    interfaces: Callable[[str], None],
    start_node: StartNode,
    peer: Peer,
    face_image: Pixels,
) -> None:
    interfaces("vision_msgs")
    from vision_msgs.msg import Detection2DArray

    node = start_node("emotion_node")
    node.wait_for_log(READY)
    conversation = Conversation(peer)
    messages = peer.subscribe(Detection2DArray, "detections")
    peer.wait_for_publisher("detections")
    message = conversation.message(face_image)
    (face,) = conversation.ask(message).faces
    array = ask_until(messages, conversation, message)
    assert array.header == message.header
    (detection,) = array.detections
    assert detection.results[0].hypothesis.class_id == face.label
    assert detection.bbox.size_x == face.roi.width
    assert "'detections'" not in node.log


def test_without_their_messages_it_says_so_once_and_goes_on(
    start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    node = start_node("emotion_node_alone.py", publish_annotated_image=True)
    node.wait_for_log(READY)
    conversation = Conversation(peer)
    conversation.restart(Lifecycle(peer), "cleanup", "configure", "activate")
    assert conversation.ask(conversation.message(face_image)).faces
    for topic, package in (("detections", "vision_msgs"), ("image_annotations", "foxglove_msgs")):
        (line,) = [line for line in node.log.splitlines() if f"No topic '{topic}'" in line]
        assert package in line
        assert peer.node.count_publishers(topic) == 0
    assert peer.node.count_publishers("annotated_image") == 1


def test_cleaning_up_takes_the_topics_back(node: NodeProcess, peer: Peer) -> None:
    lifecycle = Lifecycle(peer)
    peer.wait_for_publisher("annotated_image")
    for change in ("deactivate", "cleanup"):
        assert lifecycle.change(change)
    peer.wait_until(lambda: peer.node.count_publishers("annotated_image") == 0, "no publisher")
