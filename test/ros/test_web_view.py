"""web_view: answers and images of ROS for who watches the page, and nothing for nobody."""

from __future__ import annotations

import re
import socket
import urllib.error
import urllib.request

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")
pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")
pytest.importorskip("aiohttp", reason="needs aiohttp")

from builtin_interfaces.msg import Time
from conftest import TIMEOUT, Peer, StartNode
from node_process import NodeProcess
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image
from web_robot import HEIGHT, LABELS, WIDTH, Robot, answer, header, image, number_of
from web_viewer import WebViewer, page_address

from emotion_recognition.ros.messages.images import compress_message, encode_message


@pytest.fixture
def web_view(start_node: StartNode) -> NodeProcess:
    return start_node("web_view", port=0)


@pytest.fixture
def robot(web_view: NodeProcess, peer: Peer) -> Robot:
    return Robot(peer)


def test_nothing_is_subscribed_while_nobody_watches(web_view: NodeProcess, robot: Robot) -> None:
    place = page_address(web_view)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", place)
    assert "WARN" not in web_view.log
    robot.wait_for_nobody()
    for _ in range(2):  # again and again
        with WebViewer(place), WebViewer(place):
            robot.wait_for_viewers()
        robot.wait_for_nobody()


def test_every_answer_comes_with_its_own_image(web_view: NodeProcess, robot: Robot) -> None:
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        # As of a node that is slower than the camera: answers come late, and not to every image.
        for number in range(10, 15):
            robot.images.publish(image(number))
        for number in (11, 12, 14):
            robot.answers.publish(answer(number))
            viewer.wait_for_answer(lambda seen, number=number: number_of(seen) == number)
        seen = viewer.wait_for_answer()
        assert seen.picture is not None
        assert seen.picture.shape == (HEIGHT, WIDTH, 3)
        assert (seen.answer["width"], seen.answer["height"]) == (WIDTH, HEIGHT)
        assert seen.answer["labels"] == LABELS
        (face,) = seen.answer["faces"]
        assert face["box"] == [10, 20, 18, 29]
        assert (face["smoothed"], face["raw"]) == ([0.75, 0.25], [0.5, 0.5])
        # An image may also come after its answer.
        robot.answers.publish(answer(30))
        robot.images.publish(image(30))
        viewer.wait_for_answer(lambda seen: number_of(seen) == 30)


def test_answers_whose_images_do_not_come_are_shown_without(
    web_view: NodeProcess, robot: Robot
) -> None:
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()

        def said_so() -> bool:
            robot.answers.publish(answer(next(robot.numbers)))
            return any(
                status["text"] == "Answers come, but no images on '/image_raw': "
                "its 1 publishers are silent"
                for status in viewer.statuses
            )

        robot.peer.wait_until(said_so, "a status")
        assert viewer.answers
        assert all(seen.picture is None for seen in viewer.answers)


def test_of_images_without_stamps_none_is_shown_and_the_reason_is_told(
    web_view: NodeProcess, robot: Robot
) -> None:
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()

        def said_so() -> bool:
            number = next(robot.numbers)
            unstamped, answered = image(number), answer(number)
            unstamped.header.stamp = answered.header.stamp = Time()
            robot.images.publish(unstamped)
            robot.answers.publish(answered)
            return any("have no stamp" in status["text"] for status in viewer.statuses)

        robot.peer.wait_until(said_so, "a status")
        assert viewer.answers
        assert all(seen.picture is None for seen in viewer.answers)


def test_messages_that_make_no_sense_cost_no_answer(web_view: NodeProcess, robot: Robot) -> None:
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        for number in range(10, 14):
            # Of the first the executor hears, of the others the thread that shows them.
            robot.images.publish(b"\0\1\0\0 no image")
            robot.answers.publish(b"\0\1\0\0 no answer")
            robot.images.publish(image(number))
            robot.answers.publish(answer(number))
            viewer.wait_for_answer(lambda seen, number=number: number_of(seen) == number)
    assert web_view.stop() == 0


def test_a_camera_that_comes_back_with_best_effort_is_seen(
    web_view: NodeProcess, robot: Robot
) -> None:
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        robot.images.publish(image(10))
        robot.answers.publish(answer(10))
        viewer.wait_for_answer(lambda seen: number_of(seen) == 10)
        robot.peer.node.destroy_publisher(robot.images)
        robot.images = robot.peer.publisher(Image, "image_raw", qos_profile_sensor_data)
        web_view.wait_for_log("subscribing with best effort")
        robot.wait_for_viewers()
        robot.images.publish(image(11))
        robot.answers.publish(answer(11))
        viewer.wait_for_answer(lambda seen: seen.picture is not None and number_of(seen) == 11)


def test_an_image_that_cannot_be_used_is_told_and_the_next_is_shown(
    web_view: NodeProcess, robot: Robot
) -> None:
    unusable = {
        4: Image(encoding="bgr8", height=60000, width=60000, step=180000, data=bytes(100)),
        5: Image(encoding="nonsense", height=1, width=1),
    }
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        for number, message in unusable.items():
            message.header = header(number)
            robot.images.publish(message)
            robot.answers.publish(answer(number))
            seen = viewer.wait_for_answer(
                lambda seen, number=number: seen.answer["faces"][0]["id"] == number
            )
            assert seen.picture is None
        robot.images.publish(image(6))
        robot.answers.publish(answer(6))
        viewer.wait_for_answer(lambda seen: seen.picture is not None and number_of(seen) == 6)
        web_view.wait_for_log("Image not shown: unknown encoding 'nonsense'")
        web_view.wait_for_log("Image not shown: the image is too large")


def test_a_large_image_is_made_smaller(start_node: StartNode, peer: Peer) -> None:
    web_view = start_node("web_view", port=0, **{"picture.longest_side": 100})
    robot = Robot(peer)
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        large = np.full((960, 1280, 3), 50, np.uint8)
        robot.images.publish(encode_message(large, "bgr8", header(50)))
        robot.answers.publish(answer(50))
        seen = viewer.wait_for_answer()
        assert number_of(seen) == 50
        assert seen.picture is not None
        assert seen.picture.shape == (75, 100, 3)


def test_an_image_of_more_than_max_megapixels_is_not_shown(
    start_node: StartNode, peer: Peer
) -> None:
    web_view = start_node("web_view", port=0, max_megapixels=1)
    robot = Robot(peer)
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        for number, height in ((1, 960), (2, 240)):
            picture = np.full((height, 1280, 3), 50, np.uint8)
            robot.images.publish(encode_message(picture, "bgr8", header(number)))
            robot.answers.publish(answer(number))
            seen = viewer.wait_for_answer(
                lambda seen, number=number: seen.answer["faces"][0]["id"] == number
            )
            assert (seen.picture is None) == (number == 1)
        web_view.wait_for_log("Image not shown: the image is too large")


def test_the_health_is_that_of_the_node_that_answers(web_view: NodeProcess, robot: Robot) -> None:
    name = "test_peer: emotions"  # who publishes the answers here
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        for level, told in ((b"\0", "ok"), (b"\1", "warn"), (b"\2", "error"), (b"\3", "stale")):

            def said_so(level: bytes = level, told: str = told) -> bool:
                robot.report(name, level, f"it is {told}")
                robot.report("other/emotion_node: emotions", b"\2", "of another")
                return any(status["text"] == f"it is {told}" for status in viewer.statuses)

            robot.peer.wait_until(said_so, told)
            status = viewer.wait_for_status(f"it is {told}")
            assert status["level"] == told
            assert status["values"] == {"rate (Hz)": "9.5"}
        assert viewer.wait_for_status("'/test_peer' is silent on /diagnostics")["level"] == "stale"
        assert not any(status["text"] == "of another" for status in viewer.statuses)


def test_it_says_that_nobody_answers_and_shows_who_comes_back(
    web_view: NodeProcess, start_node: StartNode
) -> None:
    start_node("video_source", rate=10.0, width=320)
    with WebViewer(page_address(web_view)) as viewer:
        viewer.wait_for_status("Nobody publishes '/emotions': is emotion_node running?")
        for _ in range(2):
            emotion_node = start_node("emotion_node")
            viewer.wait_for_answer(
                lambda seen: bool(seen.answer["faces"]) and seen.picture is not None
            )
            viewer.wait_for_status("Answering images")
            emotion_node.process.kill()
            emotion_node.wait()
            viewer.answers.clear()
            viewer.statuses.clear()
    assert web_view.stop() == 0


def test_each_camera_has_its_own_viewers(start_node: StartNode, peer: Peer) -> None:
    remapping = ["-r", "right/image_raw:=right/head/image"]  # as the launch files do it
    web_view = start_node("web_view", port=0, cameras="[left, right]", ros_args=remapping)
    left, right = Robot(peer, "/left"), Robot(peer, "/right", image_topic="head/image")
    with WebViewer(page_address(web_view), "right") as viewer:
        assert viewer.hello["cameras"] == ["left", "right"]
        right.wait_for_viewers()
        assert left.answers.get_subscription_count() == 0
        right.images.publish(image(8))
        right.answers.publish(answer(8))
        assert number_of(viewer.wait_for_answer()) == 8


def test_compressed_images_are_shown_too(start_node: StartNode, peer: Peer) -> None:
    web_view = start_node("web_view", port=0, image_transport="compressed")
    robot = Robot(peer, image_type=CompressedImage)
    with WebViewer(page_address(web_view)) as viewer:
        robot.wait_for_viewers()
        pixels = np.full((HEIGHT, WIDTH, 3), 99, np.uint8)
        robot.images.publish(compress_message(pixels, "bgr8", "jpeg", 95, header(99)))
        robot.answers.publish(answer(99))
        assert number_of(viewer.wait_for_answer()) == 99


def test_open_to_the_network_it_warns_once_and_wants_the_token(start_node: StartNode) -> None:
    web_view = start_node("web_view", port=0, network=True)
    place = page_address(web_view)
    assert re.fullmatch(r"http://\S+:\d+/\?token=[\w-]{20,}", place)
    assert web_view.log.count("open to the network") == 1
    assert "WARN" in next(line for line in web_view.log.splitlines() if "to the network" in line)
    with WebViewer(place) as viewer:
        assert viewer.hello
    port = int(place.split(":")[2].split("/")[0])
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/?token=wrong", timeout=TIMEOUT)


def test_a_port_in_use_ends_it_with_the_reason(start_node: StartNode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        node = start_node("web_view", port=port)
        assert node.wait() == 1
    assert f"parameter 'port': port {port} is in use" in node.log
    assert "Traceback" not in node.log


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"network": True, "token": "short"}, "parameter 'token': the token has 5 characters"),
        ({"cameras": "[left, left]"}, "parameter 'cameras' is"),
        ({"image_transport": "theora"}, "expected one of: raw, compressed"),
    ],
)
def test_parameters_that_cannot_be_used_end_it_with_the_reason(
    start_node: StartNode, parameters: dict[str, object], expected: str
) -> None:
    node = start_node("web_view", **{"port": 0, **parameters})
    assert node.wait() == 1
    assert expected in node.log
    assert "Traceback" not in node.log


def test_an_interrupt_ends_it_with_exit_code_0_while_someone_watches(
    web_view: NodeProcess,
) -> None:
    with WebViewer(page_address(web_view)):
        assert web_view.stop() == 0
    assert "Traceback" not in web_view.log
