"""Notices parameters that were given and that nobody reads, such as misspelt ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from rclpy.node import Node

#: Beginnings of the names of parameters that rclpy declares itself, some of them later.
OF_RCLPY = ("use_sim_time", "start_type_description_service", "qos_overrides.")


def warn_of_unknown_parameters(node: Node, others: Collection[str] = ()) -> None:
    """A line in the log if the node was given parameters that it has not declared.

    others: parameters of other nodes, which are given to all alike.
    """
    # rclpy keeps what it was given to itself; without declaring, there is no other way to see it.
    given = getattr(node, "_parameter_overrides", {})
    unknown = [name for name in given if not node.has_parameter(name) and name not in others]
    text = describe_unknown(unknown, [*node.list_parameters([], 0).names, *others])
    if text:
        node.get_logger().warning(text)


def describe_unknown(unknown: Iterable[str], known: Collection[str]) -> str:
    """What to say of the unknown names; empty if there are none but rclpy's own."""
    described = []
    for name in sorted(unknown):
        if not name.startswith(OF_RCLPY):
            close = get_close_matches(name, known, 1)
            described.append(f"'{name}'" + (f" (did you mean '{close[0]}'?)" if close else ""))
    return f"Parameters that this node does not have: {', '.join(described)}" if described else ""
