"""The example of a behaviour: greets whoever has looked happy for a second, once."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from conftest import StartNode

from emotion_recognition.core.following.events import EventKind, FaceEvents
from emotion_recognition.core.types import UNKNOWN, Box, Emotion, Face

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2")

HAPPY = Emotion(3, "happy", 0.9)
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


class Robot:
    """The greeter with what it hears: the events of faces, as they are at each image."""

    def __init__(self, greeter: Robot) -> None:
        self.greeter = greeter
        self._faces = FaceEvents(gone_after=0.5)

    def update(self, time: float, faces: Iterable[tuple[int, bool]]) -> list[int]:
        """Whom it greets at an image. faces: track id and whether it looks happy."""
        seen = [
            Face(Box(0, 0, 9, 9), 0.9, emotion=HAPPY if happy else UNKNOWN, track_id=track_id)
            for track_id, happy in faces
        ]
        self._faces.update(seen, round(time * 1e9))
        ongoing = self._faces.ongoing()
        happy = {e.track_id: e.duration for e in ongoing if e.kind == EventKind.EMOTION_BEGAN}
        due: list[int] = self.greeter.update(time, {event.track_id for event in ongoing}, happy)
        return due


@pytest.fixture
def greeter(example: ModuleType) -> Robot:
    return Robot(example.Greeter())


def greeted(
    greeter: Robot, faces: str, start: float = 100.0, period: float = 0.1, track_id: int = 1
) -> list[float]:
    """When it greets, from the start, one who is happy (h), not (n), or unseen (.), by image."""
    times = []
    for i, state in enumerate(faces):
        seen = [] if state == "." else [(track_id, state == "h")]
        if greeter.update(start + i * period, seen):
            times.append(round(i * period, 3))
    return times


def test_who_is_happy_for_a_second_is_greeted_once(greeter: Robot) -> None:
    assert greeted(greeter, "nnn" + "h" * 50) == [pytest.approx(1.3, abs=0.11)]


def test_who_is_happy_for_less_is_not(greeter: Robot) -> None:
    assert greeted(greeter, "hhhhhhhhhn" * 10) == []


def test_who_is_happy_again_later_is_not_greeted_again(greeter: Robot) -> None:
    assert len(greeted(greeter, "h" * 15 + "n" * 30 + "h" * 30)) == 1


def test_each_is_greeted_in_their_own_time(greeter: Robot) -> None:
    due = [greeter.update(i * 0.25, [(1, True), (2, i >= 4), (3, False)]) for i in range(12)]
    assert due == [[], [], [], [], [1], [], [], [], [2], [], [], []]


def test_lost_messages_and_missed_faces_do_not_count_as_not_happy(greeter: Robot) -> None:
    assert len(greeted(greeter, "h..h...hh....h..h")) == 1
    assert len(greeted(greeter, "hhhh", start=200, period=0.4, track_id=2)) == 1


def test_who_was_away_must_be_happy_for_a_second_again(greeter: Robot) -> None:
    assert greeted(greeter, "hhhhhhhh" + "." * 8 + "hhhhhhhh") == []


def test_faces_without_a_track_are_not_greeted(greeter: Robot) -> None:
    assert greeted(greeter, "h" * 30, track_id=0) == []


def test_when_time_jumps_back_all_starts_anew(greeter: Robot) -> None:
    for _ in range(3):
        assert greeted(greeter, "h" * 20, start=100.0) == [pytest.approx(1.0, abs=0.11)]


def test_a_late_message_is_no_jump(greeter: Robot) -> None:
    assert len(greeted(greeter, "h" * 20, start=100.0)) == 1
    assert greeter.update(101.7, [(1, False)]) == []
    assert greeted(greeter, "h" * 20, start=102.0) == []


def test_who_was_happy_before_it_came_is_greeted_at_once(greeter: Robot) -> None:
    assert greeter.greeter.update(5.0, {1, 2}, {1: 3.0, 2: 0.5}) == [1]
    assert greeter.greeter.update(5.5, {1, 2}, {1: 3.5, 2: 1.0}) == [2]


def test_when_tracks_are_reset_the_new_ids_are_new_people(greeter: Robot) -> None:
    assert len(greeted(greeter, "h" * 15, start=100, track_id=1)) == 1
    assert len(greeted(greeter, "h" * 15, start=101.5, track_id=2)) == 1


def test_ids_are_forgotten_in_time_because_a_restarted_node_gives_them_again(
    greeter: Robot,
) -> None:
    assert len(greeted(greeter, "h" * 15, start=100)) == 1
    assert len(greeted(greeter, "h" * 15, start=115)) == 1
    for track_id in range(1, 1000):
        due = greeter.greeter.update(200.0 + track_id, {track_id}, {track_id: 2.0})
        assert due == [track_id]
    assert len(greeter.greeter._greeted) <= 11


@pytest.fixture
def ros() -> Iterator[None]:
    rclpy.init()
    yield
    rclpy.try_shutdown()


@pytest.mark.usefixtures("ros")
def test_the_node_greets_on_its_topic(example: ModuleType) -> None:
    from builtin_interfaces.msg import Duration
    from rclpy.executors import SingleThreadedExecutor
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import String

    messages = pytest.importorskip("emotion_recognition.msg", reason="the messages are not built")
    event_type, array_type = messages.FaceEmotionEvent, messages.FaceEmotionEventArray
    robot = rclpy.create_node("robot")
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    publisher = robot.create_publisher(array_type, "emotion_events/ongoing", latched)
    greetings: list[str] = []
    robot.create_subscription(String, "greetings", lambda text: greetings.append(text.data), 10)
    began, happy, neutral = (
        event_type.EMOTION_BEGAN,
        messages.FaceEmotion.HAPPY,
        messages.FaceEmotion.NEUTRAL,
    )
    there = [
        event_type(kind=began, emotion=happy, track_id=7, duration=Duration(sec=2)),
        event_type(kind=began, emotion=neutral, track_id=8, duration=Duration(sec=2)),
    ]
    publisher.publish(array_type(events=there))
    node = example.GreeterNode()  # comes later, and hears of them all the same
    executor = SingleThreadedExecutor()
    for one in (node, robot):
        executor.add_node(one)

    def spin_until(condition: Any) -> None:  # noqa: ANN401
        for _ in range(600):
            if condition():
                return
            executor.spin_once(timeout_sec=0.1)
        raise AssertionError("timed out")

    spin_until(lambda: robot.count_publishers("greetings"))
    spin_until(lambda: greetings)
    for _ in range(5):
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    assert len(greetings) == 1
    assert "7" in greetings[0]


def test_it_says_at_its_start_what_it_listens_to(start_node: StartNode) -> None:
    pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")
    node = start_node("../../examples/greeter.py", ros_args=["-r", "__ns:=/anna"])
    node.wait_for_log("Watching '/anna/emotion_events/ongoing' for who looks happy")
    assert "greeted on '/anna/greetings'" in node.log
