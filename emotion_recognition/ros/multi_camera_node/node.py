"""The node `multi_camera_node`: an emotion_node for each of several cameras, in one process."""

from __future__ import annotations

from time import monotonic
from typing import Any
from weakref import WeakValueDictionary

from rclpy.node import Node
from rclpy.task import Future

from emotion_recognition import EmotionPipeline
from emotion_recognition.ros.diagnostics.name_watch import NameWatch
from emotion_recognition.ros.emotion_node.node import CLOSING_TIMEOUT, EmotionNode
from emotion_recognition.ros.parameters.cameras import declare_cameras
from emotion_recognition.ros.parameters.unknown_parameters import warn_of_unknown_parameters


class MultiCameraNode(Node):
    """Runs `NAMESPACE/CAMERA/emotion_node` for every camera; they share models and threads.

    Each is a managed node with parameters of its own, as in a process of its own. NAMESPACE is that
    of this node. Raises NodeError for parameters that cannot be used.
    """

    def __init__(self) -> None:
        super().__init__("multi_camera_node")
        self.finished = Future()
        models = SharedModels()
        self._cameras: list[EmotionNode] = []
        try:
            for camera in declare_cameras(self, required=True):
                namespace = f"{self.get_namespace().rstrip('/')}/{camera}"
                self._cameras.append(EmotionNode(namespace, models.load, {"cameras"}))
            self._names = NameWatch(self)
            # Parameters without the name of a node are given to all, and those are the cameras'.
            theirs = self._cameras[0].list_parameters([], 0).names
            warn_of_unknown_parameters(self, theirs)
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Configures and activates the nodes, unless that is left to others."""
        for camera in self._cameras:
            camera.start()
            assert self.executor
            self.executor.add_node(camera)

    def close(self) -> None:
        """Stops the work and destroys the nodes."""
        deadline = monotonic() + CLOSING_TIMEOUT
        for camera in self._cameras:
            camera.stop_work(0)  # they end together, not one after another
        for camera in self._cameras:
            camera.close(max(0.0, deadline - monotonic()))
        self.destroy_node()


class SharedModels:
    """Gives nodes with the same models on the same backend the same pipeline, while one uses it."""

    def __init__(self) -> None:
        self._pipelines: WeakValueDictionary[tuple[Any, ...], EmotionPipeline] = (
            WeakValueDictionary()
        )

    def load(
        self,
        detector: str,
        classifier: str,
        backend: str,
        *,
        threads: int,
        input_width: int | None = None,
    ) -> EmotionPipeline:
        """As EmotionPipeline."""
        key = detector, classifier, backend, threads, input_width
        pipeline = self._pipelines.get(key)
        if pipeline is None:
            pipeline = EmotionPipeline(
                detector, classifier, backend, threads=threads, input_width=input_width
            )
            self._pipelines[key] = pipeline
        return pipeline
