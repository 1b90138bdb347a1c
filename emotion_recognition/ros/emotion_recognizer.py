"""The node `emotion_node`: images in, faces and emotions out."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import cached_property
from time import monotonic
from traceback import format_exc

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher, LifecycleState
from rclpy.lifecycle import TransitionCallbackReturn as Outcome
from rclpy.logging import get_logger
from rclpy.task import Future

from emotion_recognition import EmotionPipeline
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.image import ImageError
from emotion_recognition.core.tracking import FaceTracker
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.activity import RecentActivity
from emotion_recognition.ros.diagnostics import diagnostics
from emotion_recognition.ros.emotion_parameters import SettingsParameters, declare_start_parameters
from emotion_recognition.ros.executable import NodeError
from emotion_recognition.ros.executor import SturdyExecutor
from emotion_recognition.ros.face_conversion import latency
from emotion_recognition.ros.frame_counts import FrameCounter, FrameCounts
from emotion_recognition.ros.freed_memory import return_freed_memory
from emotion_recognition.ros.health import Health
from emotion_recognition.ros.image_conversion import NANOSECONDS, ImageMessage, decode_message
from emotion_recognition.ros.image_stream import ImageStream
from emotion_recognition.ros.log_throttle import LogThrottle
from emotion_recognition.ros.name_watch import NameWatch
from emotion_recognition.ros.outputs.output import Output
from emotion_recognition.ros.outputs.publishers import OutputPublishers, installed_outputs
from emotion_recognition.ros.processing import ImageProcessor
from emotion_recognition.ros.settings import Settings
from emotion_recognition.ros.stream_watch import StreamState
from emotion_recognition.ros.unknown_parameters import warn_of_unknown_parameters

DIAGNOSTICS_PERIOD = 1.0  # seconds
WATCH_PERIOD = 0.25  # seconds between two looks at whether images still come
WORKER_TIMEOUT = 5.0  # seconds that an inference gets to end
CLOSING_TIMEOUT = 0.5  # seconds that it gets when the process ends


class EmotionRecognizer(LifecycleNode):
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
        self._start_parameters = declare_start_parameters(self)
        self._settings = SettingsParameters(self, self._start_parameters, self._apply)

        self._tracker = FaceTracker()
        self._counter = FrameCounter()
        self._activity = RecentActivity(monotonic())
        self._faces = 0
        self._throttle = LogThrottle()
        self._processor: ImageProcessor | None = None
        self._emotions: LifecyclePublisher | None = None
        self._outputs: OutputPublishers | None = None
        self._stream: ImageStream | None = None
        self._streams_closed = 0

        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # Simulated time may stand still, and that is worth a report.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(DIAGNOSTICS_PERIOD, self._publish_diagnostics, clock=steady)
        self.create_timer(WATCH_PERIOD, self._watch_stream, clock=steady)
        self._names = NameWatch(self)
        warn_of_unknown_parameters(self, other_parameters)

    @property
    def counts(self) -> FrameCounts:
        """What became of the images so far."""
        return self._counter.counts

    @cached_property
    def _installed_outputs(self) -> list[Output]:
        """Looked for once, so that what is missing is said once."""
        return installed_outputs(self.get_logger())

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
        if not self._failure:
            # Not by the node's own logger: it also publishes, which no longer works here.
            get_logger(f"{name}.frames").info(f"Stopped: {self.counts}")

    def on_configure(self, state: LifecycleState) -> Outcome:
        """Loads the models and offers the topic."""
        return self._attempt(self._load, "inactive")

    def on_activate(self, state: LifecycleState) -> Outcome:
        """Subscribes, and begins to answer."""
        super().on_activate(state)  # enables the publisher
        return self._attempt(self._open_stream, "active")

    def on_deactivate(self, state: LifecycleState) -> Outcome:
        """Ends the subscription and all work."""
        outcome = self._attempt(self._close_stream, "inactive")
        super().on_deactivate(state)  # disables the publisher
        return outcome

    def on_cleanup(self, state: LifecycleState) -> Outcome:
        """Frees the models."""
        return self._attempt(self._free, "unconfigured")

    def on_shutdown(self, state: LifecycleState) -> Outcome:
        """Frees everything, for good."""
        return self._attempt(self._free, "finalized")

    def on_error(self, state: LifecycleState) -> Outcome:
        """Frees everything, so that the node can be configured anew."""
        failure = self._failure
        outcome = self._attempt(self._free, "unconfigured")
        self._failure = failure
        return outcome

    def _attempt(self, action: Callable[[], None], goal: str) -> Outcome:
        """Takes the action that leads to a state, and keeps the reason if it fails."""
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
            self.get_logger().error(f"Not {goal}: {reason}")
        return outcome

    def _load(self) -> None:
        chosen = self._start_parameters
        pipeline = (self._load_pipeline or EmotionPipeline)(
            chosen.detector, chosen.classifier, chosen.backend, threads=chosen.threads
        )
        pipeline.warm_up()
        self._processor = ImageProcessor(
            pipeline,
            self._settings.current,
            self._tracker,
            now=lambda: int(self.get_clock().now().nanoseconds),
        )
        self._emotions = self.create_lifecycle_publisher(FaceEmotionArray, "emotions", 10)
        self._outputs = OutputPublishers(self, self._installed_outputs)

    def _open_stream(self) -> None:
        processor, emotions, outputs = self._processor, self._emotions, self._outputs
        assert processor
        assert emotions
        assert outputs
        processor.reset()
        number = self._streams_closed
        self._stream = ImageStream(
            self,
            lambda image: self._answer(image, number, processor, emotions, outputs),
            self._start_parameters.image_transport,
            self._start_parameters.reliability,
            lambda: self._settings.current,
            self._counter,
        )
        self.get_logger().info(
            f"Ready: models {processor.pipeline.model_name} on {processor.pipeline.backend_name}, "
            f"images from '{self._stream.topic}', answers to '{emotions.topic_name}'"
        )

    def _close_stream(self) -> None:
        if self._stream:
            self._stream.close(WORKER_TIMEOUT)
            self._stream = None
            self._streams_closed += 1
            self.get_logger().info(f"Deactivated: {self.counts}")

    def _free(self) -> None:
        self._close_stream()
        if self._emotions:
            self.destroy_lifecycle_publisher(self._emotions)
        if self._outputs:
            self._outputs.close()
        self._emotions = self._outputs = self._processor = None
        return_freed_memory()

    def _apply(self, settings: Settings) -> None:
        if self._processor:
            self._processor.settings = settings

    def _answer(
        self,
        message: ImageMessage,
        stream: int,
        processor: ImageProcessor,
        emotions: LifecyclePublisher,
        outputs: OutputPublishers,
    ) -> None:
        """Called by the worker. The node outlives whatever one image does to it."""
        try:
            if self._is_outdated(message, processor.settings.max_age):
                self._counter.add(outdated=1)
                self._log_throttled("Images older than max_age arrive and are not processed")
                return
            image = decode_message(message)
            answer = processor(image, message.header)
            if stream != self._streams_closed:
                self._counter.add(dropped=1)  # it took too long, and was left behind
                return
            emotions.publish(answer)
        except ImageError as error:
            self._counter.reject(error.reason)
            self._log_throttled(f"Image rejected: {error}")
        except Exception as error:
            if not self.context.ok():
                return  # shut down in the middle of an answer
            self._counter.add(failed=1)
            if text := self._throttle(f"Image failed: {error!r}"):
                self.get_logger().error(f"{text}\n{format_exc()}")
        else:
            self._counter.add(answered=1)
            self._faces = len(answer.faces)
            seconds = answer.latency.sec + answer.latency.nanosec / NANOSECONDS
            self._activity.add_answer(seconds, monotonic())
            outputs.publish(answer, image)

    def _is_outdated(self, message: ImageMessage, max_age: float) -> bool:
        age = latency(message.header.stamp, int(self.get_clock().now().nanoseconds))
        return 0 < max_age < float(age.sec + age.nanosec / NANOSECONDS)

    def _log_throttled(self, text: str) -> None:
        if line := self._throttle(text):
            self.get_logger().warning(line)

    def _watch_stream(self) -> None:
        if self._stream and self._stream.update_state():
            self._publish_diagnostics()

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
            activity=self._activity.update(self.counts, monotonic()),
            busy=stream.busy if stream else 0.0,
            namesakes=self._names.namesakes,
        )
        details: dict[str, object] = {"faces": self._faces}
        if isinstance(self.executor, SturdyExecutor):
            details["failed callbacks"] = self.executor.failures(self)
        if self._processor:
            details["backend"] = self._processor.pipeline.backend_name
            details["model"] = self._processor.pipeline.model_name
        for reason, count in sorted(self._counter.rejections.items()):
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
