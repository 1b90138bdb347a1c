"""Which cells of the default detector learn which face: SimOTA (Ge et al., "YOLOX", 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

RADIUS = 2.5  # strides around the middle of a face within which a cell may learn it
MOST_CELLS = 10  # that learn one face
OVERLAP_COST = 3.0
#: Costs of cells outside the face or off its middle, and of those that are both.
OUTSIDE, IMPOSSIBLE = 1e5, 1e8


@dataclass(frozen=True)
class Assignment:
    """P cells with the face that each learns.

    image, cell: (P,) where in the batch. face: (P,) index into the faces. iou: (P,) of what the
    cell predicted now with the face.
    """

    image: Tensor
    cell: Tensor
    face: Tensor
    iou: Tensor


@torch.no_grad()
def assign(
    boxes: Tensor,
    logits: Tensor,
    faces: Tensor,
    image_of_face: Tensor,
    centers: Tensor,
    strides: Tensor,
) -> Assignment:
    """Gives each face the cells that predict it best by now, the more the better they are.

    boxes: (N, A, 4) predictions as x1, y1, x2, y2 in pixels. logits: (N, A). faces: (F, 4) boxes
    of the whole batch, image_of_face: (F,). centers: (A, 2) and strides: (A,) of the cells.

    A face gets as many cells as the sum of the ten best overlaps says, at least one: those of the
    lowest cost, which is that of its score plus three times that of its overlap. A cell learns the
    one face that costs it least.
    """
    middle = (faces[:, :2] + faces[:, 2:]) / 2
    inside = ((centers > faces[:, None, :2]) & (centers < faces[:, None, 2:])).all(-1)  # (F, A)
    near = ((centers - middle[:, None]).abs() < RADIUS * strides[:, None]).all(-1)
    overlap = pairwise_iou(faces, boxes[image_of_face]) * (inside | near)
    cost = (
        torch.nn.functional.softplus(-logits)[image_of_face]
        - OVERLAP_COST * (overlap + 1e-8).log()
        + OUTSIDE * ~(inside & near)
        + IMPOSSIBLE * ~(inside | near)
    )
    best = overlap.topk(min(MOST_CELLS, overlap.shape[1]), dim=1).values
    count = best.sum(1).long().clamp(min=1)
    costs, cells = cost.topk(best.shape[1], dim=1, largest=False)
    chosen = (torch.arange(best.shape[1]) < count[:, None]) & (costs < IMPOSSIBLE)
    face, rank = chosen.nonzero(as_tuple=True)
    cell, costs = cells[face, rank], costs[face, rank]

    order = costs.argsort(stable=True)
    place = (image_of_face[face] * len(centers) + cell)[order]
    by_place = place.argsort(stable=True)
    first = torch.ones_like(by_place, dtype=torch.bool)
    first[1:] = place[by_place][1:] != place[by_place][:-1]
    kept = order[by_place[first]]
    face, cell = face[kept], cell[kept]
    return Assignment(image_of_face[face], cell, face, overlap[face, cell])


def pairwise_iou(faces: Tensor, boxes: Tensor) -> Tensor:
    """(F, 4) and (F, A, 4), as x1, y1, x2, y2 -> (F, A) intersection over union."""
    faces = faces[:, None]
    low = torch.maximum(faces[..., :2], boxes[..., :2])
    high = torch.minimum(faces[..., 2:], boxes[..., 2:])
    intersection = (high - low).clamp(min=0).prod(-1)
    area = (faces[..., 2:] - faces[..., :2]).prod(-1) + (boxes[..., 2:] - boxes[..., :2]).prod(-1)
    return intersection / (area - intersection).clamp(min=1e-9)
