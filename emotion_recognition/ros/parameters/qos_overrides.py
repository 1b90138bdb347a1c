"""Parameters for the quality of service of a topic, named as everywhere in ROS 2.

`qos_overrides./emotions.publisher.reliability: best_effort`; also history and depth.
"""

from __future__ import annotations

from rclpy.node import Node
from rclpy.qos import HistoryPolicy, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from emotion_recognition.ros.process.errors import NodeError

#: For the creation of a publisher or a subscription that lasts as long as its node.
QOS_OVERRIDES = QoSOverridingOptions.with_default_policies()

_POLICIES = {"history": HistoryPolicy, "reliability": ReliabilityPolicy}


def check_qos_overrides(node: Node) -> None:
    """Raises NodeError if the node was given a policy that does not exist.

    rclpy finds it out only as the topic is created, and says not of which.
    """
    # rclpy keeps what it was given to itself; without declaring, there is no other way to see it.
    for name, given in getattr(node, "_parameter_overrides", {}).items():
        policy = _POLICIES.get(name.rsplit(".", 1)[-1])
        if not name.startswith("qos_overrides.") or policy is None:
            continue
        names = [item.name.lower() for item in policy if item.name != "UNKNOWN"]
        if str(given.value).lower() not in names:
            raise NodeError(
                f"parameter '{name}' is '{given.value}'; expected one of: {', '.join(names)}"
            )
