"""The detector's loss: equation (1) of the paper, which is YOLOv1's (Redmon et al., 2016).

Targets are dense, one face at most a cell: `target[..., :4]` is (x, y, w, h) with x, y in [0, 1]
inside the cell and w, h as fractions of the image; `target[..., 4]` is the cell's state.
"""

from __future__ import annotations

import torch
from torch import Tensor

EMPTY, FACE, IGNORED = 0.0, 1.0, -1.0
COORDINATE_WEIGHT = 5.0  # lambda_coord
NO_OBJECT_WEIGHT = 0.5  # lambda_noobj


def yolo_loss(grid: Tensor, target: Tensor, overlap_weight: float = 0.0) -> Tensor:
    """Mean over the batch of the summed squared errors.

    grid: (N, 11, S, S) raw network output. target: (N, S, S, 5). overlap_weight: of a term that
    equation (1) does not have, 1 - GIoU (Rezatofighi et al., 2019) of each responsible box: squared
    errors of the coordinates ask the same precision of a small face as of a large one, the metric
    does not.

    Equation (1) has no class term, but Table I has a class channel. It is trained on every cell
    (is a face centred here?), empty cells weighted by lambda_noobj like the confidences.
    """
    grid = grid.float().permute(0, 2, 3, 1)
    size = grid.shape[1]
    boxes = grid[..., :10].reshape(*grid.shape[:3], 2, 5)
    class_score = grid[..., 10]
    state = target[..., 4]
    face = (state == FACE).float()
    empty = (state == EMPTY).float()

    true_xy = target[..., None, 0:2]
    true_wh = target[..., None, 2:4]
    with torch.no_grad():
        overlap, _ = _iou(
            boxes[..., 0:2] / size, boxes[..., 2:4].clamp(min=0) ** 2, true_xy / size, true_wh
        )
        # Before the boxes have grown every overlap is 0: the nearer box is responsible then.
        distance = ((boxes[..., 2:4] - true_wh.sqrt()) ** 2).sum(-1)
        responsible_index = (overlap - 1e-3 * distance).argmax(-1)
        responsible = torch.nn.functional.one_hot(responsible_index, 2).float() * face[..., None]
        bystander = (1 - responsible) * (face + empty)[..., None]

    position = ((boxes[..., 0:2] - true_xy) ** 2).sum(-1)
    shape = ((boxes[..., 2:4] - true_wh.sqrt()) ** 2).sum(-1)
    confidence = boxes[..., 4]
    terms = (
        COORDINATE_WEIGHT * (responsible * (position + shape)).sum()
        + (responsible * (confidence - overlap) ** 2).sum()
        + NO_OBJECT_WEIGHT * (bystander * confidence**2).sum()
        + (face * (class_score - 1) ** 2).sum()
        + NO_OBJECT_WEIGHT * (empty * class_score**2).sum()
    )
    if overlap_weight:
        _, generalized = _iou(
            boxes[..., 0:2] / size, boxes[..., 2:4].clamp(min=0) ** 2, true_xy / size, true_wh
        )
        terms = terms + overlap_weight * (responsible * (1 - generalized)).sum()
    return terms / grid.shape[0]


def _iou(
    center_a: Tensor, size_a: Tensor, center_b: Tensor, size_b: Tensor
) -> tuple[Tensor, Tensor]:
    """Intersection over union, and its generalization that is negative for boxes apart."""
    low = torch.maximum(center_a - size_a / 2, center_b - size_b / 2)
    high = torch.minimum(center_a + size_a / 2, center_b + size_b / 2)
    intersection = (high - low).clamp(min=0).prod(-1)
    union = size_a.prod(-1) + size_b.prod(-1) - intersection
    iou = intersection / union.clamp(min=1e-9)
    hull_low = torch.minimum(center_a - size_a / 2, center_b - size_b / 2)
    hull_high = torch.maximum(center_a + size_a / 2, center_b + size_b / 2)
    hull = (hull_high - hull_low).prod(-1).clamp(min=1e-9)
    return iou, iou - (hull - union) / hull
