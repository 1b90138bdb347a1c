"""The node `video_source`: publishes images as a camera driver does, from files or a webcam."""

from __future__ import annotations

from threading import Event, Thread

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import Header

from emotion_recognition.core.images.sources import FrameSource, SourceError, open_source
from emotion_recognition.ros.diagnostics.name_watch import NameWatch
from emotion_recognition.ros.emotion_node.parameters import PARAMETER_NAMES
from emotion_recognition.ros.parameters.declaration import declare
from emotion_recognition.ros.parameters.unknown_parameters import warn_of_unknown_parameters
from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.video_source.image_publisher import ImagePublisher
from emotion_recognition.ros.video_source.pacer import Pacer

DEFAULT_RATE = 30.0  # frames per second of images, which have no rate of their own
LARGEST_SIZE = 8192
DELIVERY_TIMEOUT = Duration(seconds=3)


class VideoSource(Node):
    """Publishes the frames of a source on `image_raw`, raw and compressed, at a steady rate.

    Its own thread plays the source. `finished` is done when a source that does not loop has ended
    and its last frame has been delivered. Raises NodeError for a source or parameters that cannot
    be used.
    """

    def __init__(self) -> None:
        super().__init__("video_source")
        self.finished = Future()
        self._stop = Event()
        rate = declare(
            self,
            "rate",
            0.0,
            "Frames per second; 0: the source's own, 30 for images. A webcam is asked for it.",
            minimum=0.0,
            maximum=1000.0,
        )
        self._source = self._open_source(rate)
        self._rate = rate or self._source.frame_rate or DEFAULT_RATE
        self._frame_id = declare(
            self,
            "frame_id",
            "camera_optical_frame",
            "frame_id of the images: x right, y down, z forward (REP 103).",
        )
        self._audience = declare(
            self,
            "wait_for_subscribers",
            0,
            "Do not start before this many nodes subscribe, so that they miss no frame.",
            minimum=0,
            maximum=100,
        )
        self._publisher = ImagePublisher(self)
        warn_of_unknown_parameters(self, PARAMETER_NAMES)
        self._names = NameWatch(self)
        self._thread = Thread(target=self._play, name="player", daemon=True)

    def start(self) -> None:
        """Begins to play."""
        self._thread.start()
        pace = "at its own pace" if self._source.is_live else f"at {self._rate:g} frames per second"
        self.get_logger().info(
            f"Publishing '{self._source.name}' {pace} on '{self._publisher.topic}'"
        )

    def close(self) -> None:
        """Stops playing and destroys the node."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(DELIVERY_TIMEOUT.nanoseconds / 1e9)
        self.destroy_node()

    def _open_source(self, rate: float) -> FrameSource:
        source = declare(
            self,
            "source",
            "astronaut",
            "A video file, an image, a folder of images, a webcam (its index or device), or "
            "'astronaut', a photograph that scikit-image carries.",
            any_type=True,
        )
        loop = declare(self, "loop", True, "Start again at the end; otherwise the node ends there.")
        width, height = (
            declare(
                self,
                name,
                0,
                f"{name.capitalize()} of the images in pixels; 0: as the source has it, or to keep "
                "the aspect ratio.",
                minimum=0,
                maximum=LARGEST_SIZE,
            )
            for name in ("width", "height")
        )
        try:
            return open_source(source, loop=loop, width=width, height=height, frame_rate=rate)
        except SourceError as error:
            raise NodeError(str(error)) from error

    def _play(self) -> None:
        try:
            self._publish_all()
        except SourceError as error:
            self.finished.set_exception(NodeError(str(error)))
        except Exception as error:
            # After a shutdown nothing can be published; everything else is reported by the run.
            if self.context.ok():
                self.finished.set_exception(error)
        else:
            self.finished.set_result(None)

    def _publish_all(self) -> None:
        while self._publisher.subscribers < self._audience:
            if self._stop.wait(0.02):
                return
        pacer = Pacer(self._rate, self._stop)
        for frame in self._source:
            if self._stop.is_set() if self._source.is_live else not pacer.wait():
                return
            header = Header(stamp=self.get_clock().now().to_msg(), frame_id=self._frame_id)
            self._publisher.publish(frame, header)
        self._publisher.wait_for_delivery(DELIVERY_TIMEOUT)
