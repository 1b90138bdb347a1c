"""The landmarks in the square around a face, behind networks made here."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.heads.crop import square_around
from emotion_recognition.core.heads.landmarker import POINTS, SCALE, FaceLandmarker, places
from emotion_recognition.core.types import Box

Floats = NDArray[np.float32]
SIDE = FaceLandmarker.OUTPUT_SHAPE[-1]
#: Row and column of a cell for each point.
CELLS = [(3, 3), (3, 8), (6, 5), (9, 4), (9, 7)]


def maps_of(cells: list[tuple[int, int]]) -> Floats:
    """(1, 5, S, S) of a network that is sure of a cell for each point."""
    maps = np.full(FaceLandmarker.OUTPUT_SHAPE, -50, np.float32)
    for point, (row, column) in enumerate(cells):
        maps[0, point, row, column] = 50
    return maps


def test_a_point_lies_in_the_middle_of_the_cell_that_is_sure() -> None:
    found = places(maps_of(CELLS))
    assert found.shape == (1, POINTS, 2)
    expected = [((column + 0.5) / SIDE - 0.5, (row + 0.5) / SIDE - 0.5) for row, column in CELLS]
    assert found[0] == pytest.approx(np.array(expected), abs=1e-6)


def test_a_point_lies_between_cells_that_are_as_likely() -> None:
    maps = maps_of(CELLS)
    maps[0, 0, 4, 3] = 50
    found, one = places(maps)[0, 0], places(maps_of(CELLS))[0, 0]
    assert found == pytest.approx(one + np.array([0, 0.5 / SIDE]), abs=1e-6)


def test_a_network_that_knows_nothing_puts_all_points_in_the_middle() -> None:
    assert places(np.zeros((2, POINTS, SIDE, SIDE), np.float32)) == pytest.approx(0, abs=1e-6)


def test_landmarks_are_in_pixels_of_the_image_for_each_box() -> None:
    boxes = [Box(100, 50, 180, 150), Box(400, 300, 420, 310)]
    found = FaceLandmarker(lambda _: maps_of(CELLS))(np.zeros((480, 640, 3), np.uint8), boxes)
    assert len(found) == 2
    for box, points in zip(boxes, found, strict=True):
        (x, y), side = square_around(box, SCALE)
        assert side == pytest.approx(max(box.width, box.height) * SCALE)
        expected = np.array([x, y]) + places(maps_of(CELLS))[0] * side
        assert np.array(points) == pytest.approx(expected, abs=1e-3)


def test_the_network_sees_each_face_in_gray_from_0_to_1() -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    image[100:140, 50:90] = 255
    seen: list[Floats] = []

    def network(square: Floats) -> Floats:
        seen.append(square)
        return maps_of(CELLS)

    FaceLandmarker(network)(image, [Box(50, 100, 90, 140), Box(200, 100, 240, 140)])
    assert [square.shape for square in seen] == [FaceLandmarker.INPUT_SHAPE] * 2
    assert [square.dtype for square in seen] == [np.float32] * 2
    assert seen[0].max() == 1
    assert seen[0].mean() == pytest.approx(1 / SCALE**2, abs=0.02)
    assert seen[1].max() == 0


def test_without_faces_the_network_is_not_asked() -> None:
    def network(_: Floats) -> Floats:
        raise AssertionError("not to be run")

    assert FaceLandmarker(network)(np.zeros((10, 10, 3), np.uint8), []) == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_answer_that_is_not_finite_is_an_error(value: float) -> None:
    maps = maps_of(CELLS)
    maps[0, 2, 0, 0] = value
    with pytest.raises(FloatingPointError, match="landmarker"):
        FaceLandmarker(lambda _: maps)(np.zeros((99, 99, 3), np.uint8), [Box(0, 0, 50, 50)])
