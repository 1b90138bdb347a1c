"""The default detector's loss: score and box of every cell that has learned a face.

Targets are lists of faces, padded to one length: `target[..., :4]` is x1, y1, x2, y2 in pixels of
the input, `target[..., 4]` the state of `detection_loss`.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from emotion_recognition.core.multilevel import MAX_LOG_SIZE, cells
from emotion_recognition.training.assignment import assign
from emotion_recognition.training.detection_loss import FACE, IGNORED

BOX_WEIGHT = 5.0  # as in YuNet's training (Wu et al., 2023)


def multilevel_loss(output: Tensor, target: Tensor, shape: tuple[int, int]) -> Tensor:
    """Per cell that learns a face: binary cross entropy of all scores, and EIoU.

    output: (N, 5, A), see `core.multilevel.decode`. target: (N, M, 5). shape: (H, W) of the
    input. The score of a cell learns the overlap that its box has with the face, 0 without one, so
    that of several boxes the best placed one wins. A cell on an ignored face learns no score.
    """
    centers, strides = (torch.from_numpy(array) for array in cells(*shape))
    values = output.permute(0, 2, 1)
    boxes = predicted_boxes(values, centers, strides)
    logits = values[..., 4]
    image_of_face, index = (target[..., 4] == FACE).nonzero(as_tuple=True)
    faces = target[image_of_face, index]
    found = assign(boxes.detach(), logits.detach(), faces[:, :4], image_of_face, centers, strides)

    wanted = torch.zeros_like(logits)
    wanted[found.image, found.cell] = found.iou
    counts = ~on_ignored(target, centers, strides)
    counts[found.image, found.cell] = True
    score = binary_cross_entropy_with_logits(
        logits, wanted, counts.to(logits.dtype), reduction="sum"
    )

    placed = 1 - extended_iou(boxes[found.image, found.cell], faces[found.face, :4])
    return (score + BOX_WEIGHT * placed.sum()) / max(len(found.cell), 1)


def predicted_boxes(values: Tensor, centers: Tensor, strides: Tensor) -> Tensor:
    """(N, A, 5) -> (N, A, 4) as x1, y1, x2, y2 in pixels; the same as `core.multilevel.decode`."""
    middle = centers + values[..., :2] * strides[:, None]
    half = values[..., 2:4].clamp(max=MAX_LOG_SIZE).exp() * strides[:, None] / 2
    return torch.cat([middle - half, middle + half], dim=-1)


def on_ignored(target: Tensor, centers: Tensor, strides: Tensor) -> Tensor:
    """(N, A): whether a cell touches a face that is neither positive nor negative."""
    image, index = (target[..., 4] == IGNORED).nonzero(as_tuple=True)
    boxes = target[image, index, None, :4]
    margin = strides[:, None] / 2
    touches = ((centers > boxes[..., :2] - margin) & (centers < boxes[..., 2:] + margin)).all(-1)
    result = torch.zeros(len(target), len(centers), dtype=torch.bool)
    face, cell = touches.nonzero(as_tuple=True)
    result[image[face], cell] = True
    return result


def extended_iou(a: Tensor, b: Tensor) -> Tensor:
    """(P, 4), (P, 4) -> (P,): the overlap less penalties for distance, width and height.

    EIoU, Zhang et al., "Focal and Efficient IOU Loss", 2022. 1 for equal boxes; boxes apart from
    each other have values below 0 that rise as they come nearer.
    """
    low, high = torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])
    intersection = (high - low).clamp(min=0).prod(-1)
    size_a, size_b = a[:, 2:] - a[:, :2], b[:, 2:] - b[:, :2]
    union = size_a.prod(-1) + size_b.prod(-1) - intersection
    around = torch.maximum(a[:, 2:], b[:, 2:]) - torch.minimum(a[:, :2], b[:, :2])
    around_squared = around.square().clamp(min=1e-9)
    distance = ((a[:, :2] + a[:, 2:] - b[:, :2] - b[:, 2:]) / 2).square().sum(-1)
    shape = ((size_a - size_b).square() / around_squared).sum(-1)
    return intersection / union.clamp(min=1e-9) - distance / around_squared.sum(-1) - shape
