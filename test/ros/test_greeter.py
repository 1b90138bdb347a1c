"""The example of a behaviour: greets whoever has looked happy for a second, once."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import StartNode

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "greeter.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The file as a user has it: not a part of the package."""
    spec = importlib.util.spec_from_file_location("greeter_example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def greeter(example: ModuleType) -> Any:  # noqa: ANN401
    return example.Greeter()


def greeted(
    greeter: Any,  # noqa: ANN401
    faces: str,
    start: float = 100.0,
    period: float = 0.1,
    track_id: int = 1,
) -> list[float]:
    """When it greets, from the start, one who is happy (h), not (n), or unseen (.), by image."""
    times = []
    for i, state in enumerate(faces):
        seen = [] if state == "." else [(track_id, state == "h")]
        if greeter.update(start + i * period, seen):
            times.append(round(i * period, 3))
    return times


def test_who_is_happy_for_a_second_is_greeted_once(greeter: Any) -> None:  # noqa: ANN401
    assert greeted(greeter, "nnn" + "h" * 50) == [pytest.approx(1.3, abs=0.11)]


def test_who_is_happy_for_less_is_not(greeter: Any) -> None:  # noqa: ANN401
    assert greeted(greeter, "hhhhhhhhhn" * 10) == []


def test_who_is_happy_again_later_is_not_greeted_again(greeter: Any) -> None:  # noqa: ANN401
    assert len(greeted(greeter, "h" * 15 + "n" * 30 + "h" * 30)) == 1


def test_each_is_greeted_in_their_own_time(greeter: Any) -> None:  # noqa: ANN401
    due = [greeter.update(i * 0.25, [(1, True), (2, i >= 4), (3, False)]) for i in range(12)]
    assert due == [[], [], [], [], [1], [], [], [], [2], [], [], []]


def test_lost_messages_and_missed_faces_do_not_count_as_not_happy(greeter: Any) -> None:  # noqa: ANN401
    assert len(greeted(greeter, "h..h...hh....h..h")) == 1
    assert len(greeted(greeter, "hhhh", start=200, period=0.4, track_id=2)) == 1


def test_who_was_away_must_be_happy_for_a_second_again(greeter: Any) -> None:  # noqa: ANN401
    assert greeted(greeter, "hhhhhhhh" + "." * 8 + "hhhhhhhh") == []


def test_faces_without_a_track_are_not_greeted(greeter: Any) -> None:  # noqa: ANN401
    assert greeted(greeter, "h" * 30, track_id=0) == []


def test_when_time_jumps_back_all_starts_anew(greeter: Any) -> None:  # noqa: ANN401
    for _ in range(3):
        assert greeted(greeter, "h" * 20, start=100.0) == [pytest.approx(1.0, abs=0.11)]


def test_a_late_message_is_no_jump(greeter: Any) -> None:  # noqa: ANN401
    assert len(greeted(greeter, "h" * 20, start=100.0)) == 1
    assert greeter.update(101.7, [(1, False)]) == []
    assert greeted(greeter, "h" * 20, start=102.0) == []


def test_when_tracks_are_reset_the_new_ids_are_new_people(greeter: Any) -> None:  # noqa: ANN401
    assert len(greeted(greeter, "h" * 15, start=100, track_id=1)) == 1
    assert len(greeted(greeter, "h" * 15, start=101.5, track_id=2)) == 1


def test_ids_are_forgotten_in_time_because_a_restarted_node_gives_them_again(
    greeter: Any,  # noqa: ANN401
) -> None:
    assert len(greeted(greeter, "h" * 15, start=100)) == 1
    assert len(greeted(greeter, "h" * 15, start=115)) == 1
    for track_id in range(1000):
        greeter.update(200.0 + track_id, [(track_id, True)])
    assert len(greeter._people) <= 11


@pytest.fixture
def ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.mark.usefixtures("ros")
def test_the_node_greets_on_its_topic(example: ModuleType) -> None:
    from rclpy.executors import SingleThreadedExecutor
    from std_msgs.msg import String

    messages = pytest.importorskip("emotion_recognition.msg", reason="the messages are not built")
    node, robot = example.GreeterNode(), rclpy.create_node("robot")
    greetings: list[str] = []
    robot.create_subscription(String, "greetings", lambda text: greetings.append(text.data), 10)
    publisher = robot.create_publisher(messages.FaceEmotionArray, "emotions", 50)
    executor = SingleThreadedExecutor()
    for one in (node, robot):
        executor.add_node(one)

    def spin_until(condition: Any) -> None:  # noqa: ANN401
        for _ in range(600):
            if condition():
                return
            executor.spin_once(timeout_sec=0.1)
        raise AssertionError("timed out")

    spin_until(lambda: publisher.get_subscription_count() and robot.count_publishers("greetings"))
    happy, neutral = messages.FaceEmotion.HAPPY, messages.FaceEmotion.NEUTRAL
    for i in range(25):
        message = messages.FaceEmotionArray()
        message.header.stamp.sec, tenths = divmod(i, 10)
        message.header.stamp.nanosec = tenths * 100_000_000
        message.faces = [
            messages.FaceEmotion(emotion=happy, track_id=7),
            messages.FaceEmotion(emotion=neutral, track_id=8),
        ]
        publisher.publish(message)
        executor.spin_once(timeout_sec=0.02)
    spin_until(lambda: greetings)
    for _ in range(5):
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    assert len(greetings) == 1
    assert "7" in greetings[0]


def test_it_says_at_its_start_what_it_listens_to(start_node: StartNode) -> None:
    pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")
    node = start_node("../../examples/greeter.py", ros_args=["-r", "__ns:=/anna"])
    node.wait_for_log("Watching '/anna/emotions' for who looks happy")
    assert "greeted on '/anna/greetings'" in node.log
