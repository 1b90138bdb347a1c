"""The node `emotion_node`: images in, faces and emotions out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from time import monotonic
from traceback import format_exc

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState
from rclpy.lifecycle import TransitionCallbackReturn as Outcome
from rclpy.logging import get_logger
from rclpy.task import Future

from emotion_recognition import EmotionPipeline
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.following.follower import FaceFollower
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.diagnostics.health import Health
from emotion_recognition.ros.diagnostics.message import diagnostics
from emotion_recognition.ros.diagnostics.name_watch import NameWatch
from emotion_recognition.ros.emotion_node.answering import Configured, ImageAnswering, Record
from emotion_recognition.ros.emotion_node.parameters import (
    SettingsParameters,
    declare_start_parameters,
)
from emotion_recognition.ros.emotion_node.processor import ImageProcessor
from emotion_recognition.ros.outputs import Output
from emotion_recognition.ros.outputs.every_output import EveryOutput
from emotion_recognition.ros.outputs.publishers import installed_outputs
from emotion_recognition.ros.parameters.qos_overrides import QOS_OVERRIDES, check_qos_overrides
from emotion_recognition.ros.parameters.settings import Settings
from emotion_recognition.ros.parameters.unknown_parameters import warn_of_unknown_parameters
from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.process.executor import SturdyExecutor
from emotion_recognition.ros.process.freed_memory import return_freed_memory
from emotion_recognition.ros.stream.frame_counts import FrameCounts
from emotion_recognition.ros.stream.image_stream import ImageStream
from emotion_recognition.ros.stream.stream_watch import StreamState

DIAGNOSTICS_PERIOD = 1.0  # seconds
WATCH_PERIOD = 0.25  # seconds between two looks at whether images still come
WORKER_TIMEOUT = 5.0  # seconds that an inference gets to end
CLOSING_TIMEOUT = 0.5  # seconds that it gets when the process ends


class EmotionNode(LifecycleNode):
    """Subscribes to `image_raw` and publishes `emotions`, always for the newest image.

    The subscription only stores the message; one worker thread answers what is stored. Images that
    arrive while it is busy replace each other and are counted as dropped.

    A managed node: configuring loads the models, activating subscribes, deactivating ends both
    the subscription and all work, cleaning up frees the models. After an error it is unconfigured.

    namespace: of the node, where it is not that of the process. load_pipeline: as EmotionPipeline,
    to share it between nodes. other_parameters: names of parameters that are given to this node and
    meant for another in its process.

    Raises NodeError for parameters that cannot be used.
    """

    def __init__(
        self,
        namespace: str = "",
        load_pipeline: Callable[..., EmotionPipeline] | None = None,
        other_parameters: Collection[str] = (),
    ) -> None:
        names = ["-r", "__node:=emotion_node", "-r", f"__ns:={namespace}"] if namespace else []
        super().__init__("emotion_node", cli_args=["--ros-args", *names])
        self._load_pipeline = load_pipeline
        self.finished = Future()
        self._state = "unconfigured"
        self._starting = False
        self._failure: Exception | None = None
        check_qos_overrides(self)
        self._start_parameters = declare_start_parameters(self)
        self._settings = SettingsParameters(self, self._start_parameters, self._apply)

        self._follower = FaceFollower()
        self._record = Record()
        self._configured: Configured | None = None
        self._answering: ImageAnswering | None = None
        self._stream: ImageStream | None = None

        self._diagnostics = self.create_publisher(
            DiagnosticArray,
            "/diagnostics",
            10,
            qos_overriding_options=QOS_OVERRIDES,
        )
        # Simulated time may stand still, and that is worth a report.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(DIAGNOSTICS_PERIOD, self._publish_diagnostics, clock=steady)
        self.create_timer(WATCH_PERIOD, self._watch_stream, clock=steady)
        self._names = NameWatch(self)
        warn_of_unknown_parameters(self, other_parameters)

    @property
    def counts(self) -> FrameCounts:
        """What became of the images so far."""
        return self._record.counter.counts

    @cached_property
    def _installed_outputs(self) -> list[Output]:
        """Looked for once, so that what is missing is said once."""
        return installed_outputs(
            self.get_logger(), with_pictures=self._start_parameters.publish_annotated_image
        )

    def start(self) -> None:
        """Configures and activates the node, unless that is left to others.

        Raises NodeError, or whatever else has kept it from that.
        """
        if not self._start_parameters.autostart:
            self.get_logger().info("Waiting to be configured and activated (autostart is off)")
            return
        self._starting = True  # what fails is reported by the error
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() != Outcome.SUCCESS:
                raise self._failure or NodeError("the node could not be activated")
        self._starting = False

    def stop_work(self, timeout: float) -> None:
        """Ends the work, for which it waits `timeout` seconds at most."""
        if self._stream:
            self._stream.stop_work(timeout)

    def close(self, timeout: float = CLOSING_TIMEOUT) -> None:
        """Stops the work, for which it waits `timeout` seconds at most, and destroys the node."""
        self.stop_work(timeout)
        name = self.get_logger().name
        self.destroy_node()
        # rclpy forgets it. It would keep the logger publishing, which no longer works here.
        self._state_machine.destroy_when_not_in_use()
        if not self._failure:
            get_logger(name).info(f"Stopped: {self.counts}")

    def on_configure(self, state: LifecycleState) -> Outcome:
        """Loads the models and offers the topic."""
        return self._attempt("configured", self._load, "inactive")

    def on_activate(self, state: LifecycleState) -> Outcome:
        """Subscribes, and begins to answer."""
        super().on_activate(state)  # enables the publisher
        return self._attempt("activated", self._open_stream, "active")

    def on_deactivate(self, state: LifecycleState) -> Outcome:
        """Ends the subscription and all work."""
        outcome = self._attempt("deactivated", self._close_stream, "inactive")
        super().on_deactivate(state)  # disables the publisher
        return outcome

    def on_cleanup(self, state: LifecycleState) -> Outcome:
        """Frees the models."""
        return self._attempt("cleaned up", self._free, "unconfigured")

    def on_shutdown(self, state: LifecycleState) -> Outcome:
        """Frees everything, for good."""
        return self._attempt("shut down", self._free, "finalized")

    def on_error(self, state: LifecycleState) -> Outcome:
        """Frees everything, so that the node can be configured anew."""
        failure = self._failure
        outcome = self._attempt("cleaned up", self._free, "unconfigured")
        self._failure = failure
        return outcome

    def _attempt(self, verb: str, action: Callable[[], None], goal: str) -> Outcome:
        """Takes the action that leads to a state, and keeps the reason if it fails.

        verb: what the action makes of the node, for the log.
        """
        self._failure = None
        try:
            action()
        except (ModelError, BackendError) as error:
            self._failure = NodeError(str(error))
            outcome, reason = Outcome.FAILURE, str(error)
        except Exception as error:  # rclpy would keep it to itself
            self._failure = error
            outcome, reason = Outcome.ERROR, format_exc()
        else:
            self._state = goal
            return Outcome.SUCCESS
        if not self._starting:
            self.get_logger().error(f"The node could not be {verb}: {reason}")
        return outcome

    def _load(self) -> None:
        chosen = self._start_parameters
        pipeline = (self._load_pipeline or EmotionPipeline)(
            chosen.detector,
            chosen.classifier,
            chosen.backend,
            threads=chosen.threads,
            input_width=chosen.input_width,
        )
        processor = ImageProcessor(
            pipeline,
            self._settings.current,
            self._follower,
            now=lambda: int(self.get_clock().now().nanoseconds),
        )
        self._configured = Configured(
            processor,
            self.create_lifecycle_publisher(
                FaceEmotionArray,
                "emotions",
                10,
                qos_overriding_options=QOS_OVERRIDES,
            ),
            EveryOutput(self, self._installed_outputs),
        )

    def _open_stream(self) -> None:
        configured, chosen = self._configured, self._start_parameters
        if configured is None:
            raise NodeError("the node has no models: it was not configured")
        configured.processor.reset()
        configured.outputs.begin()
        self._answering = ImageAnswering(self, configured, self._record, chosen.max_pixels)
        self._stream = ImageStream(
            self,
            self._answering,
            chosen.image_transport,
            chosen.reliability,
            lambda: self._settings.current,
            self._record.counter,
        )
        pipeline = configured.processor.pipeline
        self.get_logger().info(
            f"Ready: models {pipeline.model_name} on {pipeline.backend_name}, images from "
            f"'{self._stream.topic}', answers to '{configured.emotions.topic_name}'"
        )

    def _close_stream(self) -> None:
        if self._stream and self._answering:
            self._answering.stop()
            self._stream.close(WORKER_TIMEOUT)
            self._stream = self._answering = None
            if self._configured:
                self._configured.outputs.stop()
            self.get_logger().info(f"Deactivated: {self.counts}")

    def _free(self) -> None:
        self._close_stream()
        if self._configured:
            self.destroy_lifecycle_publisher(self._configured.emotions)
            self._configured.outputs.close()
        self._configured = None
        return_freed_memory()

    def _apply(self, settings: Settings) -> None:
        if self._configured:
            self._configured.processor.settings = settings

    def _watch_stream(self) -> None:
        if self._stream and self._stream.update_state():
            self._publish_diagnostics()
        if self._stream and self._configured:
            self._configured.outputs.watch(self._settings.current)

    def _publish_diagnostics(self) -> None:
        stream = self._stream
        if stream:
            stream.update_state()
        health = Health(
            state=self._state,
            failure=str(self._failure or ""),
            topic=stream.topic if stream else "",
            stream=stream.state if stream else StreamState.WAITING,
            silence=stream.silence if stream else 0.0,
            activity=self._record.activity.update(self.counts, monotonic()),
            busy=stream.busy if stream else 0.0,
            namesakes=self._names.namesakes,
        )
        flows = health.stream is StreamState.FLOWING
        details: dict[str, object] = {"faces": self._record.faces if flows else 0}
        if isinstance(self.executor, SturdyExecutor):
            details["failed callbacks"] = self.executor.failures(self)
        if self._configured:
            pipeline = self._configured.processor.pipeline
            details["backend"] = pipeline.backend_name
            details["model"] = pipeline.model_name
        for reason, count in sorted(self._record.counter.rejections.items()):
            details[f"rejected ({reason})"] = count
        self._diagnostics.publish(
            diagnostics(
                self.get_fully_qualified_name(),
                health,
                self.counts,
                details,
                self.get_clock().now().to_msg(),
            )
        )
