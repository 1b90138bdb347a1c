"""Decoding of the detector's grid, and the way from an image to boxes in its pixels."""

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.detector import (
    FaceDetector,
    checked_threshold,
    decode,
    faces_within,
    letterbox,
    merge,
)
from emotion_recognition.core.images.raw import ImageError
from emotion_recognition.core.types import Box

Grid = NDArray[np.float32]


def grid_with_face(column: int, row: int, box: int = 0, width: float = 0.2) -> Grid:
    """A grid of 9x9 cells with one confident face, a quarter into its cell."""
    grid = np.zeros((11, 9, 9), np.float32)
    values = (0.25, 0.25, np.sqrt(width), np.sqrt(0.3), 0.9)
    grid[5 * box : 5 * box + 5, row, column] = values
    grid[10, row, column] = 1.0
    return grid


def detector_answering(grid: Grid) -> FaceDetector:
    return FaceDetector(lambda tensor: grid[None], score_threshold=0.5)


@pytest.mark.parametrize("box", [0, 1])
def test_decode_places_each_box_by_its_cell(box: int) -> None:
    boxes, scores = decode(grid_with_face(column=3, row=5, box=box))
    best = int(scores.argmax())
    center, half = np.array([3.25, 5.25]) / 9, np.array([0.1, 0.15])
    assert boxes[best] == pytest.approx([*(center - half), *(center + half)], abs=1e-6)
    assert scores[best] == pytest.approx(0.9)
    assert (np.delete(scores, best) == 0).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_network_that_answers_what_is_not_finite_is_an_error(value: float) -> None:
    grid = grid_with_face(3, 5)
    grid[0, 2, 2] = value
    with pytest.raises(FloatingPointError, match="finite"):
        detector_answering(grid)(np.zeros((10, 10, 3), np.uint8))


def test_a_face_on_the_border_of_two_cells_is_as_sure_as_both_of_them_together() -> None:
    grid = np.zeros((11, 9, 9), np.float32)
    grid[:5, 4, 4] = (1.0, 0.5, 0.5, 0.5, 0.4)
    grid[:5, 4, 5] = (0.0, 0.5, 0.5, 0.5, 0.35)
    (face,) = detector_answering(grid)(np.zeros((288, 288, 3), np.uint8))
    assert face.score == pytest.approx(0.75)
    assert face.box.x1 == pytest.approx((5 / 9 - 0.125) * 288, abs=0.01)


def test_the_boxes_on_a_face_count_by_confidence_and_overlap() -> None:
    boxes = np.array([[0, 0, 0.2, 0.2], [0, 0, 0.25, 0.2], [0.6, 0.6, 0.8, 0.8]], np.float32)
    scores = np.array([0.3, 0.4, 0.6], np.float32)
    faces, totals = merge(boxes, scores, 0.5)
    first, second = 0.4, 0.3 * 0.8  # they overlap by four fifths
    right = (first * 0.25 + second * 0.2) / (first + second)
    assert totals == pytest.approx([first + second, 0.6])
    assert faces == pytest.approx(np.array([[0, 0, right, 0.2], boxes[2]]))


def test_two_faces_beside_each_other_stay_two() -> None:
    boxes = np.array([[0, 0, 0.2, 0.2], [0.09, 0, 0.29, 0.2]], np.float32)
    assert len(merge(boxes, np.array([0.9, 0.8], np.float32), 0.5)[0]) == 2


def test_the_threshold_is_for_the_sum_and_no_sum_exceeds_1() -> None:
    boxes = np.tile(np.array([0, 0, 0.2, 0.2], np.float32), (3, 1))
    for each, total in ((0.2, 0.6), (0.25, 0.75)):
        scores = np.full(3, each, np.float32)
        assert merge(boxes, scores, total - 0.01)[1] == pytest.approx([total])
        assert len(merge(boxes, scores, total + 0.01)[1]) == 0
    assert merge(boxes, np.full(3, 0.9, np.float32), 1.0)[1] == pytest.approx([1.0])


@pytest.mark.parametrize("size", [0.0, 1e-7, 1e-30])
def test_boxes_of_next_to_no_area_are_no_trouble(size: float) -> None:
    boxes = np.array([[0, 0, size, size]] * 2 + [[0.5, 0.5, 0.5, 0.9]], np.float32)
    faces, scores = merge(boxes, np.ones(3, np.float32), 0.0)
    assert np.isfinite(faces).all()
    assert (faces[:, 2:] > faces[:, :2]).all()
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(("height", "width"), [(480, 640), (640, 480), (100, 100), (1080, 1920)])
def test_letterbox_keeps_the_aspect_ratio_and_centres(height: int, width: int) -> None:
    image = np.full((height, width, 3), 255, np.uint8)
    pixels, scale, (left, top) = letterbox(image)
    rows, columns = np.nonzero(pixels[..., 0] == 255)
    assert pixels.shape == (288, 288, 3)
    assert (columns.min(), rows.min()) == (left, top)
    assert np.ptp(columns) + 1 == pytest.approx(width * scale, abs=1)
    assert np.ptp(rows) + 1 == pytest.approx(height * scale, abs=1)


@pytest.mark.parametrize(("height", "width"), [(288, 288), (480, 640), (1280, 720), (60, 90)])
def test_boxes_come_back_in_pixels_of_the_image(height: int, width: int) -> None:
    face = detector_answering(grid_with_face(4, 4))(np.zeros((height, width, 3), np.uint8))[0]
    scale = max(height, width)
    center = (4.25 / 9 - 0.5) * scale
    assert (face.box.x1 + face.box.x2) / 2 == pytest.approx(width / 2 + center, abs=1)
    assert (face.box.y1 + face.box.y2) / 2 == pytest.approx(height / 2 + center, abs=1)
    assert face.box.width == pytest.approx(0.2 * scale, rel=1e-3)


def test_a_box_outside_of_the_image_is_no_face() -> None:
    image = np.zeros((40, 60, 3), np.uint8)
    boxes = np.array([(60, 5, 70, 15), (50, 5, 70, 15)], np.float32)
    (face,) = faces_within(image, boxes, np.array([0.9, 0.8], np.float32))
    assert face.box == Box(50, 5, 60, 15)


def test_boxes_are_clipped_to_the_image() -> None:
    face = detector_answering(grid_with_face(0, 4, width=0.9))(np.zeros((288, 288, 3), np.uint8))[0]
    assert face.box.x1 == 0.0


def test_the_threshold_of_a_call_overrides_the_default() -> None:
    detect = detector_answering(grid_with_face(4, 4))
    image = np.zeros((48, 64, 3), np.uint8)
    assert len(detect(image)) == 1
    assert detect(image, score_threshold=0.95) == ()
    with pytest.raises(ValueError, match="within"):
        detect(image, score_threshold=1.5)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((0, 10, 3), np.uint8), "empty"),
        (np.zeros((10, 10), np.uint8), "shape"),
        (np.zeros((10, 10, 4), np.uint8), "shape"),
        (np.zeros((10, 10, 3), np.float32), "dtype"),
        (np.full((10, 10, 3), np.nan), "dtype"),
        (None, "numpy"),
    ],
)
def test_an_unusable_image_is_named(image: object, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        detector_answering(grid_with_face(4, 4))(image)  # type: ignore[arg-type]


def test_the_network_gets_bgr_pixels_from_0_to_1() -> None:
    seen = []

    def network(tensor: Grid) -> Grid:
        seen.append(tensor)
        return grid_with_face(4, 4)[None]

    image = np.full((288, 288, 3), (0, 51, 255), np.uint8)
    FaceDetector(network, 0.5)(image)
    assert seen[0].shape == (1, 3, 288, 288)
    assert seen[0].dtype == np.float32
    assert seen[0][0, :, 9, 9] == pytest.approx([0, 0.2, 1])


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_ends_of_the_range_are_thresholds(threshold: float) -> None:
    assert checked_threshold(threshold) == threshold


@pytest.mark.parametrize(("height", "width"), [(1, 1000), (1000, 1)])
def test_of_an_image_that_is_a_line_a_line_is_left(height: int, width: int) -> None:
    pixels, _, _ = letterbox(np.full((height, width, 3), 255, np.uint8))
    assert pixels.dtype == np.uint8
    lines = (pixels[..., 0] == 255).any(axis=1 if height == 1 else 0)
    assert lines.sum() == 1


def test_sizes_and_scores_that_no_face_has_are_cut() -> None:
    grid = np.zeros((11, 9, 9), np.float32)
    grid[:5, 2, 2] = (0.5, 0.5, 2.0, -1.0, 1.7)
    grid[:5, 3, 3] = (0.5, 0.5, 1.4, 1.4, -0.2)
    boxes, scores = decode(grid)
    large, other = 2 * 9 + 2, 3 * 9 + 3
    assert boxes[large, 2] - boxes[large, 0] == pytest.approx(1.5**2)
    assert boxes[large, 3] == boxes[large, 1]
    assert boxes[other, 2] - boxes[other, 0] == pytest.approx(1.4**2)
    assert (scores[large], scores[other]) == (1.0, 0.0)


def test_faces_from_the_threshold_on_are_found_and_none_before_is_the_last() -> None:
    few = [[0, 0, 0.2, 0.2]]
    many = [[0.5, 0.5, 0.7, 0.7]] * 3
    scores = np.array([0.375, 0.25, 0.25, 0.25], np.float32)
    faces, totals = merge(np.array(few + many, np.float32), scores, 0.75)
    assert totals.tolist() == [0.75]
    assert faces[0] == pytest.approx(many[0])
    assert merge(np.array(few, np.float32), scores[:1], 0.375)[1].tolist() == [0.375]


def test_without_a_box_nothing_is_found_and_its_types_stay() -> None:
    faces, totals = merge(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), 0.0)
    assert (faces.shape, totals.shape) == ((0, 4), (0,))
    assert {faces.dtype, totals.dtype} == {np.dtype(np.float32)}


def test_boxes_with_no_score_are_no_faces_even_at_a_threshold_of_0() -> None:
    boxes = np.array([[0, 0, 0.2, 0.2]], np.float32)
    assert len(merge(boxes, np.zeros(1, np.float32), 0.0)[0]) == 0
