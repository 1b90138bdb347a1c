"""The executable `web_view`."""

from __future__ import annotations

from emotion_recognition.ros.process.executable import RunnableNode, run


def main(args: list[str] | None = None) -> int:
    """Runs the node; returns the exit code."""
    return run("web_view", _load, args)


def _load() -> RunnableNode:
    # Imported when ROS is known to be there, so that its absence is reported and not a traceback.
    from emotion_recognition.ros.web_view.node import WebView

    return WebView()


if __name__ == "__main__":
    raise SystemExit(main())
