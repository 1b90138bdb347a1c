"""The answers of one camera with their images, subscribed only while someone watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from emotion_recognition.core.images.raw import ImageError
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.messages.faces import faces_from_message
from emotion_recognition.ros.messages.images import ImageMessage, decode_message
from emotion_recognition.ros.messages.stamps import seconds_of, stamp_of
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES
from emotion_recognition.ros.process.log_throttle import LogThrottle
from emotion_recognition.ros.stream.image_subscription import ImageSubscription
from emotion_recognition.ros.web_view.health_watch import HealthWatch
from emotion_recognition.web.pairing import Pairing
from emotion_recognition.web.picture import jpeg
from emotion_recognition.web.update import Status, Update

STATUS_PERIOD = 1.0  # seconds
IMAGE_DEPTH = 5  # an image that a newer one replaced is missed by its answer


@dataclass(frozen=True)
class FeedOptions:
    """transport, reliability: as ImageSubscription has them. longest_side, quality: of pictures."""

    transport: str
    reliability: str
    longest_side: int
    quality: int


class CameraFeed:
    """Subscribes to a camera's images and answers, and publishes each answer with its image.

    namespace: of the camera below that of the node, empty for the node's own. publish: is called
    with each update, and once a second with the status.
    """

    def __init__(
        self,
        node: Node,
        namespace: str,
        options: FeedOptions,
        publish: Callable[[Update | Status], None],
    ) -> None:
        self._node = node
        self._prefix = f"{namespace}/" if namespace else ""
        self._options = options
        self._publish = publish
        self._throttle = LogThrottle()
        self._open: OpenFeed | None = None

    def watch(self, is_watched: bool) -> None:
        """Subscribes when someone watches, and ends all subscriptions when nobody does."""
        if is_watched and self._open is None:
            self._open = OpenFeed(
                self._node, self._prefix, self._options, self._show, self._publish
            )
        elif not is_watched and self._open is not None:
            self._open.close()
            self._open = None

    def _show(self, answer: FaceEmotionArray, image: ImageMessage | None) -> None:
        self._publish(
            Update(
                faces_from_message(answer),
                answer.image_width,
                answer.image_height,
                tuple(answer.labels),
                seconds_of(answer.latency),
                answer.model,
                None if image is None else partial(self._picture, image),
            )
        )

    def _picture(self, image: ImageMessage) -> bytes:
        """The JPEG of an image; empty for one that cannot be used."""
        try:
            pixels = decode_message(image)
        except ImageError as error:
            if line := self._throttle(f"Image not shown: {error}"):
                self._node.get_logger().warning(line)
            return b""
        return jpeg(pixels, self._options.longest_side, self._options.quality)


class OpenFeed:
    """What there is only while someone watches; show: called with an answer and its image."""

    def __init__(
        self,
        node: Node,
        prefix: str,
        options: FeedOptions,
        show: Callable[[FaceEmotionArray, ImageMessage | None], None],
        publish: Callable[[Status], None],
    ) -> None:
        self._node = node
        self._show = show
        self._publish = publish
        self._pairing: Pairing[ImageMessage, FaceEmotionArray] = Pairing()
        self._last_image = self._last_answer = monotonic() - STATUS_PERIOD
        self._images = ImageSubscription(
            node,
            self._receive_image,
            options.transport,
            options.reliability,
            lost=lambda number: None,
            name=f"{prefix}image_raw",
            depth=IMAGE_DEPTH,
        )
        self._answers = node.create_subscription(
            FaceEmotionArray,
            f"{prefix}emotions",
            self._receive_answer,
            10,
            qos_overriding_options=QOS_OVERRIDES,
        )
        self._health = HealthWatch(node, str(self._answers.topic_name))
        self._diagnostics = node.create_subscription(
            DiagnosticArray,
            "/diagnostics",
            self._health.add,
            10,
            qos_overriding_options=QOS_OVERRIDES,
        )
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = node.create_timer(STATUS_PERIOD, self._report, clock=steady)

    def close(self) -> None:
        """Ends all subscriptions."""
        self._node.destroy_timer(self._timer)
        self._images.close()
        self._node.destroy_subscription(self._answers)
        self._node.destroy_subscription(self._diagnostics)

    def _receive_image(self, image: ImageMessage) -> None:
        self._last_image = monotonic()
        for pair in self._pairing.add_image(stamp_of(image.header), image, len(image.data)):
            self._show(*pair)

    def _receive_answer(self, answer: FaceEmotionArray) -> None:
        self._last_answer = monotonic()
        for pair in self._pairing.add_answer(stamp_of(answer.header), answer):
            self._show(*pair)

    def _report(self) -> None:
        status = self._health.status()
        now = monotonic()
        if now - self._last_answer < STATUS_PERIOD and now - self._last_image > 2 * STATUS_PERIOD:
            reason = self._images.why_silent()
            text = f"Answers come, but no images on '{self._images.topic}': {reason}"
            status = Status("warn", text, status.values)
        self._publish(status)
