"""How far the landmarker's points lie from an annotator's, on boxes as they are annotated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.training.image_cache import read_pixels
from emotion_recognition.training.landmarker_data import LandmarkedFace


def landmarker_figures(find: FaceLandmarker, faces: Sequence[LandmarkedFace]) -> dict[str, float]:
    """landmark_error: mean distance of the five points over the distance between the eyes.

    The mean over the faces whose points are an annotator's; NaN where there are none.
    """
    errors = []
    for face in faces:
        if face.human:
            (points,) = find(read_pixels(face.path), [face.box])
            distance = np.linalg.norm(np.array(points) - face.landmarks, axis=1).mean()
            errors.append(distance / np.linalg.norm(face.landmarks[1] - face.landmarks[0]))
    return {"landmark_error": float(np.mean(errors)) if errors else float("nan")}
