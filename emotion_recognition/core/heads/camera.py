"""A calibrated camera: from pixels of its images to directions in space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The models of distortion, by ROS's names, with the numbers of coefficients that they may have.
DISTORTION_MODELS = {
    "plumb_bob": (4, 5),
    "rational_polynomial": (8, 12, 14),
    "equidistant": (4,),
}
# OpenCV's mark for a point of a fisheye lens that it could not bring back.
_FARTHEST = 1e5
# Other distortion is undone step by step, up to this many steps or until one is this small.
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-9)


@dataclass(frozen=True)
class Camera:
    """Intrinsics of a camera, as sensor_msgs/CameraInfo has them, for images of one size.

    width, height: of the images, in pixels. focal_lengths: (fx, fy), > 0, and center: (cx, cy), in
    pixels of these images. model: one of DISTORTION_MODELS. distortion: its coefficients in the
    order of OpenCV, or none.

    Raises ValueError for a camera that is not calibrated, and for a model that is not known.
    """

    width: int
    height: int
    focal_lengths: tuple[float, float]
    center: tuple[float, float]
    model: str = "plumb_bob"
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not min(self.focal_lengths) > 0:
            raise ValueError("the camera is not calibrated: its focal length must be above 0")
        if not np.isfinite((*self.focal_lengths, *self.center, *self.distortion)).all():
            raise ValueError("the camera's calibration has values that are not finite")
        if not any(self.distortion):
            return
        counts = DISTORTION_MODELS.get(self.model)
        if counts is None:
            names = ", ".join(DISTORTION_MODELS)
            raise ValueError(f"distortion model '{self.model}' is unknown; expected one of {names}")
        if len(self.distortion) not in counts:
            raise ValueError(
                f"{self.model} has {' or '.join(map(str, counts))} coefficients, "
                f"got {len(self.distortion)}"
            )

    def directions(self, points: Sequence[tuple[float, float]]) -> Floats:
        """Where points of the image lie at a distance of 1, free of distortion.

        points: (x, y) in pixels. Returns float64 (N, 2): to the right and down, z is 1. Where no
        direction leads, far outside of the image of a fisheye lens, it is not a number.
        """
        pixels = np.array(points, np.float64).reshape(-1, 1, 2)
        matrix = np.array(
            [
                [self.focal_lengths[0], 0, self.center[0]],
                [0, self.focal_lengths[1], self.center[1]],
                [0, 0, 1],
            ],
            np.float64,
        )
        is_distorted = any(self.distortion)
        if self.model == "equidistant":  # where nothing is to be corrected, it is a fisheye still
            distortion = np.array(self.distortion if is_distorted else (0.0,) * 4, np.float64)
            undone = cv2.fisheye.undistortPoints(pixels, matrix, distortion).reshape(-1, 2)
            return np.where(np.abs(undone) > _FARTHEST, np.nan, undone)
        if not is_distorted:
            return np.asarray((pixels[:, 0] - self.center) / self.focal_lengths, np.float64)
        return _undistort(pixels, matrix, np.array(self.distortion, np.float64))


def _undistort(pixels: Floats, matrix: Floats, distortion: Floats) -> Floats:
    with_criteria: Any = getattr(cv2, "undistortPointsIter", None)  # of OpenCV 4
    if with_criteria is not None:
        undone = with_criteria(pixels, matrix, distortion, np.eye(3), np.eye(3), _CRITERIA)
    else:
        undone = cv2.undistortPoints(pixels, matrix, distortion, criteria=_CRITERIA)
    return np.asarray(undone.reshape(-1, 2), np.float64)
