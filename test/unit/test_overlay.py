"""Faces drawn for people to look at."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.images.overlay import COLORS, draw_faces, label_text
from emotion_recognition.core.types import EMOTIONS, UNKNOWN, Box, Emotion, Face

HAPPY = Emotion(3, "happy", 0.934)

# What a dichromat sees of linear RGB: Machado, Oliveira and Fernandes (2009), severity 1.0.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def linear_rgb(bgr: tuple[int, int, int]) -> NDArray[np.float64]:
    """sRGB (IEC 61966-2-1) without its gamma, in [0, 1]."""
    value = np.array(bgr[::-1]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB of linear RGB."""
    value = np.clip(rgb, 0, 1)
    srgb = np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1 / 2.4) - 0.055)
    image = srgb[np.newaxis, np.newaxis].astype(np.float32)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[0, 0], np.float64)


def gray(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 128, np.uint8)


def changed(image: NDArray[np.uint8], faces: list[Face]) -> NDArray[np.bool_]:
    """Which pixels the drawing has changed."""
    return np.asarray((draw_faces(image, faces) != image).any(axis=2))


@pytest.mark.parametrize("vision", VISIONS)
def test_colors_differ_for_everyone(vision: str) -> None:
    assert set(COLORS) == {*EMOTIONS, UNKNOWN.label}
    seen = {name: lab(VISIONS[vision] @ linear_rgb(bgr)) for name, bgr in COLORS.items()}
    distances = {
        pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in combinations(seen, 2)
    }
    # About 2.3 is just noticeable side by side; these must be told apart far from each other.
    assert min(distances.values()) > 15, min(distances, key=distances.__getitem__)


@pytest.mark.parametrize("name", COLORS)
def test_black_text_is_readable_on_every_color(name: str) -> None:
    luminance = linear_rgb(COLORS[name]) @ (0.2126, 0.7152, 0.0722)
    assert (luminance + 0.05) / 0.05 >= 4.5  # WCAG 2, AA


def test_the_label_says_who_what_and_how_sure() -> None:
    assert label_text(Face(Box(0, 0, 9, 9), 0.8, emotion=HAPPY, track_id=7)) == "#7 happy 93%"


def test_what_is_not_known_is_left_out_of_the_label() -> None:
    assert label_text(Face(Box(0, 0, 9, 9), 0.8)) == "unknown"
    assert label_text(Face(Box(0, 0, 9, 9), 0.8, emotion=HAPPY)) == "happy 93%"


def test_the_image_itself_stays_as_it_is() -> None:
    image = gray(240, 320)
    image.setflags(write=False)  # as a view of a message is
    assert draw_faces(image, [Face(Box(100, 100, 150, 160), 0.9, emotion=HAPPY)]).any()
    assert (image == 128).all()


@pytest.mark.parametrize(
    ("width", "height"), [(320, 240), (1920, 1080)], ids=["320x240", "1920x1080"]
)
def test_lines_and_text_grow_with_the_image(width: int, height: int) -> None:
    """A box is seen and a label read on a screen that shows all of the image."""
    box = Box(width // 2, height // 2, width // 2 + width // 4, height // 2 + height // 3)
    drawn = changed(gray(height, width), [Face(box, 0.9, emotion=HAPPY, track_id=7)])
    below = drawn[round(box.y2) - 1 :: -1, round(box.x1) + width // 8]  # upwards from the box
    line = int(np.argmin(below))
    assert line >= max(2, width // 240)
    above = np.flatnonzero(drawn[: round(box.y1), round(box.x1) + 4])
    assert above.size >= max(11, height // 36)  # rows of the label


def test_the_line_lies_on_the_edge_of_the_face_in_its_color() -> None:
    drawn = draw_faces(gray(240, 320), [Face(Box(100, 100, 150, 160), 0.9, emotion=HAPPY)])
    for row, column in ((130, 100), (130, 149), (159, 125)):
        assert tuple(drawn[row, column]) == COLORS["happy"]
    assert not drawn[130, [99, 150]].any(), "the dark rim"
    assert (drawn[130, 110:140] == 128).all()


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 40, 50),
        Box(280, 0, 320, 50),
        Box(0, 190, 40, 240),
        Box(280, 190, 320, 240),
        Box(0, 0, 320, 240),
        Box(-30, -30, 350, 270),
    ],
)
def test_labels_keep_within_the_image(box: Box) -> None:
    """As much of the label is seen as of one in the middle."""
    middle, there = (
        (draw_faces(gray(240, 320), [face]) == COLORS["surprised"]).all(axis=2).sum()
        for face in (
            Face(Box(100, 100, 101, 101), 0.9, emotion=Emotion(2, "surprised", 1.0), track_id=123),
            Face(box, 0.9, emotion=Emotion(2, "surprised", 1.0), track_id=123),
        )
    )
    assert there >= 0.95 * middle


def test_labels_of_neighbours_do_not_hide_each_other() -> None:
    left = Face(Box(100, 100, 140, 150), 0.9, emotion=HAPPY, track_id=1)
    right = Face(Box(135, 100, 175, 150), 0.9, emotion=Emotion(1, "angry", 0.7), track_id=2)
    both = draw_faces(gray(240, 320), [left, right])
    for face in (left, right):
        color = COLORS[face.emotion.label]
        alone = (draw_faces(gray(240, 320), [face]) == color).all(axis=2).sum()
        assert (both == color).all(axis=2).sum() > 0.85 * alone


LANDMARKS = ((110.4, 120.0), (140.0, 120.0), (125.0, 135.0), (115.0, 150.0), (135.0, 150.0))


@pytest.mark.parametrize("size", [(240, 320), (1080, 1920)], ids=["320x240", "1920x1080"])
def test_landmarks_are_dots_in_the_color_of_the_face(size: tuple[int, int]) -> None:
    """Seen on a screen that shows all of the image, and no larger than that needs."""
    face = Face(Box(100, 100, 150, 160), 0.9, emotion=HAPPY)
    with_dots = draw_faces(gray(*size), [replace(face, landmarks=LANDMARKS)])
    for x, y in LANDMARKS:
        assert tuple(with_dots[int(y), int(x)]) == COLORS["happy"]
    dots = (with_dots != draw_faces(gray(*size), [face])).any(axis=2).sum() / len(LANDMARKS)
    assert max(9, size[1] // 100) <= dots <= max(40, (size[1] / 80) ** 2)


@pytest.mark.parametrize(
    "point", [(-5.0, 9.0), (80.0, 9.0), (9.0, 60.0), (1e30, 9.0), (math.nan, 9.0), (9.0, math.inf)]
)
def test_a_landmark_outside_of_the_image_is_not_drawn(point: tuple[float, float]) -> None:
    image = np.full((60, 80, 3), 128, np.uint8)
    face = Face(Box(10, 10, 50, 50), 0.9, emotion=HAPPY)
    drawn = draw_faces(image, [replace(face, landmarks=(point,) * 5)])
    assert (drawn == draw_faces(image, [face])).all()


@pytest.mark.parametrize(
    "edges",
    [
        (30, 5, 5, 30),
        (math.nan, 0, 9, 9),
        (0, 0, math.inf, 9),
        (-1e30, -1e30, 1e30, 1e30),
        (0, 0, 2**32, 2**32),
    ],
)
def test_a_box_of_any_numbers_can_be_drawn(edges: tuple[float, float, float, float]) -> None:
    image = np.full((60, 80, 3), 128, np.uint8)
    face = Face(Box(*edges), 0.9, emotion=Emotion(9, "bewildered", math.nan))
    assert draw_faces(image, [face]).shape == image.shape


def test_a_landmark_is_a_dot_with_a_dark_rim_to_the_corner_of_the_image() -> None:
    image = gray(240, 320)
    face = Face(Box(100, 100, 200, 200), 0.9, emotion=HAPPY, landmarks=((0.0, 0.0), (50.0, 50.0)))
    drawn = draw_faces(image, [face])
    assert drawn[0, 0].tolist() == drawn[50, 50].tolist() == list(COLORS["happy"])
    dot = np.flatnonzero((drawn[50, 40:61] != image[50, 40:61]).any(axis=1))
    assert drawn[50, 40 + dot[0]].tolist() == drawn[50, 40 + dot[-1]].tolist() == [0, 0, 0]
    assert dot[-1] - dot[0] + 1 == 7


def test_a_label_that_has_no_color_has_that_of_the_unknown() -> None:
    box = Box(100, 100, 200, 200)
    drawn = [
        draw_faces(gray(240, 320), [Face(box, 0.9, emotion=Emotion(99, label, 0.9))])
        for label in ("bored", "unknown")
    ]
    assert drawn[0][100, 150].tolist() == drawn[1][100, 150].tolist() == list(COLORS["unknown"])


def test_the_text_lies_in_the_middle_of_its_label() -> None:
    box = Box(100, 100, 300, 200)
    drawn = draw_faces(gray(480, 640), [Face(box, 0.9, emotion=HAPPY)])
    above = drawn[:98]  # the rim of the box is below
    rows, columns = np.nonzero((above != 128).any(axis=2))
    label = drawn[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    dark = np.argwhere(label.max(axis=2) < 60)
    assert len(dark) > 50, "black text"
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    assert min(top, left) >= 1
    assert abs(left - (label.shape[1] - 1 - right)) <= 3
    assert (label[:, 0] == COLORS["happy"]).all()
    assert right - left > 5 * (bottom - top), "all of it"
