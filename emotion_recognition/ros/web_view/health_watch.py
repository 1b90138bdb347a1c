"""What /diagnostics says of the node that answers, for who watches its answers."""

from __future__ import annotations

from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node

from emotion_recognition.web.update import LEVELS, Status

#: Seconds after which a node that reports every second is silent.
SILENT_AFTER = 3.5
_ENDING = ": emotions"


class HealthWatch:
    """Remembers the newest report of every node that answers, and picks the right one.

    topic: full name of the topic of the answers; the node that publishes it is the right one, or,
    while nobody does, one in the same namespace.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node = node
        self._topic = topic
        self._began = monotonic()
        self._reports: dict[str, tuple[DiagnosticStatus, float]] = {}

    def add(self, message: DiagnosticArray) -> None:
        """A message of /diagnostics."""
        now = monotonic()
        for status in message.status:
            if status.name.endswith(_ENDING):
                self._reports[status.name] = status, now
        # Anyone may report, under as many names as he likes.
        self._reports = {
            n: kept for n, kept in self._reports.items() if now - kept[1] < SILENT_AFTER
        }

    def status(self) -> Status:
        """What is known now."""
        now = monotonic()
        publishers = self._node.get_publishers_info_by_topic(self._topic)
        names = {f"{item.node_namespace.rstrip('/')}/{item.node_name}" for item in publishers}
        found = [
            (at, report)
            for name, (report, at) in self._reports.items()
            if now - at < SILENT_AFTER and self._is_of(name, names)
        ]
        if found:
            _, report = max(found, key=lambda item: item[0])
            values = {item.key: item.value for item in report.values}
            return Status(_level(report), report.message, values)
        if now - self._began < SILENT_AFTER:
            return Status("stale", "Waiting for a report on /diagnostics")
        if names:
            who = " and ".join(sorted(names))
            return Status("stale", f"'{who}' is silent on /diagnostics")
        return Status("stale", f"Nobody publishes '{self._topic}': is emotion_node running?")

    def _is_of(self, report: str, publishers: set[str]) -> bool:
        name = f"/{report.removesuffix(_ENDING)}"
        if publishers:
            return name in publishers
        return name.rpartition("/")[0] == self._topic.rpartition("/")[0]


def _level(report: DiagnosticStatus) -> str:
    level = int.from_bytes(report.level, "little")
    return LEVELS[level] if level < len(LEVELS) else "error"
