"""What the files in launch/ share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import Action, LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.events.process import ProcessExited
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue

from emotion_recognition.core.manifest import model_names
from emotion_recognition.ros.launch_files.arguments import (
    ArgumentError,
    Parser,
    boolean,
    namespace,
    one_of,
    parameter_file,
    require,
    text,
    topic,
)
from emotion_recognition.ros.launch_files.transport import profile_environment
from emotion_recognition.ros.stream.image_subscription import IMAGE_TRANSPORTS

#: Launch arguments by name: (default, description). One whose default is None must be given.
Arguments = Mapping[str, tuple[str | None, str]]
Parameters = list[ParameterFile | dict[str, Any]]

#: Those of every launch file.
SHARED_ARGUMENTS = {
    "namespace": ("", "Namespace of the nodes; the emotions are on /<namespace>/emotions."),
    "params_file": ("", "YAML file of parameters, or pi3, pi4, pi5; empty: the nodes' defaults."),
    "detector": ("", "Name of the packaged face detector; empty: as in params_file."),
    "classifier": ("", "Name of the packaged classifier; empty: as in params_file."),
    "image_topic": ("image_raw", "Topic of the images (sensor_msgs/Image)."),
    "image_transport": ("", "raw or compressed (JPEG, PNG); empty: as in params_file."),
    "backend": (
        "",
        "Inference: auto, onnxruntime, ncnn, torch or opencv; empty: as in params_file.",
    ),
    "autostart": ("", "false: wait for `ros2 lifecycle set`; empty: configure and activate."),
    "publish_annotated_image": ("", "true: offer the picture to all; empty: as in params_file."),
    "web": ("false", "true: show the answers in a browser, at the address in the log."),
    "hri": ("false", "true: the topics of ROS4HRI as well (hri_bridge); not for several cameras."),
    "log_level": ("", "Of all nodes: debug, info, warn, error or fatal; empty: info."),
    "respawn": ("false", "true: a process that has ended starts again, and the launch goes on."),
}
LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")
CAMERA = "camera"  # the name of a camera's node
RESPAWN_DELAY = 2.0  # seconds from the end of a process to its next start


def describe(
    arguments: Arguments,
    start: Callable[[LaunchContext], list[Action]],
    cameras: Callable[[LaunchContext], list[str]] = lambda context: [],
    parameters: Mapping[str, object] | None = None,
) -> LaunchDescription:
    """The launch file's own arguments and the shared ones, and what is made of their values.

    start: returns everything that the launch starts, beside what shared arguments add. Whatever can
    fail must fail in it: of a process that was started before an error, in the same turn, launch
    does not know any more, and leaves it behind. cameras: returns their namespaces below that of
    the launch, if there are several. parameters: of what shared arguments add, more than they set.
    """
    declared = {**SHARED_ARGUMENTS, **arguments}
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=default, description=description)
                for name, (default, description) in declared.items()
            ),
            OpaqueFunction(
                function=lambda context: [
                    *with_defaults(context, declared),
                    *start(context),
                    *web_view(context, cameras(context), parameters),
                    *hri_bridge(context, cameras(context), parameters),
                ]
            ),
        ]
    )


def with_defaults(context: LaunchContext, arguments: Arguments) -> list[Action]:
    """Gives arguments that are empty their default, as if they had not been given."""
    given = context.launch_configurations
    for name, (default, _) in arguments.items():
        given[name] = given[name] or default or ""
    return []


def with_emotion_node(
    arguments: Arguments, camera: Callable[[LaunchContext], list[Action]]
) -> LaunchDescription:
    """emotion_node and where its images come from.

    camera: returns the node that publishes the images, if any.
    """
    return describe(arguments, lambda context: [*camera(context), emotion_node(context)])


def emotion_node(
    context: LaunchContext,
    executable: str = "emotion_node",
    camera: str = "",
    parameters: Mapping[str, object] | None = None,
) -> Node:
    """emotion_node, or another executable with the same parameters.

    camera: namespace of the node below that of the launch. parameters: more than the arguments set.
    """
    shared = parameters_from_arguments(
        context,
        detector=one_of(*model_names("detector")),
        classifier=one_of(*model_names("classifier")),
        backend=text,  # the node knows which there are and which are installed
        image_transport=one_of(*IMAGE_TRANSPORTS),
        autostart=boolean,
        publish_annotated_image=boolean,
    )
    return image_node(
        context,
        "emotion_recognition",
        executable,
        [*shared, dict(parameters or {})],
        camera=camera,
    )


def camera_driver(
    context: LaunchContext, package: str, executable: str, parameters: Parameters, folder: str = ""
) -> Node:
    """The driver of a camera: images on image_topic, camera_info beside them, as emotion_node asks.

    folder: of its own image_raw and camera_info, empty or ~/.
    """
    image_topic = topic("image_topic", context.launch_configurations["image_topic"])
    own = f"{folder}camera_info"
    beside = "".join(image_topic.rpartition("/")[:2]) + "camera_info"
    return image_node(
        context,
        package,
        executable,
        parameters,
        name=CAMERA,
        topics={f"{folder}image_raw": image_topic},
        remappings=[(own, beside)] if beside != own.replace("~", CAMERA) else [],
    )


def web_view(
    context: LaunchContext, cameras: list[str], parameters: Mapping[str, object] | None = None
) -> list[Node]:
    """web_view, if the argument `web` asks for it. cameras, parameters: as `describe` has them."""
    if not is_true(context, "web"):
        return []
    shared = parameters_from_arguments(context, image_transport=one_of(*IMAGE_TRANSPORTS))
    shared.append(dict(parameters or {}))
    if not cameras:
        return [image_node(context, "emotion_recognition", "web_view", shared)]
    image_topic = context.launch_configurations["image_topic"]
    topics = {f"{name}/image_raw": _below(name, image_topic) for name in cameras}
    return [
        image_node(
            context,
            "emotion_recognition",
            "web_view",
            [*shared, {"cameras": cameras}],
            topics=topics,
        )
    ]


def hri_bridge(
    context: LaunchContext, cameras: list[str], parameters: Mapping[str, object] | None = None
) -> list[Node]:
    """hri_bridge, if the argument `hri` asks for it. cameras, parameters: as for web_view."""
    if not is_true(context, "hri"):
        return []
    if cameras:
        expected = "false for several cameras, because a robot has its /humans once"
        raise ArgumentError("hri", context.launch_configurations["hri"], expected)
    require("hri_msgs")
    shared = parameters_from_arguments(context)
    shared.append(dict(parameters or {}))
    return [image_node(context, "emotion_recognition", "hri_bridge", shared)]


def _below(namespace: str, topic: str) -> str:
    return topic if topic.startswith("/") else f"{namespace}/{topic}"


def image_node(
    context: LaunchContext,
    package: str,
    executable: str,
    parameters: Parameters,
    name: str | None = None,
    camera: str = "",
    topics: Mapping[str, str] | None = None,
    remappings: Sequence[tuple[str, str]] = (),
) -> Node:
    """A node that publishes or takes images on image_topic, in the namespace of the launch.

    name: None for the node's own. camera: namespace of the node below that of the launch. topics:
    of images, as the node itself calls them, each with the one that it stands for; None: image_raw
    with image_topic. remappings: of other topics.
    """
    given = context.launch_configurations
    outer = namespace("namespace", given["namespace"])
    image_topics = topics or {"image_raw": topic("image_topic", given["image_topic"])}
    respawn = is_true(context, "respawn")
    level = given["log_level"]
    return Node(
        package=package,
        executable=executable,
        name=name,
        namespace="/".join(filter(None, (outer, camera))),
        parameters=parameters,
        remappings=[
            *(
                (f"{own}{form}", f"{there}{form}")
                for own, there in image_topics.items()
                for form in ("", "/compressed")
            ),
            *remappings,
        ],
        ros_arguments=["--log-level", one_of(*LOG_LEVELS)("log_level", level)] if level else [],
        output="screen",
        additional_env=transport_environment(),
        respawn=respawn,
        respawn_delay=RESPAWN_DELAY,
        on_exit=None if respawn else end_if_failed,
    )


def transport_environment() -> dict[str, str]:
    """For processes that send or take images: room for whole ones, which Fast DDS lacks."""
    return profile_environment(_config_folder() / "fastdds.xml")


def end_if_failed(event: ProcessExited, context: LaunchContext) -> None:
    """Ends the launch with exit code 1 when a process of it has failed, for `on_exit`.

    Raises RuntimeError, because a launch has no other way to an exit code than an error.
    """
    if event.returncode and not context.is_shutdown:
        raise RuntimeError(
            f"{event.process_name} ended with exit code {event.returncode}, and the launch with it"
        )


def parameters_from_arguments(context: LaunchContext, **parsers: Parser) -> Parameters:
    """What `launch_ros.actions.Node` takes as `parameters`: the params_file, then single values.

    parsers: the names of launch arguments that set the parameter of that name, each with what
    makes its value from text. An empty argument leaves its parameter alone, so that defaults stand
    in one place only: the node. Raises ArgumentError.
    """
    given = {name: value for name, value in context.launch_configurations.items() if value}
    packaged = {path.stem: path for path in _config_folder().glob("*.yaml")}
    values = {name: parse(name, given[name]) for name, parse in parsers.items() if name in given}
    return [
        *(
            [ParameterFile(str(parameter_file("params_file", given["params_file"], packaged)))]
            if "params_file" in given
            else []
        ),
        {
            # launch would take a text for YAML, and a source named 5 for a number.
            name: ParameterValue(value, value_type=str) if isinstance(value, str) else value
            for name, value in values.items()
        },
    ]


def is_true(context: LaunchContext, name: str) -> bool:
    """The value of a launch argument that is true or false. Raises ArgumentError."""
    return boolean(name, context.launch_configurations[name])


def _config_folder() -> Path:
    return Path(get_package_share_directory("emotion_recognition")) / "config"
