"""Every topic of a node that an answer goes to beside `emotions`."""

from __future__ import annotations

from rclpy.lifecycle import LifecycleNode

from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.outputs import Output
from emotion_recognition.ros.outputs.emotion_events import EmotionEventPublishers
from emotion_recognition.ros.outputs.face_poses import FacePosePublisher
from emotion_recognition.ros.outputs.publishers import OutputPublishers
from emotion_recognition.ros.parameters.settings import Settings


class EveryOutput:
    """The events, the poses, and the other forms of the answers."""

    def __init__(self, node: LifecycleNode, outputs: list[Output]) -> None:
        self._events = EmotionEventPublishers(node)
        self._poses = FacePosePublisher(node)
        self._forms = OutputPublishers(node, outputs)

    def begin(self) -> None:
        """When the node becomes active."""
        self._events.begin()

    def publish(self, answer: Answer, settings: Settings) -> None:
        """An answer, from any thread."""
        self._events.publish(answer, settings.gone_after)
        self._poses.publish(answer)
        self._forms.publish(answer)

    def watch(self, settings: Settings) -> None:
        """What is to be done from time to time, in the node's thread, while it is active."""
        interval = 1 / settings.max_rate if settings.max_rate else 0.0
        self._events.end_if_silent(settings.stall_timeout + interval)
        self._poses.watch()

    def stop(self) -> None:
        """When the node is no longer active."""
        self._events.stop()
        self._poses.stop()

    def close(self) -> None:
        """Takes the topics back."""
        for outputs in (self._events, self._poses, self._forms):
            outputs.close()
