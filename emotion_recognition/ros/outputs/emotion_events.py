"""What begins and what ends with each face, on `emotion_events`; what is true, kept for later."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from time import monotonic

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, QoSProfile

from emotion_recognition.core.following.events import FaceEvent, FaceEvents
from emotion_recognition.msg import FaceEmotionEvent, FaceEmotionEventArray
from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.messages.events import event_message, ongoing_message
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES

# A listener that is away for a moment misses none: each change of a face is a few messages.
_DEPTH = 100


class EmotionEventPublishers:
    """Publishes events, each once, and what has begun and not ended: after every change, and while
    somebody listens at every answer, with how long it has been so.

    For any thread. Nothing is published before `begin`, nor after `stop`.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._faces = FaceEvents()
        self._is_open = False
        self._stamp = 0
        self._frame_id = ""
        self._last_answer = 0.0
        self._events = node.create_lifecycle_publisher(
            FaceEmotionEvent,
            "emotion_events",
            QoSProfile(depth=_DEPTH),
            qos_overriding_options=QOS_OVERRIDES,
        )
        self._ongoing = node.create_lifecycle_publisher(
            FaceEmotionEventArray,
            "emotion_events/ongoing",
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
            qos_overriding_options=QOS_OVERRIDES,
        )

    def begin(self) -> None:
        """From now on there are events; so far, nobody is there."""
        with self._lock:
            self._is_open = True
            self._stamp = int(self._node.get_clock().now().nanoseconds)
            self._publish_ongoing()

    def publish(self, answer: Answer, gone_after: float) -> None:
        """What an answer changes. gone_after: seconds, as of FaceEvents."""
        with self._lock:
            if not self._is_open:
                return
            self._stamp, self._frame_id = answer.stamp, answer.header.frame_id
            self._last_answer = monotonic()
            self._faces.gone_after = gone_after
            changes = self._faces.update(answer.faces, answer.stamp)
            self._publish(changes)
            if not changes and self._faces.anyone and self._ongoing.get_subscription_count():
                self._publish_ongoing()

    def end_if_silent(self, longest: float) -> None:
        """Ends all that was true if there was no answer for longer than that, in seconds.

        Nobody knows then who is still there.
        """
        with self._lock:
            if monotonic() - self._last_answer > longest:
                self._publish(self._faces.end())

    def stop(self) -> None:
        """Ends all that was true; an answer that is still on its way changes nothing more."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                self._publish(self._faces.end())

    def close(self) -> None:
        """Takes the topics back."""
        for publisher in (self._events, self._ongoing):
            self._node.destroy_lifecycle_publisher(publisher)

    def _publish(self, events: Sequence[FaceEvent]) -> None:
        for event in events:
            self._events.publish(event_message(event, self._frame_id))
        if events:
            self._publish_ongoing()

    def _publish_ongoing(self) -> None:
        events = self._faces.ongoing()
        self._ongoing.publish(ongoing_message(events, self._stamp, self._frame_id))
