"""The publishers of a node's outputs."""

from __future__ import annotations

from importlib import import_module
from traceback import format_exc

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import QoSProfile

from emotion_recognition.ros.answer import Answer
from emotion_recognition.ros.outputs import Output
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES
from emotion_recognition.ros.process.log_throttle import LogThrottle

#: The modules of the outputs, named as their topics, each with the messages that it needs.
_MODULES = {
    "annotated_image": "sensor_msgs/Image",
    "detections": "vision_msgs/Detection2DArray",
    "image_annotations": "foxglove_msgs/ImageAnnotations",
}


#: Those of them that carry the camera's pixels.
_PICTURES = {"annotated_image"}


def installed_outputs(logger: RcutilsLogger, with_pictures: bool) -> list[Output]:
    """The outputs whose messages can be imported; a line in the log says which cannot.

    with_pictures: whether also those that carry the camera's pixels.
    """
    outputs: list[Output] = []
    for name, messages in _MODULES.items():
        if name in _PICTURES and not with_pictures:
            continue
        try:
            outputs += import_module(f"{__package__}.{name}").OUTPUTS
        except ImportError as error:
            logger.info(f"No topic '{name}', because it needs {messages}: {error}")
    return outputs


class OutputPublishers:
    """Offers outputs on their topics and makes their messages for whoever subscribes."""

    def __init__(self, node: LifecycleNode, outputs: list[Output]) -> None:
        self._node = node
        self._throttle = LogThrottle()
        self._publishers: list[tuple[Output, LifecyclePublisher]] = [
            (
                output,
                node.create_lifecycle_publisher(
                    output.message_type,
                    output.topic,
                    QoSProfile(depth=output.depth),
                    qos_overriding_options=QOS_OVERRIDES,
                ),
            )
            for output in outputs
        ]

    def publish(self, answer: Answer) -> None:
        """Publishes an answer in the forms that somebody listens to.

        What goes wrong with one form is logged, and costs no other.
        """
        for output, publisher in self._publishers:
            try:
                if publisher.get_subscription_count():
                    publisher.publish(output.convert(answer))
            except Exception as error:
                if not self._node.context.ok():
                    return  # shut down in the middle of it
                reason = f"Nothing sent on '{output.topic}': {error!r}"
                if text := self._throttle(reason, output.topic):
                    self._node.get_logger().error(f"{text}\n{format_exc()}")

    def close(self) -> None:
        """Takes the topics back."""
        for _, publisher in self._publishers:
            self._node.destroy_lifecycle_publisher(publisher)
