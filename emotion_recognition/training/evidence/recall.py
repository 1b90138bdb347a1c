"""What the detector's 9x9 grid can and cannot find: recall by size and by crowding of the faces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.overlap import pairwise_iou
from emotion_recognition.training.detection_data import GRID_SIZE, AnnotatedImage
from emotion_recognition.training.metrics import (
    FALSE_POSITIVE,
    Floats,
    ImageDetections,
    assign,
)

#: Longer side of a face as a share of the image's longer side.
SIZE_EDGES = (0.02, 0.035, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.01)
CROWDING_EDGES = (1, 2, 3, 99)
#: A detection that overlaps a face less has found something else.
MISPLACED_IOU = 0.1


@dataclass(frozen=True)
class FaceRecords:
    """Every annotated face that counts, one entry a face.

    size: longer side as a share of the image's. in_cell: faces centred in its grid cell, itself
    included. largest: whether it is the largest of these, the only one that loss (1) trains for.
    found: whether a detection was assigned to it.
    """

    size: NDArray[np.float64]
    in_cell: NDArray[np.intp]
    largest: NDArray[np.bool_]
    found: NDArray[np.bool_]


@dataclass(frozen=True)
class RecallBin:
    """Faces with low <= value < high. limit: the recall of a network that errs nowhere but can
    answer only one face a cell."""

    low: float
    high: float
    faces: int
    recall: float
    limit: float


def face_records(
    results: Sequence[ImageDetections],
    images: Sequence[AnnotatedImage],
    shapes: Sequence[tuple[int, int]],
    score_threshold: float,
    iou_threshold: float = 0.5,
) -> FaceRecords:
    """results, and shapes as (height, width): one for each image.

    Faces flagged `ignore` are left out, but count for the crowding of their cell.
    """
    size: list[float] = []
    in_cell: list[int] = []
    largest: list[bool] = []
    found: list[bool] = []
    for result, image, (height, width) in zip(results, images, shapes, strict=True):
        longer = (image.boxes[:, 2:] - image.boxes[:, :2]).max(axis=1, initial=0)
        cells = grid_cells(image.boxes, width, height)
        hit, _ = outcome(result, score_threshold, iou_threshold)
        for face in np.flatnonzero(~image.ignore):
            same = np.flatnonzero((cells == cells[face]).all(axis=1))
            size.append(float(longer[face] / max(width, height)))
            in_cell.append(len(same))
            largest.append(bool(same[longer[same].argmax()] == face))
            found.append(bool(hit[face]))
    return FaceRecords(
        np.array(size), np.array(in_cell, np.intp), np.array(largest, bool), np.array(found, bool)
    )


def grid_cells(boxes: Floats, width: int, height: int) -> NDArray[np.intp]:
    """(M, 2) column and row of the cell of the letterboxed input in which each box is centred."""
    longer = max(width, height)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    margins = np.array([(longer - width) / 2, (longer - height) / 2])
    cells = np.floor((centers + margins) / longer * GRID_SIZE).astype(np.intp)
    return np.asarray(np.clip(cells, 0, GRID_SIZE - 1), np.intp)


def outcome(
    result: ImageDetections, score_threshold: float, iou_threshold: float = 0.5
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which faces (K,) were found, and which detections (M,) are false positives."""
    assigned, _ = assign(result, iou_threshold)
    counts = result.scores >= score_threshold
    found = np.zeros(len(result.faces), bool)
    found[assigned[counts & (assigned >= 0)]] = True
    return found, counts & (assigned == FALSE_POSITIVE)


def misplaced(result: ImageDetections, false_positive: NDArray[np.bool_]) -> int:
    """How many false positives touch an annotated face with an IoU of at least MISPLACED_IOU."""
    overlap = pairwise_iou(result.boxes[false_positive], result.faces)
    return int((overlap.max(axis=1, initial=0) >= MISPLACED_IOU).sum())


def recall_by(
    values: NDArray[np.float64] | NDArray[np.intp], records: FaceRecords, edges: Sequence[float]
) -> list[RecallBin]:
    """Recall of the faces whose value is in each bin; empty bins are left out."""
    bins = []
    for low, high in pairwise(edges):
        inside = (values >= low) & (values < high)
        if inside.any():
            bins.append(
                RecallBin(
                    low,
                    high,
                    int(inside.sum()),
                    float(records.found[inside].mean()),
                    float(records.largest[inside].mean()),
                )
            )
    return bins


def at_least(records: FaceRecords, smallest: float) -> FaceRecords:
    """The faces whose size is at least this."""
    keep = records.size >= smallest
    return FaceRecords(
        records.size[keep], records.in_cell[keep], records.largest[keep], records.found[keep]
    )
