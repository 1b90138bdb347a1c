"""An archive as `read_ferplus` reads it, of crops and labels made in a test."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.training.emotion_data import (
    FER2013_NUMBERS,
    OTHER_VOTE_NAMES,
    VOTE_NAMES,
)


def write_ferplus(
    path: Path,
    crops: Sequence[NDArray[np.uint8]],
    labels: NDArray[np.intp],
    splits: Sequence[str],
) -> None:
    """All ten annotators agree on the label of each crop."""
    files = [cv2.imencode(".webp", crop)[1].ravel() for crop in crops]
    np.savez(
        path,
        webp=np.concatenate(files),
        offset=np.cumsum([0, *map(len, files)]),
        split=np.array(splits),
        votes=np.eye(10, dtype=np.uint8)[labels] * 10,
        vote_names=np.array([*VOTE_NAMES, *OTHER_VOTE_NAMES, "unknown", "NF"]),
        fer2013_label=np.array(FER2013_NUMBERS)[labels],
        near_dup_of_eval=np.zeros(len(files), int),
    )
