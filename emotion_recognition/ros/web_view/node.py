"""The node `web_view`: serves a page that shows the answers live, for who watches it."""

from __future__ import annotations

from functools import partial
from threading import Lock

from rclpy.node import Node
from rclpy.task import Future

from emotion_recognition.ros.diagnostics.name_watch import NameWatch
from emotion_recognition.ros.emotion_node.parameters import PARAMETER_NAMES
from emotion_recognition.ros.parameters.cameras import declare_cameras
from emotion_recognition.ros.parameters.declaration import declare
from emotion_recognition.ros.parameters.image_limit import declare_max_megapixels
from emotion_recognition.ros.parameters.qos_overrides import check_qos_overrides
from emotion_recognition.ros.parameters.unknown_parameters import warn_of_unknown_parameters
from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.process.log_throttle import LogThrottle
from emotion_recognition.ros.stream.image_subscription import IMAGE_TRANSPORTS, RELIABILITIES
from emotion_recognition.ros.web_view.camera_feed import CameraFeed, FeedOptions
from emotion_recognition.web.picture import LONGEST_SIDE, QUALITY
from emotion_recognition.web.server import PORT, ServerSettings, WebError, WebServer

#: What the only camera is called, where `cameras` names none.
_ONLY = "camera"


class WebView(Node):
    """Serves the page; subscribes to a camera's images and answers while someone watches it.

    Raises NodeError for parameters that cannot be used, and from `start` where the page cannot be
    served.
    """

    def __init__(self) -> None:
        super().__init__("web_view")
        self.finished = Future()
        check_qos_overrides(self)
        settings = _declare_server(self)
        cameras = declare_cameras(self, required=False)
        options = _declare_feed(self)
        warn_of_unknown_parameters(self, PARAMETER_NAMES)
        self._names = NameWatch(self)
        self._throttle = LogThrottle()
        self._is_open = settings.is_open
        namespaces = {camera: camera for camera in cameras} or {_ONLY: ""}
        try:
            self._server = WebServer(settings, tuple(namespaces), self._note_audience, self._warn)
        except WebError as error:
            raise NodeError(f"parameter 'token': {error}") from error
        self._feeds = {
            camera: CameraFeed(self, namespace, options, partial(self._server.publish, camera))
            for camera, namespace in namespaces.items()
        }
        # Viewers come and go in the server's thread; subscriptions are made in the executor's.
        self._lock = Lock()
        self._watched: set[str] = set()
        self._audience_changed = self.create_guard_condition(self._follow_audience)

    def start(self) -> None:
        """Serves the page, and says where."""
        try:
            address = self._server.start()
        except WebError as error:
            raise NodeError(f"parameter 'port': {error}") from error
        if self._is_open:
            self.get_logger().warning(
                f"The page is open to the network, unencrypted: {address} shows the camera to "
                "whoever has this address"
            )
        else:
            self.get_logger().info(
                f"The page is at {address} for this machine alone; the parameter 'network' opens it"
            )

    def close(self) -> None:
        """Ends all connections and destroys the node."""
        self._server.close()
        for feed in self._feeds.values():
            feed.watch(False)
        self.destroy_node()

    def _note_audience(self, camera: str, is_watched: bool) -> None:
        with self._lock:
            (self._watched.add if is_watched else self._watched.discard)(camera)
        self._audience_changed.trigger()

    def _follow_audience(self) -> None:
        with self._lock:
            watched = set(self._watched)
        for camera, feed in self._feeds.items():
            feed.watch(camera in watched)

    def _warn(self, text: str) -> None:
        if line := self._throttle(text):
            self.get_logger().warning(line)


def _declare_server(node: Node) -> ServerSettings:
    return ServerSettings(
        port=declare(
            node,
            "port",
            PORT,
            "Port of the page; 0: any that is free.",
            minimum=0,
            maximum=65535,
        ),
        is_open=declare(
            node,
            "network",
            False,
            "Open the page to the network, for those who have the address with its token.",
        ),
        token=declare(
            node,
            "token",
            "",
            "Part of the address of an open page, hard to guess; empty: a new one at each start.",
        ),
    )


def _declare_feed(node: Node) -> FeedOptions:
    return FeedOptions(
        transport=declare(
            node,
            "image_transport",
            "raw",
            "Form of the images: raw, or compressed (JPEG, PNG).",
            choices=tuple(IMAGE_TRANSPORTS),
        ),
        reliability=declare(
            node,
            "reliability",
            "auto",
            "Reliability of the image subscription, as emotion_node has it.",
            choices=RELIABILITIES,
        ),
        max_pixels=round(1e6 * declare_max_megapixels(node)),
        longest_side=declare(
            node,
            "picture.longest_side",
            LONGEST_SIDE,
            "Pixels of the longer side of the pictures on the page at most.",
            minimum=64,
            maximum=4096,
        ),
        quality=declare(
            node,
            "picture.jpeg_quality",
            QUALITY,
            "Quality of the pictures on the page, from 1 (small) to 100 (good).",
            minimum=1,
            maximum=100,
        ),
    )
