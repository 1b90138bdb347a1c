"""The executable `hri_bridge`."""

from __future__ import annotations

from emotion_recognition.ros.process.executable import RunnableNode, run


def main(args: list[str] | None = None) -> int:
    """Runs the node; returns the exit code."""
    return run("hri_bridge", _load, args)


def _load() -> RunnableNode:
    # Imported when ROS is known to be there, so that its absence is reported and not a traceback.
    from emotion_recognition.ros.hri_bridge.node import HriBridge

    return HriBridge()


if __name__ == "__main__":
    raise SystemExit(main())
