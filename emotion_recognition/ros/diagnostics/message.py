"""The health of the node as diagnostic_msgs, by the habits of REP 107."""

from __future__ import annotations

from collections.abc import Mapping

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from emotion_recognition.ros.diagnostics.health import Health, Level, figures, verdict
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
    values = {**figures(health, totals), **details}
    status = DiagnosticStatus(
        level=_LEVELS[level],
        name=f"{name.lstrip('/')}: emotions",
        message=text,
        hardware_id="none",
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
    return DiagnosticArray(header=Header(stamp=stamp), status=[status])
