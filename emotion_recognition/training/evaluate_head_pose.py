"""How well five landmarks tell where a head is and which way it points.

python -m emotion_recognition.training.evaluate_head_pose --data DATA/faces

The yaw is compared with that of the annotator's landmarks of the same face. Poses are compared with
those of rendered heads: the head model at random places before a camera with a horizontal field of
view of 62 degrees, its points displaced as the detector displaces those of an annotated face.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.detectors import Detector
from emotion_recognition.core.heads.camera import Camera
from emotion_recognition.core.heads.model import HEAD_POINTS
from emotion_recognition.core.heads.pose import HeadPose, head_pose
from emotion_recognition.core.heads.turn import head_yaw
from emotion_recognition.core.types import Box, Face
from emotion_recognition.pipeline import load_detector
from emotion_recognition.training.face_landmarks import LandmarkedImage, read_landmarked
from emotion_recognition.training.image_cache import read_pixels

Floats = NDArray[np.float64]
YAWS = (0, 15, 30, 45)  # degrees
HEADS = 1000  # rendered for each of them
MATCH = 0.5  # overlap from which on a detection is of a face
CAMERA = Camera(640, 480, (532.0, 532.0), (320.0, 240.0))


def landmark_pairs(detector: Detector, images: Sequence[LandmarkedImage]) -> Iterator[Floats]:
    """The annotator's landmarks and the detector's, (2, 5, 2), of each face that is found."""
    for image in images:
        if not image.human.any():
            continue
        faces = detector(read_pixels(image.path))
        for index in np.flatnonzero(image.human):
            box = Box(*(float(value) for value in image.boxes[index]))
            best = max(faces, key=lambda face: face.box.iou(box), default=None)
            if best is not None and best.box.iou(box) >= MATCH:
                yield np.array([image.landmarks[index], best.landmarks], np.float64)


def errors_of(pairs: Floats) -> Floats:
    """By how much landmarks are displaced, (N, 5, 2): along the line of the eyes, and across it.

    In eye distances. pairs: (N, 2, 5, 2).
    """
    expected, found = pairs[:, 0], pairs[:, 1]
    eyes = expected[:, 1] - expected[:, 0]
    along = eyes / np.sum(eyes**2, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    axes = np.stack([along, across], axis=1)
    return np.asarray(np.einsum("nab,npb->npa", axes, found - expected), np.float64)


def rendered(
    random: np.random.Generator, yaw: float, errors: Floats
) -> tuple[Floats, Floats, Face]:
    """A head at a random place: where it is (3,), its rotation (3, 3), and its face.

    yaw: radians by which it is turned away from the camera. It nods and leans by up to 15 degrees.
    """
    direction = np.array([random.uniform(-0.5, 0.5), random.uniform(-0.4, 0.4), 1.0])
    position = direction * random.uniform(0.5, 3.0)
    pitch, roll = random.uniform(-0.26, 0.26, 2)
    turn = _about(2, roll) @ _about(1, yaw) @ _about(0, pitch)
    rotation = _towards(direction) @ turn
    points = np.array(HEAD_POINTS) @ rotation.T + position
    pixels = points[:, :2] / points[:, 2:] * CAMERA.focal_lengths + CAMERA.center
    eyes = pixels[1] - pixels[0]
    error = errors[random.integers(len(errors))]
    pixels += error[:, :1] * eyes + error[:, 1:] * (-eyes[1], eyes[0])
    landmarks = tuple((float(x), float(y)) for x, y in pixels)
    return position, rotation, Face(Box(0, 0, 1, 1), 1.0, landmarks=landmarks)


def _about(axis: int, angle: float) -> Floats:
    return np.asarray(cv2.Rodrigues(np.eye(3)[axis] * angle)[0], np.float64)


def _towards(direction: Floats) -> Floats:
    """The rotation that turns the optical axis into a direction, without leaning."""
    away = direction / np.linalg.norm(direction)
    across = np.cross((0.0, 1.0, 0.0), away)
    across /= np.linalg.norm(across)
    return np.column_stack([across, np.cross(away, across), away])


def pose_errors(position: Floats, rotation: Floats, pose: HeadPose) -> tuple[float, float, float]:
    """Of the distance, as a part of it; of the direction and of the way it points, in degrees."""
    found = np.array(pose.position)
    x, y, z, w = pose.orientation
    forward = np.array([1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)])
    distance = float(np.linalg.norm(found) / np.linalg.norm(position)) - 1
    return distance, _angle(found, position), _angle(forward, -rotation[:, 2])


def _angle(first: Floats, second: Floats) -> float:
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with annotations.csv")
    parser.add_argument("--seed", type=int, default=0, help="of the rendered heads")
    options = parser.parse_args()
    images = read_landmarked(options.data, "val")
    pairs = np.array(list(landmark_pairs(load_detector("default", "auto"), images)))
    errors = errors_of(pairs)
    print(f"faces: {len(pairs)}; landmark error {np.linalg.norm(errors, axis=2).mean():.3f}")
    yaws = np.degrees(
        np.array([[head_yaw(face.tolist()) for face in pair] for pair in pairs], float)
    )
    difference = yaws[:, 1] - yaws[:, 0]
    most = np.percentile(np.abs(difference), 90)
    print(
        f"yaw against the annotators': mean error {np.abs(difference).mean():.1f} degrees, "
        f"standard deviation {difference.std():.1f}, 90 % below {most:.1f}"
    )
    random = np.random.default_rng(options.seed)
    print("rendered heads: mean error (90 % below) of distance, direction, where the face points")
    for yaw in YAWS:
        found = []
        for _ in range(HEADS):
            position, rotation, face = rendered(random, np.radians(yaw), errors)
            pose = head_pose(face, CAMERA)
            if pose is not None:
                found.append(pose_errors(position, rotation, pose))
        values = np.abs(found)
        (d, a, f), (d9, a9, f9) = values.mean(0), np.percentile(values, 90, axis=0)
        print(
            f"yaw {yaw:2}: {d:.1%} ({d9:.1%}), {a:.2f} ({a9:.2f}) degrees, "
            f"{f:.1f} ({f9:.1f}) degrees, {len(found)} of {HEADS}"
        )


if __name__ == "__main__":
    main()
