"""From an image message to an answer on every topic, whatever the image does."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from traceback import format_exc

from rclpy.lifecycle import LifecycleNode, LifecyclePublisher

from emotion_recognition.core.images.raw import ImageError
from emotion_recognition.ros.diagnostics.activity import RecentActivity
from emotion_recognition.ros.emotion_node.processor import ImageProcessor
from emotion_recognition.ros.messages.faces import answer_message
from emotion_recognition.ros.messages.images import ImageMessage, decode_message
from emotion_recognition.ros.messages.stamps import age, stamp_of
from emotion_recognition.ros.outputs.every_output import EveryOutput
from emotion_recognition.ros.process.log_throttle import LogThrottle
from emotion_recognition.ros.stream.frame_counts import FrameCounter


@dataclass(frozen=True)
class Configured:
    """What a node has from configuring to cleaning up.

    processor: with the models. emotions: the publisher. outputs: those of everything else.
    """

    processor: ImageProcessor
    emotions: LifecyclePublisher
    outputs: EveryOutput


@dataclass
class Record:
    """What a node has done since its start. faces: how many the last answer has."""

    counter: FrameCounter = field(default_factory=FrameCounter)
    activity: RecentActivity = field(default_factory=lambda: RecentActivity(monotonic()))
    throttle: LogThrottle = field(default_factory=LogThrottle)
    faces: int = 0


class ImageAnswering:
    """Answers the images of one stream, in the thread of its worker.

    record: of the node, which is kept up to date. max_pixels: of an image.
    """

    def __init__(
        self, node: LifecycleNode, configured: Configured, record: Record, max_pixels: int
    ) -> None:
        self._node = node
        self._configured = configured
        self._record = record
        self._max_pixels = max_pixels
        self._is_stopped = False

    def stop(self) -> None:
        """Answers nothing any more: what is being worked on is dropped when it is done."""
        self._is_stopped = True

    def __call__(self, message: ImageMessage) -> None:
        """The node outlives whatever one image does to it."""
        try:
            self._answer(message)
        except ImageError as error:
            self._record.counter.reject(error.reason)
            self._warn(f"Image rejected: {error}", error.reason)
        except Exception as error:
            if not self._node.context.ok():
                return  # shut down in the middle of an answer
            self._record.counter.add(failed=1)
            if text := self._record.throttle(f"Image failed: {error!r}", type(error).__name__):
                self._node.get_logger().error(f"{text}\n{format_exc()}")

    def _answer(self, message: ImageMessage) -> None:
        processor, counter = self._configured.processor, self._record.counter
        if self._is_outdated(message, processor.settings.max_age):
            counter.add(outdated=1)
            self._warn("Images older than max_age arrive and are not processed")
            return
        image = decode_message(message, self._max_pixels)
        answer = processor(image, message.header, lambda: not self._is_stopped)
        if answer is None or self._is_stopped:
            counter.add(dropped=1)  # it took too long, and was left behind
            return
        self._configured.emotions.publish(answer_message(answer))
        counter.add(answered=1)
        self._record.faces = len(answer.faces)
        self._record.activity.add_answer(answer.latency, monotonic())
        self._configured.outputs.publish(answer, processor.settings)

    def _is_outdated(self, message: ImageMessage, max_age: float) -> bool:
        now = int(self._node.get_clock().now().nanoseconds)
        return 0 < max_age < age(stamp_of(message.header), now)

    def _warn(self, text: str, kind: str = "") -> None:
        if line := self._record.throttle(text, kind):
            self._node.get_logger().warning(line)
