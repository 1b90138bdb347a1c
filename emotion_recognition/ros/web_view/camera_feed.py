"""The answers of one camera with their images, subscribed only while someone watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event, RLock, Thread
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage

from emotion_recognition.core.images.compressed import plain_jpeg
from emotion_recognition.core.images.raw import ImageError
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.messages.faces import faces_from_message
from emotion_recognition.ros.messages.images import ImageMessage, decode_message
from emotion_recognition.ros.messages.stamps import seconds_of, stamp_of
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES
from emotion_recognition.ros.process.log_throttle import LogThrottle
from emotion_recognition.ros.stream.image_subscription import ImageSubscription
from emotion_recognition.ros.stream.taking import HandOver, take_all
from emotion_recognition.ros.web_view.health_watch import HealthWatch
from emotion_recognition.web.pairing import Pairing
from emotion_recognition.web.picture import jpeg
from emotion_recognition.web.update import Status, Update

STATUS_PERIOD = 1.0  # seconds
#: Seconds between two looks at what has come: less than a picture's way to the screen.
LOOK_PERIOD = 0.02
IMAGE_DEPTH = 5  # an image that a newer one replaced is missed by its answer
CLOSING_TIMEOUT = 1.0  # seconds
LONGEST_ERROR = 300  # characters; whoever sent the message may have a say in them


@dataclass(frozen=True)
class FeedOptions:
    """transport, reliability: as ImageSubscription has them. max_pixels: of an image at most.
    longest_side, quality: of pictures."""

    transport: str
    reliability: str
    max_pixels: int
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
        longest_side, max_pixels = self._options.longest_side, self._options.max_pixels
        try:
            if isinstance(image, CompressedImage) and (
                ready := plain_jpeg(image.format, image.data, longest_side, max_pixels)
            ):
                return ready
            pixels = decode_message(image, max_pixels)
        except ImageError as error:
            if line := self._throttle(f"Image not shown: {error}"):
                self._node.get_logger().warning(line)
            return b""
        return jpeg(pixels, longest_side, self._options.quality)


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
        self._throttle = LogThrottle()
        self._lock = RLock()
        self._group = HandOver()
        self._pairing: Pairing[ImageMessage, FaceEmotionArray] = Pairing()
        self._last_image = self._last_answer = monotonic() - STATUS_PERIOD
        self._has_stamps = True  # those of the newest answer
        self._images = ImageSubscription(
            node,
            self._receive_image,
            options.transport,
            options.reliability,
            lost=lambda number: None,
            name=f"{prefix}image_raw",
            depth=IMAGE_DEPTH,
            group=self._group,
        )
        self._answers = node.create_subscription(
            FaceEmotionArray,
            f"{prefix}emotions",
            self._receive_answer,
            10,
            callback_group=self._group,
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
        self._closing = Event()
        self._thread = Thread(target=self._run, name="feed", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends all subscriptions."""
        self._closing.set()
        self._thread.join(CLOSING_TIMEOUT)
        self._node.destroy_timer(self._timer)
        self._images.close()
        self._node.destroy_subscription(self._answers)
        self._node.destroy_subscription(self._diagnostics)

    def _run(self) -> None:
        while not self._closing.wait(LOOK_PERIOD):
            try:
                with self._lock:
                    if self._group.by_hand:
                        self._look()
            except Exception as error:
                self._report_failure(error)

    def _look(self) -> None:
        self._images.take()
        for answer, _ in take_all(self._answers):
            self._receive_answer(answer)

    def _report_failure(self, error: Exception) -> None:
        if self._closing.is_set() or not self._node.context.ok():
            return
        if text := self._throttle(f"A message failed with {type(error).__name__}"):
            self._node.get_logger().error(f"{text}: {str(error)[:LONGEST_ERROR]!r}")

    def _receive_image(self, image: ImageMessage) -> None:
        with self._lock:
            self._last_image = monotonic()
            for pair in self._pairing.add_image(stamp_of(image.header), image, len(image.data)):
                self._show(*pair)
            self._group.by_hand = True

    def _receive_answer(self, answer: FaceEmotionArray) -> None:
        with self._lock:
            self._last_answer = monotonic()
            stamp = stamp_of(answer.header)
            self._has_stamps = stamp != 0
            for pair in self._pairing.add_answer(stamp, answer):
                self._show(*pair)

    def _report(self) -> None:
        status = self._health.status()
        now = monotonic()
        # Only the executor hears of a camera whose quality of service is another.
        self._group.by_hand = now - self._last_image < STATUS_PERIOD
        has_answers = now - self._last_answer < STATUS_PERIOD
        if has_answers and now - self._last_image > 2 * STATUS_PERIOD:
            reason = self._images.why_silent()
            text = f"Answers come, but no images on '{self._images.topic}': {reason}"
            status = Status("warn", text, status.values)
        elif has_answers and not self._has_stamps:
            text = (
                f"The images on '{self._images.topic}' have no stamp, so none can be shown: which "
                "one an answer is for cannot be told"
            )
            status = Status("warn", text, status.values)
        self._publish(status)
