"""What web_view remembers of /diagnostics."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from emotion_recognition.ros.web_view import health_watch
from emotion_recognition.ros.web_view.health_watch import SILENT_AFTER, HealthWatch


class Graph:
    """A node that knows of no publisher."""

    def get_publishers_info_by_topic(self, topic: str) -> list[object]:
        return []


def report(name: str) -> DiagnosticArray:
    status = DiagnosticStatus(name=f"{name}: emotions", level=b"\0", message=f"{name} is well")
    return DiagnosticArray(status=[status])


def test_reports_are_not_kept_longer_than_they_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(health_watch, "monotonic", lambda: now)
    watch = HealthWatch(Graph(), "/emotions")  # type: ignore[arg-type]
    for number in range(1000):
        now = 0.1 * number
        watch.add(report(f"node_{number}"))
        assert watch.status().text == f"node_{number} is well"
    assert len(watch._reports) == pytest.approx(10 * SILENT_AFTER, abs=1)
    now += SILENT_AFTER
    assert watch.status().text.startswith("Nobody publishes")
