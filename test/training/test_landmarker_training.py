"""Samples and network of the landmarker's training, from pictures made here."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from emotion_recognition.core.heads.landmarker import (
    INPUT_SIZE,
    FaceLandmarker,
    places,
)
from emotion_recognition.core.types import Box
from emotion_recognition.training import landmarker_data
from emotion_recognition.training.evaluate_landmarker import landmarker_figures
from emotion_recognition.training.face_landmarks import MIRRORED, LandmarkedImage
from emotion_recognition.training.landmarker_data import (
    SMALLEST_FACE,
    LandmarkedFace,
    LandmarkerDataset,
    landmarked_faces,
)
from emotion_recognition.training.landmarker_network import LandmarkerNetwork
from emotion_recognition.training.train_landmarker import landmark_loss

Pixels = NDArray[np.uint8]
BOX = Box(100, 60, 180, 160)
#: Eyes, nose, corners of the mouth.
POINTS = np.array([[122, 95], [158, 95], [141, 115], [125, 135], [155, 135]], np.float32)
FACE = LandmarkedFace(Path("face.png"), BOX, POINTS, human=True)


def drawn(_: Path) -> Pixels:
    """A spot for each point, the brighter the later it comes."""
    pixels = np.zeros((240, 320, 3), np.uint8)
    for index, (x, y) in enumerate(POINTS.tolist()):
        cv2.circle(pixels, (round(x), round(y)), 4, (50 * (index + 1),) * 3, -1)
    return pixels


def spot(square: Pixels, x: float, y: float) -> int:
    column, row = (int((value + 0.5) * INPUT_SIZE) for value in (x, y))
    return int(square[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2].max())


def test_points_are_where_the_face_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """However the square is shifted, sized, turned and mirrored."""
    monkeypatch.setattr(landmarker_data, "DEGRADED", 0)
    monkeypatch.setattr(landmarker_data, "COARSE", 0)
    dataset = LandmarkerDataset([FACE], 0, drawn)
    mirrorings, rolls = set(), []
    for epoch in range(60):
        square, points = dataset[(epoch, 0)]
        values = [spot(square[0].numpy(), x, y) for x, y in points.tolist()]
        assert points[0, 0] < points[1, 0]  # image-left first, mirrored or not
        assert min(values) > 20
        brighter = tuple(np.argsort(values).tolist())
        assert brighter in (tuple(range(5)), tuple(MIRRORED)), values
        mirrorings.add(brighter)
        across = points[1] - points[0]
        rolls.append(float(torch.atan2(across[1], across[0])))
    assert len(mirrorings) == 2
    assert np.degrees(min(rolls)) < -20
    assert np.degrees(max(rolls)) > 20


def test_a_sample_depends_on_seed_epoch_and_index_alone() -> None:
    one, other = (LandmarkerDataset([FACE, FACE], 3, drawn) for _ in range(2))
    one[(0, 0)]
    for key in ((0, 1), (1, 0)):
        for first, second in zip(one[key], other[key], strict=True):
            assert torch.equal(first, second)
    assert not torch.equal(one[(0, 0)][0], one[(1, 0)][0])


def test_faces_to_learn_from_are_large_enough_certain_and_landmarked() -> None:
    small = BOX.x1 + SMALLEST_FACE - 1
    boxes = [[BOX.x1, BOX.y1, BOX.x2, BOX.y2]] * 3 + [[BOX.x1, BOX.y1, small, BOX.y1 + 10]]
    landmarks = np.stack([POINTS, POINTS, np.full_like(POINTS, np.nan), POINTS])
    image = LandmarkedImage(
        Path("a.png"),
        "p1",
        320,
        np.array(boxes, np.float32),
        np.array([False, True, False, False]),
        landmarks=landmarks,
        human=np.array([True, True, False, True]),
    )
    (face,) = landmarked_faces([image])
    assert face.box == BOX
    assert (face.landmarks == POINTS).all()
    assert face.human


def test_the_loss_is_of_the_places_that_are_read_from_the_maps() -> None:
    maps = torch.randn(2, *FaceLandmarker.OUTPUT_SHAPE[1:], generator=torch.manual_seed(0))
    right = torch.from_numpy(places(maps.numpy()))
    assert landmark_loss(maps, right) == pytest.approx(0, abs=1e-6)
    # Beyond BETA it is the distance less half of BETA, in hundredths.
    assert landmark_loss(maps, right + 0.1) == pytest.approx(10 - 0.25, abs=1e-3)


def test_the_error_is_in_distances_between_the_eyes_of_an_annotator(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), drawn(path))
    find = FaceLandmarker(lambda _: np.zeros(FaceLandmarker.OUTPUT_SHAPE, np.float32))
    (points,) = find(drawn(path), [BOX])
    moved = np.array(points) + np.array([[0, 0], [20, 0], [0, 0], [0, 0], [0, 0]])
    human = LandmarkedFace(path, BOX, moved.astype(np.float32), human=True)
    machine = LandmarkedFace(path, BOX, POINTS, human=False)
    measured = landmarker_figures(find, [human, machine])
    assert measured == {"landmark_error": pytest.approx(20 / 5 / 20, abs=1e-4)}
    assert np.isnan(landmarker_figures(find, [machine])["landmark_error"])


def test_the_network_is_as_small_as_its_place_in_a_frame_allows() -> None:
    network = LandmarkerNetwork().eval()
    assert sum(parameter.numel() for parameter in network.parameters()) <= 125_000
    with torch.no_grad():
        assert network(torch.zeros(FaceLandmarker.INPUT_SHAPE)).shape == FaceLandmarker.OUTPUT_SHAPE
