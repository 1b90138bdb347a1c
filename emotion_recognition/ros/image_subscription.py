"""A subscription to images that finds the quality of service of its publishers."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.event_handler import QoSRequestedIncompatibleQoSInfo, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy, qos_policy_name_from_kind
from rclpy.subscription import Subscription
from sensor_msgs.msg import Image

#: The values of the parameter `reliability`.
RELIABILITIES = ("auto", "reliable", "best_effort")


class ImageSubscription:
    """Subscribes to `image_raw` and hands every message on.

    reliability: one of RELIABILITIES. auto is reliable, as camera drivers offer it, until a
    publisher turns up that offers best effort only.
    """

    def __init__(self, node: Node, receive: Callable[[Image], None], reliability: str) -> None:
        self._node = node
        self._receive = receive
        self._subscription = self._subscribe(
            ReliabilityPolicy.BEST_EFFORT
            if reliability == "best_effort"
            else ReliabilityPolicy.RELIABLE,
            may_fall_back=reliability == "auto",
        )

    @property
    def topic(self) -> str:
        """The full name of the topic, after remapping."""
        return str(self._subscription.topic_name)

    def close(self) -> None:
        """Ends the subscription."""
        self._node.destroy_subscription(self._subscription)

    def _subscribe(self, reliability: ReliabilityPolicy, may_fall_back: bool) -> Subscription:
        return self._node.create_subscription(
            Image,
            "image_raw",
            self._receive,
            QoSProfile(depth=1, reliability=reliability),
            event_callbacks=SubscriptionEventCallbacks(
                incompatible_qos=self._fall_back if may_fall_back else self._report
            ),
        )

    def _fall_back(self, event: QoSRequestedIncompatibleQoSInfo) -> None:
        if event.last_policy_kind != QoSPolicyKind.RELIABILITY:
            self._report(event)
            return
        self._node.get_logger().info(
            f"A publisher of '{self.topic}' offers best effort only: subscribing with best effort"
        )
        self.close()
        self._subscription = self._subscribe(ReliabilityPolicy.BEST_EFFORT, may_fall_back=False)

    def _report(self, event: QoSRequestedIncompatibleQoSInfo) -> None:
        kind = event.last_policy_kind
        is_reliability = kind == QoSPolicyKind.RELIABILITY
        advice = ": set 'reliability' to 'auto' or 'best_effort'" if is_reliability else ""
        self._node.get_logger().warning(
            f"No images arrive from a publisher of '{self.topic}': its quality of service does "
            f"not fit in {qos_policy_name_from_kind(kind)}{advice}"
        )
