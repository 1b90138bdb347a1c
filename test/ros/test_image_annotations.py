"""The faces as foxglove_msgs, which Foxglove draws on the camera's image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and the built messages")

from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message
from std_msgs.msg import Header

from emotion_recognition.core.images.overlay import COLORS, line_thickness
from emotion_recognition.core.types import Box, Emotion, Face
from emotion_recognition.ros.answer import Answer

PIXELS = np.zeros((480, 640, 3), np.uint8)
STAMP = Time(sec=100, nanosec=5)


@pytest.fixture
def annotations(interfaces: Callable[[str], None]) -> Callable[..., Any]:
    interfaces("foxglove_msgs")
    from emotion_recognition.ros.outputs.image_annotations import image_annotations

    def convert(*faces: Face) -> Any:  # noqa: ANN401
        return image_annotations(Answer(Header(stamp=STAMP), PIXELS, faces))

    return convert


def happy(top: int = 100) -> Face:
    box = Box(50.0, float(top), 80.0, top + 40.0)
    return Face(box, 0.9, emotion=Emotion(3, "happy", 0.93), track_id=7)


def test_a_face_has_a_box_in_the_color_of_its_emotion(annotations: Callable[..., Any]) -> None:
    message = annotations(happy())
    (box,) = message.points
    assert box.timestamp == STAMP
    assert box.type == box.LINE_LOOP
    assert [(point.x, point.y) for point in box.points] == [
        (50, 100),
        (80, 100),
        (80, 140),
        (50, 140),
    ]
    color = box.outline_color
    assert [color.b * 255, color.g * 255, color.r * 255] == pytest.approx(COLORS["happy"])
    assert color.a == 1
    assert box.thickness == line_thickness(640, 480)
    serialize_message(message)


def test_landmarks_are_points_in_the_color_of_the_face(annotations: Callable[..., Any]) -> None:
    landmarks = ((55.5, 110.0), (75.0, 111.0), (65.0, 120.0), (57.0, 130.0), (73.0, 130.0))
    message = annotations(replace(happy(), landmarks=landmarks), happy())
    first_box, second_box, points = message.points
    assert first_box.type == second_box.type == points.LINE_LOOP
    assert points.type == points.POINTS
    assert points.timestamp == STAMP
    assert tuple((point.x, point.y) for point in points.points) == landmarks
    assert points.outline_color == first_box.outline_color
    assert points.thickness > first_box.thickness
    serialize_message(message)


@pytest.mark.parametrize("label", COLORS)
def test_every_emotion_has_its_color(annotations: Callable[..., Any], label: str) -> None:
    face = replace(happy(), emotion=Emotion(0, label, 0.5))
    (text,) = annotations(face).texts
    color = text.background_color
    assert [color.b * 255, color.g * 255, color.r * 255] == pytest.approx(COLORS[label])


def test_the_label_stands_above_the_box_or_in_it(annotations: Callable[..., Any]) -> None:
    message = annotations(happy(), happy(top=0))
    above, inside = message.texts
    assert above.timestamp == STAMP
    assert above.text == "#7 happy 93%"
    assert (above.position.x, above.position.y) == (50, 100)
    assert inside.position.y == inside.font_size
    assert above.background_color == message.points[0].outline_color
    assert above.text_color != above.background_color


def test_an_image_without_a_face_clears_the_annotations(annotations: Callable[..., Any]) -> None:
    message = annotations()
    assert list(message.points) == []
    assert list(message.texts) == []
