"""Targets, loss and metrics of the detector, on data made here."""

from pathlib import Path

import numpy as np
import pytest
import torch

from emotion_recognition.core.detector import decode
from emotion_recognition.training.detection_data import (
    INPUT_SIZE,
    AnnotatedImage,
    grid_target,
    visible_boxes,
)
from emotion_recognition.training.detection_loss import FACE, IGNORED, yolo_loss
from emotion_recognition.training.metrics import ImageDetections, match
from emotion_recognition.training.networks import PaperDetector
from emotion_recognition.training.trainer import train_mode


def annotated(*boxes: tuple[float, float, float, float]) -> AnnotatedImage:
    return AnnotatedImage(
        Path("none.jpg"),
        "test",
        100,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.zeros(len(boxes), bool),
    )


def perfect_grid(target: torch.Tensor) -> torch.Tensor:
    """The output that a perfect network gives for a target: first box right, second silent."""
    grid = torch.zeros(1, 11, 9, 9)
    face = (target[..., 4] == FACE).float()
    grid[0, 0:2] = target[..., 0:2].permute(2, 0, 1)
    grid[0, 2:4] = target[..., 2:4].sqrt().permute(2, 0, 1)
    grid[0, 4] = face
    grid[0, 10] = face
    return grid


def test_a_perfect_output_has_no_loss_and_decodes_to_the_boxes() -> None:
    boxes = np.array([[30, 40, 90, 120], [200, 150, 260, 240]], np.float32)
    target = torch.from_numpy(grid_target(boxes, np.zeros(2, bool)))
    grid = perfect_grid(target)
    assert yolo_loss(grid, target[None]).item() == pytest.approx(0, abs=1e-6)
    decoded, scores = decode(grid[0].numpy())
    assert decoded[scores > 0.5] * INPUT_SIZE == pytest.approx(boxes, abs=1e-3)


@pytest.mark.parametrize("channel", [0, 2, 4, 10])
def test_every_kind_of_error_costs(channel: int) -> None:
    boxes = np.array([[30, 40, 90, 120]], np.float32)
    target = torch.from_numpy(grid_target(boxes, np.zeros(1, bool)))
    grid = perfect_grid(target)
    grid[:, channel] -= 0.2
    assert yolo_loss(grid, target[None]).item() > 0.01


def test_overlap_costs_what_is_apart_more_than_what_is_near() -> None:
    face = np.array([[100, 100, 160, 160]], np.float32)
    target = torch.from_numpy(grid_target(face, np.zeros(1, bool)))[None]
    perfect = perfect_grid(target[0])

    def added(shift: float) -> float:
        """By the overlap term, for a box that lies so many cells to the right."""
        grid = perfect.clone()
        grid[0, 0] += shift * (target[0, ..., 4] == FACE)
        return (yolo_loss(grid, target, overlap_weight=1) - yolo_loss(grid, target)).item()

    assert added(0) == pytest.approx(0, abs=1e-5)
    assert added(0.5) == pytest.approx(1 - 44 / 76, abs=1e-5)  # 16 of 60 pixels off
    assert 1 < added(3) < added(5) < 2  # apart: beyond 1, so that there is a way back


def test_frozen_blocks_keep_their_weights_and_statistics() -> None:
    network = PaperDetector()
    network.freeze_blocks(2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], 0.1)
    train_mode(network)
    network(torch.rand(2, 3, 288, 288)).square().sum().backward()
    optimizer.step()
    changed = {
        int(name.split(".")[1])
        for name, value in network.features.state_dict(prefix="features.").items()
        if not torch.equal(value, before[name])
    }
    assert min(changed) == 14  # after two blocks of two convolutions and a pooling


def test_only_the_box_that_overlaps_more_is_responsible() -> None:
    boxes = np.array([[30, 40, 90, 120]], np.float32)
    target = torch.from_numpy(grid_target(boxes, np.zeros(1, bool)))
    grid = perfect_grid(target)
    grid[:, 5:9] = torch.rand(1, 4, 9, 9) * 0.1  # where the other box lies does not matter
    assert yolo_loss(grid, target[None]).item() == pytest.approx(0, abs=1e-6)


def test_a_cell_with_an_ignored_face_is_not_trained() -> None:
    boxes = np.array([[30, 40, 90, 120]], np.float32)
    target = torch.from_numpy(grid_target(boxes, np.ones(1, bool)))
    row, column = (target[..., 4] == IGNORED).nonzero()[0]
    grid = torch.zeros(1, 11, 9, 9)
    grid[0, :, row, column] = 5
    assert yolo_loss(grid, target[None]).item() == 0


def test_of_two_faces_in_a_cell_the_larger_is_the_target() -> None:
    boxes = np.array([[0, 0, 80, 80], [20, 20, 50, 50]], np.float32)
    target = grid_target(boxes, np.zeros(2, bool))
    assert (target[..., 4] == FACE).sum() == 1
    assert target[1, 1, 2] == pytest.approx(80 / INPUT_SIZE)


def test_a_face_that_leaves_the_canvas_is_ignored_and_then_dropped() -> None:
    image = annotated((0, 0, 50, 50))
    for shift, expected in ((0, [False]), (-30, [True]), (-60, [])):
        matrix = np.array([[1, 0, shift], [0, 1, 0]], np.float64)
        _, ignore = visible_boxes(image, matrix, 100, 100)
        assert ignore.tolist() == expected


def detections(boxes: list[list[float]], scores: list[float], neutral: bool) -> ImageDetections:
    faces = np.array([[0, 0, 10, 10], [50, 50, 60, 60]], np.float32)
    return ImageDetections(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        faces,
        np.array([False, neutral]),
    )


def test_average_precision_of_a_known_case() -> None:
    # Hit, false positive, hit: precision 1 up to recall 1/2, then 2/3.
    image = detections([[0, 0, 10, 10], [80, 80, 90, 90], [50, 50, 60, 60]], [0.9, 0.8, 0.7], False)
    result = match([image], 0.5)
    assert result.average_precision() == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert result.at(0.75) == pytest.approx(
        {"mean_iou": 1, "recall": 0.5, "precision": 0.5, "false_positives_per_image": 1}
    )


def test_a_second_box_on_a_face_is_a_false_positive() -> None:
    result = match([detections([[0, 0, 10, 10], [0, 0, 10, 9]], [0.9, 0.8], False)], 0.5)
    assert (result.ious > 0).tolist() == [True, False]


def test_a_neutral_face_is_neither_hit_nor_miss() -> None:
    result = match([detections([[0, 0, 10, 10], [50, 50, 60, 60]], [0.9, 0.8], True)], 0.5)
    assert result.face_count == 1
    assert len(result.ious) == 1
    assert result.average_precision() == 1
