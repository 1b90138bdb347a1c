"""What is measured of a detector, on images and with detectors made here."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.training.detection_data import AnnotatedImage, grid_target
from emotion_recognition.training.evidence.detector import measure_detector
from emotion_recognition.training.evidence.detector_charts import save_detector_charts
from emotion_recognition.training.evidence.recall import (
    at_least,
    face_records,
    grid_cells,
    misplaced,
    outcome,
    recall_by,
)
from emotion_recognition.training.evidence.sheets import (
    largest_missed,
    save_detector_sheets,
    sheets_folder,
    surest_false_positive,
)
from emotion_recognition.training.evidence.squash import SquashingDetector
from emotion_recognition.training.evidence.tables import detector_tables
from emotion_recognition.training.held_aside import held_aside_negatives, without_held_aside
from emotion_recognition.training.metrics import ImageDetections

#: In an image of 900x900: two faces in the cell of 100 pixels at the upper left, one elsewhere.
FACES = np.array([[0, 0, 90, 90], [30, 30, 70, 70], [400, 400, 700, 700]], np.float32)


def annotated(
    boxes: NDArray[np.float32], path: str = "none.jpg", side: int = 900
) -> AnnotatedImage:
    return AnnotatedImage(Path(path), "test", side, boxes, np.zeros(len(boxes), bool))


def detections(boxes: NDArray[np.float32], scores: list[float]) -> ImageDetections:
    return ImageDetections(boxes, np.array(scores, np.float32), FACES, np.zeros(len(FACES), bool))


def network_for(box: tuple[float, float, float, float], score: float = 0.81) -> Network:
    """A network that finds one face, given in pixels of its input of 288x288, in every image."""
    target = grid_target(np.array([box], np.float32), np.zeros(1, bool))
    grid = np.zeros((1, 11, 9, 9), np.float32)
    row, column = np.argwhere(target[..., 4] == 1)[0]
    x, y, width, height, _ = target[row, column]
    grid[0, :5, row, column] = x, y, width**0.5, height**0.5, score
    grid[0, 10, row, column] = 1
    return lambda _: grid


def test_recall_by_size_and_crowding_of_a_known_case() -> None:
    image = annotated(FACES)
    result = detections(FACES[[0, 2]], [0.9, 0.3])
    records = face_records([result], [image], [(900, 900)], score_threshold=0.5)
    assert records.size == pytest.approx([0.1, 40 / 900, 1 / 3])
    assert records.in_cell.tolist() == [2, 2, 1]
    assert records.largest.tolist() == [True, False, True]
    assert records.found.tolist() == [True, False, False]

    small, large = recall_by(records.size, records, (0, 0.2, 1))
    assert (small.faces, small.recall, small.limit) == (2, 0.5, 0.5)
    assert (large.faces, large.recall, large.limit) == (1, 0.0, 1.0)
    alone, crowded = recall_by(records.in_cell, records, (1, 2, 9))
    assert (alone.faces, alone.recall) == (1, 0.0)
    assert (crowded.faces, crowded.recall) == (2, 0.5)
    assert at_least(records, 0.05).found.tolist() == [True, False]


def test_empty_bins_are_left_out() -> None:
    records = face_records([detections(FACES, [0.9] * 3)], [annotated(FACES)], [(900, 900)], 0.5)
    assert [item.faces for item in recall_by(records.size, records, (0, 0.01, 0.2, 1))] == [2, 1]


def test_flagged_faces_crowd_a_cell_but_are_not_counted() -> None:
    image = replace(annotated(FACES), ignore=np.array([False, True, False]))
    records = face_records([detections(FACES, [0.9] * 3)], [image], [(900, 900)], 0.5)
    assert records.in_cell.tolist() == [2, 1]


def test_cells_are_those_of_the_letterboxed_input() -> None:
    # 900x300 pixels are put in the middle of 900x900: the top of the image is 300 pixels down.
    boxes = np.array([[0, 0, 20, 20], [880, 280, 900, 300]], np.float32)
    assert grid_cells(boxes, width=900, height=300).tolist() == [[0, 3], [8, 5]]


def test_detections_are_assigned_to_one_face_each() -> None:
    result = detections(FACES[[0, 0, 2]], [0.9, 0.8, 0.7])
    found, false_positive = outcome(result, 0.5)
    assert found.tolist() == [True, False, True]
    assert false_positive.tolist() == [False, True, False]
    assert largest_missed(annotated(FACES), result, 0.5) == pytest.approx(40 / 900)
    assert surest_false_positive(annotated(FACES), result, 0.5) == pytest.approx(0.8)
    assert surest_false_positive(annotated(FACES), result, 0.85) == 0


def test_a_detection_on_a_flagged_face_is_no_false_positive() -> None:
    result = replace(detections(FACES[[2]], [0.9]), neutral=np.array([False, False, True]))
    found, false_positive = outcome(result, 0.5)
    assert not found.any()
    assert not false_positive.any()


def test_a_misplaced_box_is_told_from_one_on_the_background() -> None:
    boxes = np.array([[400, 400, 700, 530], [800, 0, 890, 90]], np.float32)
    result = detections(boxes, [0.9, 0.8])
    _, false_positive = outcome(result, 0.5)
    assert false_positive.tolist() == [True, True]
    assert misplaced(result, false_positive) == 1
    assert misplaced(result, np.zeros(2, bool)) == 0


def test_an_image_without_faces_has_only_false_positives() -> None:
    nothing = np.zeros((0, 4), np.float32)
    result = ImageDetections(FACES[:1], np.array([0.9], np.float32), nothing, np.zeros(0, bool))
    found, false_positive = outcome(result, 0.5)
    assert found.shape == (0,)
    assert false_positive.tolist() == [True]


def test_squashing_maps_boxes_back_to_the_image() -> None:
    detector = SquashingDetector(network_for((72, 72, 144, 216)))
    (face,) = detector(np.zeros((200, 400, 3), np.uint8), 0.5)
    box = (face.box.x1, face.box.y1, face.box.x2, face.box.y2)
    assert box == pytest.approx((100, 50, 200, 150), abs=0.01)


def test_squashing_is_measured_beside_letterboxing(tmp_path: Path) -> None:
    path = tmp_path / "wide.jpg"
    cv2.imwrite(str(path), np.full((192, 288, 3), 90, np.uint8))
    image = annotated(np.array([[72, 20, 144, 172]], np.float32), str(path), 288)
    detector = FaceDetector(network_for((72, 68, 144, 220)), 0.5)
    figures = measure_detector(detector, [image], []).figures()
    assert figures["val"]["mean_iou_10"] == pytest.approx(1, abs=0.01)
    assert figures["val_squashed"]["mean_iou_10"] == pytest.approx(2 / 3, abs=0.01)


def negatives(count: int) -> list[AnnotatedImage]:
    nothing = np.zeros((0, 4), np.float32)
    return [annotated(nothing, f"data/negative_{index}.jpg") for index in range(count)]


def test_negatives_are_held_aside_whatever_the_order_and_the_place_of_the_files() -> None:
    images = [*negatives(30), annotated(FACES, "data/face.jpg")]
    chosen = [image.path.name for image in held_aside_negatives(images, 5)]
    moved = [replace(image, path=Path("elsewhere") / image.path.name) for image in images]
    assert [image.path.name for image in held_aside_negatives(moved[::-1], 5)] == chosen
    assert chosen != sorted(chosen)


def test_training_keeps_everything_that_is_not_held_aside() -> None:
    images = [*negatives(250), annotated(FACES, "data/face.jpg")]
    held_aside = {image.path for image in held_aside_negatives(images)}
    kept = [image.path for image in without_held_aside(images)]
    assert len(held_aside) == 200
    assert len(kept) == 51
    assert not held_aside & set(kept)
    assert Path("data/face.jpg") in kept


def test_all_charts_and_tables_of_a_detector(tmp_path: Path) -> None:
    images = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.jpg"
        cv2.imwrite(str(path), np.full((288, 288, 3), 90, np.uint8))
        images.append(annotated(np.array([[72, 72, 144, 216]], np.float32), str(path), 288))
    images[1] = replace(images[1], boxes=np.zeros((0, 4), np.float32), ignore=np.zeros(0, bool))
    detector = FaceDetector(network_for((72, 72, 144, 216)), 0.5)
    evidence = measure_detector(detector, images[:1], images[1:])
    figures = evidence.figures()
    assert figures["val"]["ap50_5"] == 1
    assert figures["val_squashed"]["mean_iou_10"] == pytest.approx(1, abs=0.01)
    assert figures["negatives"]["false_positives_per_image"] == 1
    assert set(figures["false_positives_on_val"].values()) == {0}
    assert figures["negatives"]["by_source"] == {"test": {"images": 1, "false_positives": 1}}
    assert figures["by_score_threshold"]["0.85"]["recall"] == 0
    assert figures["val_by_source"]["test"]["ap50_10"] == 1
    save_detector_charts("test", evidence, tmp_path)
    save_detector_sheets("test", evidence, images[:1], sheets_folder(tmp_path))
    pictures = sorted(tmp_path.rglob("*.png"))
    assert len(pictures) == 6
    assert all(cv2.imread(str(picture)) is not None for picture in pictures)
    assert "| 50.0% to 101.0% | 1 | 1.000 | 1.000 |" in detector_tables(
        "test", {"files": {}, **figures}
    )
