"""The transport of image streams."""

from __future__ import annotations

import os
from pathlib import Path

_PROFILE_VARIABLES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")


def profile_environment(profile: Path) -> dict[str, str]:
    """The environment variable that makes Fast DDS use a profile; none if the user has set one.

    profile: path of the XML file. Its variable has another name since Kilted.
    """
    if any(name in os.environ for name in _PROFILE_VARIABLES):
        return {}
    new, old = _PROFILE_VARIABLES
    is_old = os.environ.get("ROS_DISTRO") in ("humble", "iron", "jazzy")
    return {old if is_old else new: str(profile)}
