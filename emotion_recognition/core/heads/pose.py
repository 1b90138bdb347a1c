"""Where in space a head is and which way it points, from its face as a known camera sees it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.heads.camera import Camera
from emotion_recognition.core.heads.model import HEAD_POINTS
from emotion_recognition.core.types import Box, Face

Floats = NDArray[np.float64]

#: Meters that the box of a face is wide, by the median of annotated faces that look at the camera
#: (2.19 eye distances), and the part of its height at which the eyes are.
BOX_WIDTH = 0.138
EYE_LEVEL = 0.39

# The axes of a head (forward, left, up) in those of the head model (right, down, away).
_HEAD_AXES = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])


@dataclass(frozen=True)
class HeadPose:
    """In the camera's optical frame (REP 103: x to the right, y down, z forward).

    position: of the point between the eyes, in meters. orientation: a unit quaternion (x, y, z, w);
    it turns the frame of the head, whose x points forward, out of the face, y to its left and z to
    the top of the head (REP 155), into that of the camera.
    """

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float]


def head_pose(face: Face, camera: Camera) -> HeadPose | None:
    """The pose of a face's head.

    From its landmarks: the pose in which the points of HEAD_POINTS fall on them (SQPnP: Terzakis
    and Lourakis, A consistently fast and globally optimal solution to the perspective-n-point
    problem, 2020; then least squares). Without landmarks, or where none of its poses fits: from the
    box, as a head that looks at the camera. None for a box that has no direction.
    """
    if len(face.landmarks) == len(HEAD_POINTS):
        pose = _from_landmarks(camera.directions(face.landmarks))
        if pose is not None:
            return pose
    return _from_box(face.box, camera)


def _from_landmarks(directions: Floats) -> HeadPose | None:
    if not np.isfinite(directions).all() or np.ptp(directions, axis=0).min() == 0:
        return None
    points = np.array(HEAD_POINTS)
    try:
        found, rotation, position = cv2.solvePnP(
            points, directions[:, None], np.eye(3), None, flags=cv2.SOLVEPNP_SQPNP
        )
        if found:  # that of OpenCV 4.6 is up to 5 % too close
            rotation, position = cv2.solvePnPRefineLM(
                points, directions[:, None], np.eye(3), None, rotation, position
            )
    except cv2.error:
        return None
    if not found or not np.isfinite((rotation, position)).all() or position[2, 0] <= 0:
        return None
    return _pose(
        np.asarray(position.ravel(), np.float64),
        np.asarray(cv2.Rodrigues(rotation)[0], np.float64),
    )


def _from_box(box: Box, camera: Camera) -> HeadPose | None:
    level = box.y1 + EYE_LEVEL * box.height
    left, right = camera.directions([(box.x1, level), (box.x2, level)])
    width = right[0] - left[0]
    if not (np.isfinite(left).all() and np.isfinite(right).all() and width > 0):
        return None
    middle = np.array([*(left + right) / 2, 1.0])
    away = middle / np.linalg.norm(middle)
    across = np.cross((0.0, 1.0, 0.0), away)
    across /= np.linalg.norm(across)
    down = np.cross(away, across)
    return _pose(middle * BOX_WIDTH / width, np.column_stack([across, down, away]))


def _pose(position: Floats, rotation: Floats) -> HeadPose:
    """rotation: (3, 3) of the head model."""
    turn = cv2.Rodrigues(np.ascontiguousarray(rotation @ _HEAD_AXES))[0].ravel()
    angle = float(np.linalg.norm(turn))
    axis = turn / angle if angle else turn
    x, y, z = (float(value) for value in axis * math.sin(angle / 2))
    px, py, pz = (float(value) for value in position)
    return HeadPose((px, py, pz), (x, y, z, math.cos(angle / 2)))
