"""The callbacks of real nodes, called in this process with whatever one likes.

The models are stood in for: what is tried is what nodes do with messages and requests.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from time import monotonic, sleep
from typing import Any, TypeAlias

import numpy as np
import rclpy
from geometry_msgs.msg import PoseArray
from lifecycle_msgs.srv import GetState
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.serialization import deserialize_message, serialize_message
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage

from emotion_recognition.core.images.raw import MAX_PIXELS
from emotion_recognition.core.types import LABELS, Box, Emotion, Face, Result
from emotion_recognition.msg import FaceEmotionArray
from emotion_recognition.ros.emotion_node.node import EmotionNode
from emotion_recognition.ros.process.executor import _is_ours
from emotion_recognition.ros.web_view.camera_feed import CameraFeed, FeedOptions
from emotion_recognition.web.update import Status, Update

Message: TypeAlias = Any  # rclpy has no types
Found: TypeAlias = Any

TIMEOUT = 60.0  # seconds that a callback's work may take

PARAMETERS = """
/compressed/emotion_node:
  ros__parameters: {image_transport: compressed}
/simulated/emotion_node:
  ros__parameters: {use_sim_time: true}
"""
PROBABILITIES = (0.1, 0.2, 0.3, 0.4)
LANDMARKS = ((20.0, 15.0), (40.0, 15.0), (30.0, 25.0), (22.0, 35.0), (38.0, 35.0))
FACES = tuple(
    Face(
        Box(10.0, 5.0, 50.0, 45.0),
        0.9,
        PROBABILITIES,
        Emotion.from_probabilities(PROBABILITIES),
        landmarks=landmarks,
    )
    for landmarks in (LANDMARKS, ())
)


class BrokenNodeError(Exception):
    """A node did what it must not, whatever it is given."""


class FacesEverywhere:
    """Stands in for EmotionPipeline: finds the same faces in every image, as fast as can be."""

    labels = LABELS
    model_name = "faces/everywhere"
    backend_name = "none"

    def process(self, image: NDArray[np.uint8], score_threshold: float) -> Result:
        return Result(FACES)


class Callbacks:
    """Nodes of this process, whose callbacks are called by hand; needs rclpy to be initialized."""

    def __init__(self) -> None:
        self._nodes = {name: self._answering(name) for name in ("raw", "compressed", "simulated")}
        self._requested = self._node("requested")
        self._listener = Node("listener")
        self._listener.create_subscription(PoseArray, "/raw/face_poses", print, 1)
        self._web = Node("web_view", cli_args=["--ros-args", "-r", "__ns:=/web"])
        options = FeedOptions("compressed", "auto", MAX_PIXELS, longest_side=32, quality=75)
        self._feed = CameraFeed(self._web, "", options, self._show)
        self._feed.watch(True)
        self._bridge = self._bridging()
        self._shown = 0
        self._numbers = itertools.count()

    def close(self) -> None:
        """Destroys the nodes."""
        self._feed.watch(False)
        for node in (*self._nodes.values(), self._requested):
            node.close()
        for node in filter(None, (self._web, self._listener, self._bridge)):
            node.destroy_node()

    @property
    def has_bridge(self) -> bool:
        """Whether hri_bridge is among the nodes, which needs hri_msgs."""
        return self._bridge is not None

    def image(self, message: Message, transport: str) -> str:
        """An image for emotion_node: what became of it."""
        node = self._nodes[transport]
        before = node.counts
        info = {
            "publication_sequence_number": next(self._numbers),
            "publisher_gid": {"data": b"camera"},
        }
        subscription_of(node, type(message)).callback(message, info)
        counts = wait_for(lambda: counted(node, before.received))
        if counts.failed > before.failed:
            raise BrokenNodeError("the image failed; the log has the traceback")
        return "answered" if counts.answered > before.answered else "rejected"

    def camera_info(self, message: Message, image: Message) -> str:
        """What the camera says of itself, then an image of it, for emotion_node's face_poses."""
        node = self._nodes["raw"]
        while find_subscription(node, type(message)) is None:
            call_timers(node)  # it finds out that somebody listens
        subscription_of(node, type(message)).callback(message)
        return self.image(image, "raw")

    def clock(self, message: Message) -> None:
        """A time for emotion_node."""
        node = self._nodes["simulated"]
        subscription_of(node, type(message)).callback(message)
        call_timers(node)

    def request(self, service: str, content: bytes) -> str:
        """A request to emotion_node as its bytes: what became of it."""
        found = self._service(service)
        try:
            request = deserialize_message(content, found.srv_type.Request)
        except Exception as error:
            return f"no message ({type(error).__name__})"
        outcome = survive(
            lambda: serialize_message(found.callback(request, found.srv_type.Response()))
        )
        state = self._service("get_state").callback(GetState.Request(), GetState.Response())
        if state.current_state.label == "finalized":
            self._requested.close()
            self._requested = self._node("requested")
        return outcome

    def answer(self, answer: Message, image: Message) -> str:
        """An image and an answer for web_view: whether they were shown together."""
        before = self._shown
        subscription_of(self._web, CompressedImage).callback(
            image, {"publication_sequence_number": None}
        )
        subscription_of(self._web, FaceEmotionArray).callback(answer)
        return "shown" if self._shown > before else "without its image"

    def bridge(self, answer: Message) -> None:
        """An answer for hri_bridge."""
        assert self._bridge
        subscription_of(self._bridge, FaceEmotionArray).callback(answer)
        call_timers(self._bridge)

    def diagnostics(self, message: Message) -> None:
        """A report of a node's health for web_view."""
        subscription_of(self._web, type(message)).callback(message)
        call_timers(self._web)

    def _show(self, update: Update | Status) -> None:
        update.message()
        self._shown += isinstance(update, Update)

    def _service(self, name: str) -> Found:
        return next(s for s in self._requested.services if s.srv_name.endswith(f"/{name}"))

    def _node(self, namespace: str) -> EmotionNode:
        return EmotionNode(f"/{namespace}", load_pipeline=lambda *_, **__: FacesEverywhere())

    def _bridging(self) -> Node | None:
        if not find_spec("hri_msgs"):
            return None
        from emotion_recognition.ros.hri_bridge.node import HriBridge

        bridge = HriBridge()
        bridge.start()
        return bridge

    def _answering(self, namespace: str) -> EmotionNode:
        node = self._node(namespace)
        node.start()
        return node


def start_rclpy() -> None:
    """Initializes rclpy with the parameters of the nodes here, and without logs."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(PARAMETERS)
        file.flush()
        quiet = [f"--disable-{where}-logs" for where in ("rosout", "external-lib")]
        rclpy.init(
            args=["--ros-args", "--params-file", file.name, *quiet],
            signal_handler_options=SignalHandlerOptions.NO,  # an interrupt is for who calls
        )


def survive(call: Callable[[], object]) -> str:
    """What became of a call; raises only what an error of this package has a part in."""
    try:
        outcome = call()
    except Exception as error:
        if isinstance(error, BrokenNodeError) or _is_ours(error):
            raise
        return f"refused by rclpy ({type(error).__name__})"
    return outcome if isinstance(outcome, str) else "taken"


def find_subscription(node: Node, kind: type) -> Found:
    """The node's subscription to messages of this type; None if it has none."""
    return next((item for item in node.subscriptions if item.msg_type is kind), None)


def subscription_of(node: Node, kind: type) -> Found:
    """The same, where there must be one."""
    found = find_subscription(node, kind)
    if found is None:
        raise BrokenNodeError(f"{node.get_name()} has no subscription to {kind}")
    return found


def call_timers(node: Node) -> None:
    """Calls the callbacks of a node's timers, whether it is time or not."""
    for timer in list(node.timers):
        timer.callback()


def counted(node: EmotionNode, before: int) -> Found:
    """The node's counts, once one image more than before has been dealt with; None until then."""
    counts = node.counts
    done = counts.answered + counts.rejected + counts.failed + counts.outdated
    return counts if done > before else None


def wait_for(look: Callable[[], Found]) -> Found:
    """What `look` finds in the end; raises BrokenNodeError."""
    deadline = monotonic() + TIMEOUT
    while (found := look()) is None:
        if monotonic() > deadline:
            raise BrokenNodeError(f"not done after {TIMEOUT:g} s")
        sleep(0)
    return found
