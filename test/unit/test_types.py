"""Boxes and emotions."""

import dataclasses
import itertools
import math
import random

import pytest

from emotion_recognition.core.types import EMOTIONS, LABELS, UNKNOWN, Box, Emotion, Face


def test_iou_of_a_box_with_itself_is_one_and_with_a_distant_one_zero() -> None:
    box = Box(10, 20, 30, 60)
    assert box.iou(box) == 1.0
    assert box.iou(Box(30, 60, 50, 80)) == 0.0


def test_iou_of_half_covered_boxes() -> None:
    assert Box(0, 0, 2, 1).iou(Box(1, 0, 3, 1)) == pytest.approx(1 / 3)


NUMBERS = (0.0, 10.0, -5.0, 30.0, 1e-200, 1e-320, 1e200, -1e308, math.inf, -math.inf, math.nan)


def test_boxes_of_any_numbers_have_an_area_and_an_overlap() -> None:
    boxes = [Box(*edges) for edges in itertools.product(NUMBERS, repeat=4)]
    assert all(0 <= box.area < math.inf for box in boxes)
    picked = random.Random(3).sample(boxes, 120)
    assert all(0 <= one.iou(other) <= 1 for one, other in itertools.product(picked, repeat=2))
    sound = Box(0, 0, 20, 20)
    assert all(0 <= box.iou(sound) <= 1 for box in boxes)


@pytest.mark.parametrize("box", [Box(10, 0, 0, 10), Box(0, 10, 10, 0), Box(10, 10, 0, 0)])
def test_an_inverted_box_has_no_area_and_overlaps_nothing(box: Box) -> None:
    assert box.area == 0
    assert box.iou(box) == box.iou(Box(0, 0, 20, 20)) == 0


def test_clipping_keeps_the_part_inside_the_image() -> None:
    assert Box(-5, 10, 700, 490).clipped(640, 480) == Box(0, 10, 640, 480)
    assert Box(0.5, 0.25, 0.75, 0.5).clipped(640, 480) == Box(0.5, 0.25, 0.75, 0.5)
    assert Box(-9, -9, -5, -5).clipped(640, 480) == Box(0, 0, 0, 0)
    outside = Box(700, 500, 710, 520).clipped(640, 480)
    assert outside.width == outside.height == 0


@pytest.mark.parametrize("index", range(4))
def test_the_most_probable_class_is_the_emotion(index: int) -> None:
    probabilities = tuple(0.7 if i == index else 0.1 for i in range(4))
    emotion = Emotion.from_probabilities(probabilities)
    assert (emotion.id, emotion.label, emotion.confidence) == (index, LABELS[index], 0.7)
    assert str(emotion) == LABELS[index]


@pytest.mark.parametrize("label", EMOTIONS)
def test_an_emotion_has_its_id_wherever_a_model_has_it(label: str) -> None:
    labels = tuple(reversed(EMOTIONS))
    probabilities = tuple(0.3 if name == label else 0.1 for name in labels)
    emotion = Emotion.from_probabilities(probabilities, labels)
    assert emotion == Emotion(EMOTIONS.index(label), label, 0.3)


@pytest.mark.parametrize("count", [0, 3, 5, 8])
def test_probabilities_of_another_number_than_of_labels_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="zip"):
        Emotion.from_probabilities((0.5,) * count)


def test_a_face_without_a_classifier_is_unknown_and_cannot_be_changed() -> None:
    face = Face(Box(0, 0, 1, 1), 0.5)
    assert face.emotion == UNKNOWN
    assert face.probabilities == ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        face.score = 1.0  # type: ignore[misc]
