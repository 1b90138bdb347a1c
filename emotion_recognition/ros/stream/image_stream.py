"""The images that come in between activation and deactivation."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from rclpy.node import Node

from emotion_recognition.ros.messages.images import ImageMessage
from emotion_recognition.ros.messages.stamps import stamp_of
from emotion_recognition.ros.parameters.settings import Settings
from emotion_recognition.ros.process.log_throttle import LogThrottle
from emotion_recognition.ros.stream.frame_counts import FrameCounter
from emotion_recognition.ros.stream.image_subscription import ImageSubscription
from emotion_recognition.ros.stream.rate_limit import RateLimit
from emotion_recognition.ros.stream.stream_watch import StampChange, StreamState, StreamWatch
from emotion_recognition.ros.stream.worker import HUNG, Worker


class ImageStream:
    """Subscribes to images and has the newest of them worked on, in a thread of its own.

    work: what to do with an image; it must not raise. transport, reliability: as ImageSubscription
    has them. settings: gives those of the moment. counter: counts what comes in.
    """

    def __init__(
        self,
        node: Node,
        work: Callable[[ImageMessage], None],
        transport: str,
        reliability: str,
        settings: Callable[[], Settings],
        counter: FrameCounter,
    ) -> None:
        self._node = node
        self._settings = settings
        self._counter = counter
        self._throttle = LogThrottle()
        self._rate_limit = RateLimit()
        self._watch = StreamWatch(monotonic())
        self._is_hung = False
        self._stalled_at = 0.0
        self._has_flowed = False
        self.state = StreamState.WAITING
        self._worker = Worker(work)
        self._subscription = ImageSubscription(
            node,
            self._receive,
            transport,
            reliability,
            lost=lambda number: counter.add(lost=number),
        )

    @property
    def topic(self) -> str:
        """The full name of the topic, after remapping."""
        return self._subscription.topic

    @property
    def busy(self) -> float:
        """Seconds that the image being worked on has taken so far; 0 while there is none."""
        return self._worker.busy()

    @property
    def silence(self) -> float:
        """Seconds since the last image, or since the stream was opened."""
        return self._watch.silence(monotonic())

    def update_state(self) -> bool:
        """Looks whether images still come and whether the work goes on.

        True, and a line in the log, if that has changed.
        """
        has_changed = self._update_work()
        return self._update_stream() or has_changed

    def _update_work(self) -> bool:
        is_hung = self.busy >= HUNG
        if is_hung is self._is_hung:
            return False
        self._is_hung = is_hung
        if is_hung:
            self._node.get_logger().error(
                f"An image has been worked on for more than {HUNG:g} s, and others wait for it"
            )
        else:
            self._node.get_logger().info("The image that took so long is done")
        return True

    def _update_stream(self) -> bool:
        now = monotonic()
        state = self._watch.state(now, self._settings().stall_timeout)
        if state is self.state:
            return False
        if state is StreamState.STALLED:
            self._stalled_at = now
            reason = self._subscription.why_silent()
            self._node.get_logger().warning(
                f"No image on '{self.topic}' for {self.silence:.1f} s: {reason}"
            )
        elif self.state is StreamState.STALLED and self.silence < now - self._stalled_at:
            again = " again" if self._has_flowed else ""
            self._node.get_logger().info(f"Images arrive on '{self.topic}'{again}")
        self._has_flowed = self._has_flowed or state is StreamState.FLOWING
        self.state = state
        return True

    def stop_work(self, timeout: float) -> bool:
        """Ends the work; False if what was begun takes more than `timeout` seconds."""
        self._counter.add(dropped=int(self._worker.stop()))
        return self._worker.join(timeout)

    def close(self, timeout: float) -> None:
        """Ends the subscription, then the work, for which it waits `timeout` seconds at most.

        Nothing else can be done with the stream after that.
        """
        self._subscription.close()
        # It knows this object as well; without the one, the other is freed at once, models and all.
        del self._subscription
        if not self.stop_work(timeout):
            self._node.get_logger().error(f"An image takes more than {timeout:g} s: left behind")

    def _receive(self, message: ImageMessage) -> None:
        now = monotonic()
        change = self._watch.observe(stamp_of(message.header), now)
        skipped = not self._rate_limit.allows(now, self._settings().max_rate)
        dropped = not skipped and self._worker.put(message)
        self._counter.add(
            received=1,
            skipped=int(skipped),
            dropped=int(dropped),
            repeated=int(change is StampChange.REPEATED),
            jumps=int(change is StampChange.BACKWARD),
        )
        if change is StampChange.REPEATED:
            self._warn("An image has the stamp of the one before: does the camera repeat itself?")
        elif change is StampChange.BACKWARD:
            self._warn("The images' stamps have jumped back: all faces get new track ids")

    def _warn(self, text: str) -> None:
        if line := self._throttle(text):
            self._node.get_logger().warning(line)
