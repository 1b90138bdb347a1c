"""Notices other nodes of the same name, which answer a second time and share the parameters."""

from __future__ import annotations

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

WATCH_PERIOD = 1.0  # seconds; other nodes are discovered bit by bit


class NameWatch:
    """Looks now and then whether other nodes have the name of this one, and warns if they have.

    Names are told apart with their namespaces. A node that was killed keeps its name until the
    middleware has given it up, which takes Fast DDS 20 s.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self.namesakes = 0
        node.create_timer(WATCH_PERIOD, self.look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def look(self) -> None:
        """Counts the others now; a line in the log when there are any where there were none."""
        own = self._node.get_name(), self._node.get_namespace()
        before = self.namesakes
        self.namesakes = max(0, self._node.get_node_names_and_namespaces().count(own) - 1)
        if self.namesakes and not before:
            self._node.get_logger().warning(
                f"{self.namesakes + 1} nodes are named '{self._node.get_fully_qualified_name()}', "
                "and all of them answer: stop the others, or give each a name or namespace of its "
                "own (one that was killed is gone after 20 s)"
            )
