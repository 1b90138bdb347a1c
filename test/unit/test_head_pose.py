"""From landmarks to a place in space, through every camera that ROS describes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from test_heads import about

from emotion_recognition.core.heads.camera import Camera
from emotion_recognition.core.heads.model import HEAD_POINTS
from emotion_recognition.core.heads.pose import BOX_WIDTH, EYE_LEVEL, HeadPose, head_pose
from emotion_recognition.core.types import Box, Face

Floats = NDArray[np.float64]
PLAIN = Camera(640, 480, (500.0, 510.0), (310.0, 250.0))
CAMERAS = {
    "plain": PLAIN,
    "plumb_bob": Camera(
        640, 480, (500.0, 510.0), (310.0, 250.0), "plumb_bob", (-0.35, 0.12, 0.001, -0.002, 0.0)
    ),
    "rational_polynomial": Camera(
        640, 480, (400.0, 400.0), (320.0, 240.0), "rational_polynomial",
        (0.4, 0.05, 0.0005, -0.0003, 0.002, 0.7, 0.1, 0.01),
    ),
    "equidistant": Camera(
        640, 480, (300.0, 300.0), (320.0, 240.0), "equidistant", (0.02, -0.01, 0.003, -0.001)
    ),
}  # fmt: skip


def projected(points: Floats, camera: Camera) -> list[tuple[float, float]]:
    """Points in space as the camera sees them, by OpenCV's own forward model."""
    (fx, fy), (cx, cy) = camera.focal_lengths, camera.center
    matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    distortion = np.array(camera.distortion or (0.0,) * 5)
    project = cv2.fisheye.projectPoints if camera.model == "equidistant" else cv2.projectPoints
    if camera.model == "equidistant":
        pixels = cv2.fisheye.projectPoints(
            points[:, None], np.zeros(3), np.zeros(3), matrix, distortion
        )[0]
    else:
        pixels = project(points[:, None], np.zeros(3), np.zeros(3), matrix, distortion)[0]
    return [(float(x), float(y)) for x, y in pixels.reshape(-1, 2)]


def seen(position: tuple[float, float, float], rotation: Floats, camera: Camera) -> Face:
    points = np.array(HEAD_POINTS) @ rotation.T + position
    return Face(Box(0, 0, 9, 9), 0.9, landmarks=tuple(projected(points, camera)))


def axes(pose: HeadPose) -> Floats:
    """The head's forward, left and up in the camera's frame, as columns."""
    x, y, z, w = pose.orientation
    assert math.hypot(x, y, z, w) == pytest.approx(1)
    turn = np.array([x, y, z])
    length = float(np.linalg.norm(turn))
    vector = turn / length * 2 * math.atan2(length, w) if length else turn
    return np.asarray(cv2.Rodrigues(vector)[0], np.float64)


@pytest.mark.parametrize("name", CAMERAS)
@pytest.mark.parametrize("position", [(0.0, 0.0, 0.6), (0.5, -0.3, 1.2), (-0.9, 0.5, 2.0)])
def test_a_head_is_found_where_it_is(name: str, position: tuple[float, float, float]) -> None:
    rotation = about("z", 0.1) @ about("y", 0.4) @ about("x", -0.2)
    pose = head_pose(seen(position, rotation, CAMERAS[name]), CAMERAS[name])
    assert pose
    assert pose.position == pytest.approx(position, abs=1e-3)
    forward, left, up = axes(pose).T
    assert forward == pytest.approx(rotation @ (0, 0, -1), abs=1e-3)
    assert left == pytest.approx(rotation @ (1, 0, 0), abs=1e-3), "its own, on the right for us"
    assert up == pytest.approx(rotation @ (0, -1, 0), abs=1e-3)


def box_of(face_width: float, position: tuple[float, float, float], camera: Camera) -> Box:
    """A box of that width in meters, which faces the camera."""
    x, y, z = position
    ends = np.array([(x - face_width / 2, y, z), (x + face_width / 2, y, z)])
    (x1, eye_level), (x2, _) = projected(ends, camera)
    height = 1.3 * (x2 - x1)
    return Box(x1, eye_level - EYE_LEVEL * height, x2, eye_level + (1 - EYE_LEVEL) * height)


@pytest.mark.parametrize("name", CAMERAS)
def test_without_landmarks_the_box_tells_the_place_and_the_head_looks_here(name: str) -> None:
    position = (0.3, -0.2, 1.5)
    face = Face(box_of(BOX_WIDTH, position, CAMERAS[name]), 0.9)
    pose = head_pose(face, CAMERAS[name])
    assert pose
    assert pose.position == pytest.approx(position, abs=0.02)
    forward, left, up = axes(pose).T
    assert forward == pytest.approx(-np.array(pose.position) / np.linalg.norm(pose.position))
    assert left[0] > 0.9
    assert left[1] == pytest.approx(0, abs=1e-9), "upright"
    assert up[1] < -0.9


@pytest.mark.parametrize(
    "landmarks", [((5.0, 5.0),) * 5, tuple((float(i), 7.0) for i in range(5)), ((1e300, 5.0),) * 5]
)
def test_landmarks_that_make_no_head_leave_it_to_the_box(
    landmarks: tuple[tuple[float, float], ...],
) -> None:
    box = Box(100, 100, 150, 170)
    expected = head_pose(Face(box, 0.9), PLAIN)
    assert head_pose(Face(box, 0.9, landmarks=landmarks), PLAIN) == expected


def test_a_box_without_a_width_has_no_place() -> None:
    assert head_pose(Face(Box(5, 5, 5, 9), 0.9), PLAIN) is None


def test_a_camera_that_is_not_calibrated_is_refused() -> None:
    for focal_lengths in ((0.0, 0.0), (500.0, 0.0), (-1.0, 500.0), (math.nan, 500.0)):
        with pytest.raises(ValueError, match="not calibrated"):
            Camera(640, 480, focal_lengths, (0.0, 0.0))
    Camera(640, 480, (0.7, 0.9), (0.5, 0.5))  # of an image that is 1 wide


def test_a_calibration_that_is_not_finite_is_told_as_that() -> None:
    for distortion, center in (((math.nan,) * 5, (320.0, 240.0)), ((), (math.inf, 240.0))):
        with pytest.raises(ValueError, match="not finite"):
            Camera(640, 480, (500.0, 500.0), center, "plumb_bob", distortion)


@pytest.mark.parametrize("distortion", [(), (0.0,) * 4, (0.0,) * 5])
def test_a_fisheye_lens_with_nothing_to_correct_is_one_still(
    distortion: tuple[float, ...],
) -> None:
    camera = Camera(640, 480, (200, 200), (320, 240), "equidistant", distortion)
    (direction,) = camera.directions([(520, 240)])  # one radian to the right
    assert direction == pytest.approx([math.tan(1), 0], abs=1e-6)


@pytest.mark.parametrize(
    ("model", "distortion", "reason"),
    [
        ("ocam", (0.1,), "'ocam' is unknown; .* plumb_bob, rational_polynomial, equidistant$"),
        ("equidistant", (0.1,) * 5, "has 4 coefficients, got 5"),
        ("plumb_bob", (0.1,) * 3, "has 4 or 5 coefficients, got 3"),
    ],
)
def test_a_distortion_that_is_not_known_is_refused(
    model: str, distortion: tuple[float, ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Camera(640, 480, (500.0, 500.0), (320.0, 240.0), model, distortion)
    Camera(640, 480, (500.0, 500.0), (320.0, 240.0), model, (0.0, 0.0))


@pytest.mark.parametrize("name", CAMERAS)
def test_distortion_is_undone_to_the_edge_of_the_image(name: str) -> None:
    points = np.array([(0.55, 0.4, 1.0), (-0.5, -0.42, 1.0), (0.0, 0.0, 1.0)])
    directions = CAMERAS[name].directions(projected(points, CAMERAS[name]))
    assert directions == pytest.approx(points[:, :2], abs=1e-6)


def test_where_no_direction_leads_there_is_none() -> None:
    far = CAMERAS["equidistant"].directions([(1e6, 1e6), (320.0, 240.0)])
    assert np.isnan(far[0]).all()
    assert far[1] == pytest.approx([0, 0], abs=1e-9)
