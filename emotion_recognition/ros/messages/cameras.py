"""sensor_msgs/CameraInfo to a camera of the core."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo

from emotion_recognition.core.heads.camera import Camera


def camera_from_message(message: CameraInfo) -> Camera:
    """The camera as its raw images show it, with binning and region of interest.

    Raises ValueError for one that is not calibrated, and for a distortion that is not known.
    """
    fx, _, cx, _, fy, cy, *_ = message.k
    binning = max(message.binning_x, 1), max(message.binning_y, 1)
    region = message.roi
    return Camera(
        (region.width or message.width) // binning[0],
        (region.height or message.height) // binning[1],
        (fx / binning[0], fy / binning[1]),
        ((cx - region.x_offset) / binning[0], (cy - region.y_offset) / binning[1]),
        message.distortion_model,
        tuple(message.d),
    )
