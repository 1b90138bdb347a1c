"""Where rcl writes the log of a node, and what to do where it cannot."""

from __future__ import annotations

import os
from pathlib import Path


def without_log_file() -> list[str]:
    """ROS arguments that turn the log file off where none can be written; otherwise none.

    rcl would end the start there.
    """
    folder = _folder()
    try:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                return []
    except OSError:
        pass
    return ["--ros-args", "--disable-external-lib-logs"]


def _folder() -> Path | None:
    """As rcl finds it; None if it does not."""
    if given := os.environ.get("ROS_LOG_DIR"):
        return Path(given).expanduser()
    if home := os.environ.get("ROS_HOME"):
        return Path(home).expanduser() / "log"
    if home := os.environ.get("HOME"):
        return Path(home) / ".ros" / "log"
    return None
