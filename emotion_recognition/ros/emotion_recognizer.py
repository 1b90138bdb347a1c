"""The node `emotion_node`: images in, faces and emotions out."""

from __future__ import annotations

import math
import traceback
from threading import Thread

from rcl_interfaces.msg import SetParametersResult
from rclpy.event_handler import QoSRequestedIncompatibleQoSInfo, SubscriptionEventCallbacks
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import (
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)
from rclpy.subscription import Subscription
from rclpy.task import Future
from sensor_msgs.msg import Image

from emotion_recognition import EmotionPipeline
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.image import ImageError
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.executable import NodeError
from emotion_recognition.ros.frame_counts import FrameCounter, FrameCounts
from emotion_recognition.ros.latest_slot import LatestSlot
from emotion_recognition.ros.log_throttle import LogThrottle
from emotion_recognition.ros.parameters import declare
from emotion_recognition.ros.processing import ImageProcessor

COUNTS_PERIOD = 10.0  # seconds between two lines of counts in the debug log
WORKER_TIMEOUT = 5.0  # seconds that an inference gets to end at shutdown


class EmotionRecognizer(Node):
    """Subscribes to `image_raw` and publishes `emotions`, always for the newest image.

    The subscription only stores the message; one worker thread answers what is stored. Images that
    arrive while it is busy replace each other and are counted as dropped.

    Raises NodeError for models, a backend or parameters that cannot be used.
    """

    def __init__(self) -> None:
        super().__init__("emotion_node")
        self.finished = Future()
        self._counter = FrameCounter()
        self._throttle = LogThrottle()
        self._images: LatestSlot[Image] = LatestSlot()

        pipeline = self._load_pipeline()
        self._process = ImageProcessor(pipeline, lambda: int(self.get_clock().now().nanoseconds))
        self._declare_score_threshold(pipeline)
        reliability = declare(
            self,
            "reliability",
            "auto",
            "Quality of service of the image subscription. auto: reliable, as camera drivers offer "
            "it, until a publisher turns up that offers best effort only.",
            choices=("auto", "reliable", "best_effort"),
        )

        self._publisher = self.create_publisher(FaceEmotionArray, "emotions", 10)
        self._subscription = self._subscribe(
            ReliabilityPolicy.BEST_EFFORT
            if reliability == "best_effort"
            else ReliabilityPolicy.RELIABLE,
            may_fall_back=reliability == "auto",
        )
        self.create_timer(COUNTS_PERIOD, lambda: self.get_logger().debug(str(self.counts)))
        self._worker = Thread(target=self._work, name="inference", daemon=True)

    @property
    def counts(self) -> FrameCounts:
        """What became of the images so far."""
        return self._counter.counts

    def start(self) -> None:
        """Begins to answer."""
        self._worker.start()
        pipeline = self._process.pipeline
        self.get_logger().info(
            f"Ready: models {pipeline.model_name} on {pipeline.backend_name}, images from "
            f"'{self._subscription.topic_name}', answers to '{self._publisher.topic_name}'"
        )

    def close(self) -> None:
        """Stops the worker and destroys the node."""
        self._images.close()
        if self._worker.is_alive():
            self._worker.join(WORKER_TIMEOUT)
        name = self.get_name()
        self.destroy_node()
        # By the bare name: the node's own logger also publishes, which no longer works here.
        get_logger(name).info(f"Stopped: {self.counts}")

    def _load_pipeline(self) -> EmotionPipeline:
        detector = declare(self, "detector", "paper", "Name of the packaged face detector.")
        classifier = declare(self, "classifier", "paper", "Name of the packaged classifier.")
        backend = declare(
            self,
            "backend",
            "auto",
            "What runs the models: onnxruntime, torch or opencv; auto takes the first installed.",
        )
        threads = declare(
            self,
            "threads",
            0,
            "Threads of one inference; 0 leaves the choice to the backend.",
            minimum=0,
            maximum=256,
        )
        try:
            return EmotionPipeline(detector, classifier, backend, threads=threads)
        except (ModelError, BackendError) as error:
            raise NodeError(str(error)) from error

    def _declare_score_threshold(self, pipeline: EmotionPipeline) -> None:
        pipeline.score_threshold = declare(
            self,
            "score_threshold",
            pipeline.score_threshold,
            "Detection score from which on a face counts; can be changed at any time.",
            minimum=0.0,
            maximum=1.0,
            read_only=False,
        )
        if not math.isfinite(pipeline.score_threshold):
            raise NodeError("parameter 'score_threshold' must be a number within [0, 1]")
        self.add_on_set_parameters_callback(_check_parameters)
        self.add_post_set_parameters_callback(self._apply_parameters)

    def _apply_parameters(self, parameters: list[Parameter]) -> None:
        for parameter in parameters:
            if parameter.name == "score_threshold":
                self._process.pipeline.score_threshold = parameter.value
                self.get_logger().info(f"score_threshold is now {parameter.value}")

    def _subscribe(self, reliability: ReliabilityPolicy, may_fall_back: bool) -> Subscription:
        return self.create_subscription(
            Image,
            "image_raw",
            self._store,
            QoSProfile(depth=1, reliability=reliability),
            event_callbacks=SubscriptionEventCallbacks(
                incompatible_qos=self._fall_back_to_best_effort if may_fall_back else None
            ),
        )

    def _fall_back_to_best_effort(self, event: QoSRequestedIncompatibleQoSInfo) -> None:
        topic, kind = self._subscription.topic_name, event.last_policy_kind
        if kind != QoSPolicyKind.RELIABILITY:
            self.get_logger().warning(
                f"No images arrive from a publisher of '{topic}': its quality of service does not "
                f"fit in {qos_policy_name_from_kind(kind)}"
            )
            return
        self.get_logger().info(
            f"A publisher of '{topic}' offers best effort only: subscribing with best effort"
        )
        self.destroy_subscription(self._subscription)
        self._subscription = self._subscribe(ReliabilityPolicy.BEST_EFFORT, may_fall_back=False)

    def _store(self, message: Image) -> None:
        dropped = self._images.put(message)
        self._counter.add(received=1, dropped=int(dropped))

    def _work(self) -> None:
        while (message := self._images.take()) is not None:
            try:
                self._publisher.publish(self._process(message))
            except ImageError as error:
                self._counter.add(rejected=1)
                if text := self._throttle(f"Image rejected: {error}"):
                    self.get_logger().warning(text)
            except Exception as error:  # the node outlives whatever one image does to it
                if not self.context.ok():
                    return  # shut down in the middle of an answer
                self._counter.add(failed=1)
                if text := self._throttle(f"Image failed: {error!r}"):
                    self.get_logger().error(f"{text}\n{traceback.format_exc()}")
            else:
                self._counter.add(answered=1)


def _check_parameters(parameters: list[Parameter]) -> SetParametersResult:
    """Refuses what the declared ranges let through: nan is neither below nor above a limit."""
    for parameter in parameters:
        if parameter.name == "score_threshold" and not math.isfinite(parameter.value):
            reason = f"score_threshold must be a number within [0, 1], got {parameter.value}"
            return SetParametersResult(successful=False, reason=reason)
    return SetParametersResult(successful=True)
