"""A subscription to images, raw or compressed, that finds the quality of service it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.event_handler import QoSRequestedIncompatibleQoSInfo, SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy, qos_policy_name_from_kind
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from emotion_recognition.ros.messages.images import ImageMessage
from emotion_recognition.ros.stream.loss_watch import LossWatch
from emotion_recognition.ros.stream.taking import take_all

#: The values of the parameter `image_transport`, with the type of their messages.
IMAGE_TRANSPORTS = {"raw": Image, "compressed": CompressedImage}

#: The values of the parameter `reliability`.
RELIABILITIES = ("auto", "reliable", "best_effort")


class ImageSubscription:
    """Subscribes to `image_raw` and hands every message on.

    transport: one of IMAGE_TRANSPORTS. As with image_transport, compressed means the topic below
    the one that `image_raw` is remapped to: /camera/image_raw/compressed.

    reliability: one of RELIABILITIES. auto is reliable, as camera drivers offer it, until a
    publisher turns up that offers best effort only. From then on all are heard with best effort,
    which also fits those that are reliable, until the next subscription.

    lost: called with how many messages were sent since the one before and did not arrive: the
    network lost them, or a newer one replaced them before they were taken. Nothing is known of this
    from a middleware that does not number messages, nor, up to Jazzy, of several publishers.

    name: of the raw images' topic, before remapping. depth: how many messages wait at most.
    group: of callbacks, that of the node unless given.
    """

    def __init__(
        self,
        node: Node,
        receive: Callable[[ImageMessage], None],
        transport: str,
        reliability: str,
        lost: Callable[[int], None],
        name: str = "image_raw",
        depth: int = 1,
        group: CallbackGroup | None = None,
    ) -> None:
        self._node = node
        self._name = name
        self._depth = depth
        self._group = group
        self._receive = receive
        self._lost = lost
        self._losses = LossWatch()
        self._transport = transport
        self._subscription: Subscription | None = self._subscribe(
            ReliabilityPolicy.BEST_EFFORT
            if reliability == "best_effort"
            else ReliabilityPolicy.RELIABLE,
            may_fall_back=reliability == "auto",
        )
        #: The full name of the topic, after remapping.
        self.topic = str(self._subscription.topic_name)

    def why_silent(self) -> str:
        """What is known of the reason why no image comes."""
        if publishers := self._node.count_publishers(self.topic):
            return f"its {publishers} publishers are silent"
        for transport in IMAGE_TRANSPORTS:
            topic = self._node.resolve_topic_name(self._topic_of(transport))
            if self._node.count_publishers(topic):
                return f"images come on '{topic}': set 'image_transport' to '{transport}'"
        return "nobody sends any"

    def take(self) -> None:
        """Hands on the messages that wait, which is the executor's task unless the group has it."""
        if subscription := self._subscription:
            for message, info in take_all(subscription):
                self._take(message, info)

    def close(self) -> None:
        """Ends the subscription and lets go of it, because it knows this object."""
        self._node.destroy_subscription(self._subscription)
        self._subscription = None

    def _topic_of(self, transport: str) -> str:
        if transport == "raw":
            return self._name
        return f"{self._node.resolve_topic_name(self._name)}/{transport}"

    def _subscribe(self, reliability: ReliabilityPolicy, may_fall_back: bool) -> Subscription:
        return self._node.create_subscription(
            IMAGE_TRANSPORTS[self._transport],
            self._topic_of(self._transport),
            self._take,
            QoSProfile(depth=self._depth, reliability=reliability),
            event_callbacks=SubscriptionEventCallbacks(
                incompatible_qos=self._fall_back if may_fall_back else self._report
            ),
            callback_group=self._group,
            # Not its reliability, which is a parameter of the node's own.
            qos_overriding_options=QoSOverridingOptions(
                (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH)
            ),
        )

    def _take(self, message: ImageMessage, info: Mapping[str, Any]) -> None:
        # The middleware's own event of lost messages leaves out those that newer ones replaced.
        number, publisher = info["publication_sequence_number"], info.get("publisher_gid")
        if number is not None and (publisher or self._node.count_publishers(self.topic) == 1):
            self._lost(self._losses.observe(publisher["data"] if publisher else b"", number))
        else:  # nobody knows which of them the next number follows
            self._losses = LossWatch()
        self._receive(message)

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
