"""Which boxes are of one face."""

import numpy as np
import pytest

from emotion_recognition.core.overlap import SAME_FACE_IOU, boxes_by_face, pairwise_iou


def test_boxes_are_of_one_face_from_the_threshold_on() -> None:
    whole = 20.0
    boxes = np.array([[0, 0, whole, 1], [0, 0, SAME_FACE_IOU * whole, 1], [0, 0, 8.9, 1]])
    members = [group.tolist() for group, _ in boxes_by_face(boxes.astype(np.float32))]
    assert members == [[0, 1], [2]]


def test_overlaps_are_of_each_with_each() -> None:
    a = np.array([[0, 0, 2, 1], [5, 5, 6, 6]], np.float32)
    b = np.array([[1, 0, 3, 1], [0, 0, 2, 1], [5, 5, 6, 7]], np.float32)
    expected = np.array([[1 / 3, 1, 0], [0, 0, 0.5]])
    assert pairwise_iou(a, b) == pytest.approx(expected)
    assert pairwise_iou(a, b).dtype == np.float32
