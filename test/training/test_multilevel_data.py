"""Samples of the default detector's training, from pictures made here."""

import csv
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from emotion_recognition.training import image_cache
from emotion_recognition.training.detection_data import AnnotatedImage
from emotion_recognition.training.detection_loss import EMPTY, FACE, IGNORED
from emotion_recognition.training.face_landmarks import read_landmarked
from emotion_recognition.training.image_cache import ImageCache, read_pixels
from emotion_recognition.training.multilevel_data import (
    MOST_FACES,
    MultilevelDataset,
    face_list,
    mirrored,
    visible_faces,
)

Pixels = NDArray[np.uint8]

BOX = (90, 70, 150, 150)
#: Eyes, nose, corners of the mouth of the face in BOX.
POINTS = np.array([[105, 100], [135, 100], [120, 115], [108, 130], [132, 130]], np.float32)
SIZE = 160


def picture(*boxes: tuple[float, ...], ignore: bool = False) -> AnnotatedImage:
    return AnnotatedImage(
        Path("face.png" if boxes else "none.png"),
        "test",
        320,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), ignore),
    )


def drawn(path: Path, shrink: int = 1) -> Pixels:
    """A white ellipse that fills BOX in a black picture of 320x240, or nothing."""
    pixels = np.zeros((240 // shrink, 320 // shrink, 3), np.uint8)
    if path.name == "face.png":
        x1, y1, x2, y2 = np.array(BOX) / shrink
        rows, columns = np.mgrid[0 : len(pixels), 0 : pixels.shape[1]] + 0.5
        x, y = (columns - (x1 + x2) / 2) / (x2 - x1), (rows - (y1 + y2) / 2) / (y2 - y1)
        pixels[x**2 + y**2 <= 0.25] = 255
    return pixels


def unchanged(image: Pixels, _: object) -> Pixels:
    return image


@pytest.mark.parametrize("shrink", [1, 5])
def test_boxes_are_where_the_faces_are_drawn(monkeypatch: pytest.MonkeyPatch, shrink: int) -> None:
    """Whatever the zoom, the stretch, the rotation and the mirroring, and not half a pixel off."""
    monkeypatch.setattr("emotion_recognition.training.multilevel_data.photometric", unchanged)
    monkeypatch.setattr("emotion_recognition.training.multilevel_data.COLLAGES", (1, 0, 0))
    box = tuple(side / shrink for side in BOX)
    dataset = MultilevelDataset([picture(box)], 0, SIZE, partial(drawn, shrink=shrink))
    monkeypatch.setattr(dataset, "_background", lambda _: np.zeros((SIZE, SIZE, 3), np.uint8))
    errors, sides = [], []
    for epoch in range(100):
        image, target = dataset[(epoch, 0)]
        box = target[0, :4].numpy()
        if target[0, 4] != FACE or box.min() <= 0 or box.max() >= SIZE:
            continue  # cut off, so that the ellipse is, too
        coverage = image[0].numpy() / 255
        rows, columns = np.flatnonzero(coverage.max(1) > 0.5), np.flatnonzero(coverage.max(0) > 0.5)
        seen = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])
        errors.append(seen - box)
        sides.append(max(box[2:] - box[:2]))
    assert len(errors) > 50
    assert min(sides) < 20 < 100 < max(sides)
    shift = (np.array(errors)[:, :2] + np.array(errors)[:, 2:]) / 2
    assert np.abs(shift).max() < 0.8
    assert np.abs(shift.mean(0)).max() < 0.15


def test_mirroring_twice_changes_nothing() -> None:
    boxes = np.array([BOX], np.float32)
    once = mirrored(boxes, 320)
    assert once.tolist() == [[170, 70, 230, 150]]
    assert (mirrored(once, 320) == boxes).all()


def test_collages_hold_more_and_smaller_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {}
    for tiles, shares in ((1, (1, 0, 0)), (3, (0, 0, 1))):
        monkeypatch.setattr("emotion_recognition.training.multilevel_data.COLLAGES", shares)
        dataset = MultilevelDataset([picture(BOX)], 0, 288, drawn)
        targets = torch.stack([dataset[(epoch, 0)][1] for epoch in range(12)])
        faces = targets[targets[..., 4] == FACE]
        counts[tiles] = (len(faces) / 12, (faces[:, 2] - faces[:, 0]).median().item())
    assert counts[3][0] > 2 * counts[1][0]
    assert counts[3][1] < counts[1][1]


def test_a_sample_depends_on_seed_epoch_and_index_alone() -> None:
    images = [picture(BOX), picture(), picture(BOX)]
    one, other = (MultilevelDataset(images, 3, SIZE, drawn) for _ in range(2))
    one[(0, 0)]
    for key in ((0, 1), (1, 2)):
        for first, second in zip(one[key], other[key], strict=True):
            assert torch.equal(first, second)
    assert not torch.equal(one[(0, 0)][0], one[(1, 0)][0])


def test_pixels_that_are_read_are_not_written_to() -> None:
    pixels = drawn(Path("face.png"))
    pixels.setflags(write=False)
    dataset = MultilevelDataset([picture(BOX), picture()], 0, SIZE, lambda _: pixels)
    for epoch in range(10):
        dataset[(epoch, 0)]


@pytest.mark.parametrize(
    ("shift", "zoom", "states"),
    [(0, 1.0, [FACE]), (-119, 1.0, [FACE]), (-121, 1.0, [IGNORED]), (-150, 1.0, []), (0, 0.09, [])],
)
def test_faces_that_are_cut_off_or_too_small(
    shift: float, zoom: float, states: list[float]
) -> None:
    matrix = np.array([[zoom, 0, shift], [0, zoom, 0]], np.float64)
    boxes, ignore = visible_faces(picture(BOX), matrix, 320, 240)
    target = face_list(boxes, ignore)
    if zoom < 1:
        assert target[0, 4] == IGNORED
    else:
        assert target[target[:, 4] != EMPTY, 4].tolist() == states


def test_flagged_faces_stay_flagged() -> None:
    identity = np.eye(2, 3)
    boxes, ignore = visible_faces(picture(BOX, ignore=True), identity, 320, 240)
    assert face_list(boxes, ignore)[0, 4] == IGNORED


def test_of_too_many_faces_the_larger_ones_are_kept() -> None:
    sides = np.arange(10, 10 + MOST_FACES + 5, dtype=np.float32)
    boxes = np.stack([sides * 0, sides * 0, sides, sides], axis=1)
    target = face_list(boxes, np.zeros(len(sides), bool))
    assert target[:, 2].min() == 15


COLUMNS = "file,source,split,width,height,x1,y1,x2,y2,label_type,ignore"
LANDMARK_COLUMNS = (
    "file,x1,y1,x2,y2,label_type,score,"
    "eye1_x,eye1_y,eye2_x,eye2_y,nose_x,nose_y,mouth1_x,mouth1_y,mouth2_x,mouth2_y"
)


def write_tables(root: Path) -> None:
    rows = [
        "a.png,ilc,train,320,240,10.0,20.0,30.0,40.0,human+yunet,0",
        "a.png,ilc,train,320,240,50.0,60.0,70.0,80.0,human,1",
        "none.png,bgcrop,train,320,240,,,,,negative,0",
        "b.png,p1,train,320,240,90,70,150,150,landmark+yunet,0",
        "c.png,p1,val,320,240,90,70,150,150,landmark+yunet,0",
    ]
    (root / "annotations.csv").write_text("\n".join([COLUMNS, *rows]) + "\n")
    with open(root / "landmarks.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(LANDMARK_COLUMNS.split(","))
        points = POINTS.ravel().tolist()
        table.writerow(["b.png", 90, 70, 150, 150, "human", "", *points])
        table.writerow(["a.png", "10.0", "20.0", "30.0", "40.0", "yunet", 0.9, *range(10)])


def test_landmarks_are_read_for_the_boxes_that_have_them(tmp_path: Path) -> None:
    write_tables(tmp_path)
    first, none, second = read_landmarked(tmp_path, "train")
    assert first.landmarks[0].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert np.isnan(first.landmarks[1]).all()
    assert first.human.tolist() == [False, False]
    assert first.ignore.tolist() == [False, True]
    assert none.landmarks.shape == (0, 5, 2)
    assert (second.landmarks[0] == POINTS).all()
    assert second.human.tolist() == [True]


def test_a_box_redrawn_in_the_style_of_its_source_keeps_its_landmarks(tmp_path: Path) -> None:
    write_tables(tmp_path)
    first = read_landmarked(tmp_path, "train")[0]
    assert first.boxes[0].tolist() != [10, 20, 30, 40]
    assert np.isfinite(first.landmarks[0]).all()


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    result = []
    for index, shape in enumerate([(20, 30, 3), (40, 25, 3), (8, 8, 3)]):
        path = tmp_path / f"{index}.png"
        cv2.imwrite(str(path), rng.integers(0, 256, shape, np.uint8))
        result.append(path)
    return result


def test_cached_images_are_those_of_the_files(paths: list[Path], tmp_path: Path) -> None:
    for _ in range(2):  # made, then found
        cache = ImageCache(paths, tmp_path / "cache")
        for path in paths:
            assert (cache(path) == read_pixels(path)).all()
            assert not cache(path).flags.writeable


def test_a_cache_is_not_made_twice(
    paths: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ImageCache(paths, tmp_path / "cache")
    monkeypatch.setattr(image_cache, "read_pixels", lambda _: pytest.fail("read again"))
    ImageCache(paths, tmp_path / "cache")


def test_a_cache_of_other_images_is_replaced(paths: list[Path], tmp_path: Path) -> None:
    ImageCache(paths[:2], tmp_path / "cache")
    assert (ImageCache(paths[1:], tmp_path / "cache")(paths[2]) == read_pixels(paths[2])).all()


def test_a_cache_that_was_not_finished_is_made_again(paths: list[Path], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing"):
        ImageCache([paths[0], tmp_path / "missing.png"], tmp_path / "cache")
    assert (ImageCache(paths, tmp_path / "cache")(paths[0]) == read_pixels(paths[0])).all()
