"""The parameters of `emotion_node`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from emotion_recognition.core.arrays import MOST_THREADS
from emotion_recognition.core.detectors import INPUT_WIDTHS, chosen_width
from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.manifest import (
    DEFAULT_CLASSIFIER,
    DEFAULT_DETECTOR,
    read_manifest,
)
from emotion_recognition.ros.parameters.declaration import declare, with_points
from emotion_recognition.ros.parameters.image_limit import declare_max_megapixels
from emotion_recognition.ros.parameters.settings import SETTINGS, Settings
from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.stream.image_subscription import IMAGE_TRANSPORTS, RELIABILITIES


@dataclass(frozen=True)
class StartParameters:
    """The parameters that are read at the start. input_width: None for the detector's own."""

    detector: str
    classifier: str
    backend: str
    threads: int
    input_width: int | None
    image_transport: str
    reliability: str
    max_megapixels: float
    autostart: bool
    publish_annotated_image: bool

    @property
    def max_pixels(self) -> int:
        """Pixels of an image at most."""
        return round(1e6 * self.max_megapixels)


#: All parameters of emotion_node. Other nodes are given them too by a file for `/**`, as those in
#: config/ are: the one key that reaches nodes in every namespace and that `ros2 param load` knows.
PARAMETER_NAMES = frozenset({*(field.name for field in fields(StartParameters)), *SETTINGS})


def declare_start_parameters(node: Node) -> StartParameters:
    """Raises NodeError and rclpy's ParameterException for values that cannot be used."""
    return StartParameters(
        detector=declare(node, "detector", DEFAULT_DETECTOR, "Name of the packaged face detector."),
        classifier=declare(
            node, "classifier", DEFAULT_CLASSIFIER, "Name of the packaged classifier."
        ),
        backend=declare(
            node,
            "backend",
            "auto",
            "What runs the models: onnxruntime, ncnn, torch or opencv; auto takes the first "
            "installed, in an order that depends on the processor.",
        ),
        threads=declare(
            node,
            "threads",
            0,
            "Threads of one inference; 0 leaves the choice to the backend.",
            minimum=0,
            maximum=MOST_THREADS,
        ),
        input_width=declare(
            node,
            "input_width",
            0,
            f"Pixels to which the detector scales the longer side of an image, {INPUT_WIDTHS[0]} "
            f"to {INPUT_WIDTHS[-1]}: more of them find smaller faces and take longer. 0: the "
            "detector's own. Not for a detector with an input of fixed size, such as paper.",
            minimum=0,
            maximum=INPUT_WIDTHS[-1],
            step=INPUT_WIDTHS.step,
        )
        or None,
        image_transport=declare(
            node,
            "image_transport",
            "raw",
            "Which images to subscribe to. raw: image_raw. compressed: image_raw/compressed, JPEG "
            "or PNG.",
            choices=tuple(IMAGE_TRANSPORTS),
        ),
        reliability=declare(
            node,
            "reliability",
            "auto",
            "Quality of service of the image subscription. auto: reliable, as camera drivers offer "
            "it, until a publisher turns up that offers best effort only; best effort hears both.",
            choices=RELIABILITIES,
        ),
        max_megapixels=declare_max_megapixels(node),
        autostart=declare(
            node,
            "autostart",
            True,
            "Configure and activate the node by itself; otherwise that is left to others, such as "
            "`ros2 lifecycle set`.",
        ),
        publish_annotated_image=declare(
            node,
            "publish_annotated_image",
            False,
            "Offer annotated_image and its compressed form, which show what the camera shows to "
            "whoever subscribes; otherwise no picture goes out.",
        ),
    )


class SettingsParameters:
    """The parameters that can be changed while the node runs, kept valid as a whole.

    A change of several at once (set_parameters_atomically) is accepted or refused as one. changed:
    called with the new settings. Raises NodeError for names of models that do not exist, an input
    width that the detector cannot take, and values that cannot be used.
    """

    def __init__(
        self, node: Node, models: StartParameters, changed: Callable[[Settings], None]
    ) -> None:
        self._node = node
        self._changed = changed
        defaults = _defaults(models)
        for name, default in defaults.items():
            setting = SETTINGS[name]
            declare(
                node,
                name,
                default,
                setting.description,
                minimum=setting.minimum,
                maximum=setting.maximum,
                read_only=False,
            )
        try:
            self.current = self._settings()
        except ValueError as error:
            raise NodeError(f"parameter {error}") from error
        floats = [name for name, default in defaults.items() if isinstance(default, float)]
        node.add_pre_set_parameters_callback(lambda given: with_points(given, floats))
        node.add_on_set_parameters_callback(self._check)
        node.add_post_set_parameters_callback(self._apply)

    def _settings(self, changes: tuple[Parameter, ...] = ()) -> Settings:
        values: dict[str, Any] = {name: self._node.get_parameter(name).value for name in SETTINGS}
        values |= {parameter.name: parameter.value for parameter in changes}
        return Settings.from_parameters(values)

    def _check(self, parameters: list[Parameter]) -> SetParametersResult:
        try:
            self._settings(tuple(parameters))
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _apply(self, parameters: list[Parameter]) -> None:
        changes = [f"{p.name} is now {p.value}" for p in parameters if p.name in SETTINGS]
        if changes:
            self.current = self._settings()
            self._node.get_logger().info(", ".join(changes))
            self._changed(self.current)


def _defaults(models: StartParameters) -> dict[str, int | float]:
    """The default of every setting, where need be from the manifests of the models."""
    try:
        detector = read_manifest("detector", models.detector)
        classifier = read_manifest("classifier", models.classifier)
    except ModelError as error:
        raise NodeError(str(error)) from error
    try:
        chosen_width(detector, models.input_width)
    except ValueError as error:
        raise NodeError(f"parameter 'input_width': {error}") from error
    of_models = {
        "score_threshold": detector.settings["score_threshold"],
        "reject_threshold": classifier.settings.get("reject_threshold", 0.0),
    }
    return {
        name: of_models[name] if setting.default is None else setting.default
        for name, setting in SETTINGS.items()
    }
