"""The health of the node as diagnostic_msgs, by the habits of REP 107."""

from __future__ import annotations

from collections.abc import Mapping

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from emotion_recognition.ros.diagnostics.health import Health, Level, verdict
from emotion_recognition.ros.stream.frame_counts import FrameCounts

_LEVELS = {
    Level.OK: DiagnosticStatus.OK,
    Level.WARN: DiagnosticStatus.WARN,
    Level.ERROR: DiagnosticStatus.ERROR,
    Level.STALE: DiagnosticStatus.STALE,
}


def diagnostics(
    name: str, health: Health, totals: FrameCounts, details: Mapping[str, object], stamp: Time
) -> DiagnosticArray:
    """One message for /diagnostics.

    name: of the node, with its namespace. totals: since the start. details: more values by name.
    """
    level, text = verdict(health)
    activity = health.activity
    values = {
        "state": health.state,
        "rate (Hz)": f"{activity.rate:.1f}",
        "latency p50 (ms)": f"{activity.latency(50) * 1000:.0f}",
        "latency p95 (ms)": f"{activity.latency(95) * 1000:.0f}",
        "received": totals.received,
        "answered": totals.answered,
        "lost (transport)": totals.lost,
        "dropped (busy)": totals.dropped,
        "dropped (max_rate)": totals.skipped,
        "dropped (max_age)": totals.outdated,
        "failed": totals.failed,
        "rejected": totals.rejected,
        "repeated stamps": totals.repeated,
        "jumps back in time": totals.jumps,
        **details,
    }
    status = DiagnosticStatus(
        level=_LEVELS[level],
        name=f"{name.lstrip('/')}: emotions",
        message=text,
        hardware_id="none",
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
    return DiagnosticArray(header=Header(stamp=stamp), status=[status])
