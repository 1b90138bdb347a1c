"""What the files in launch/ share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_package_share_directory
from launch import Action, LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue

from emotion_recognition.ros.transport import profile_environment

#: Launch arguments by name: (default, description). One whose default is None must be given.
Arguments = Mapping[str, tuple[str | None, str]]
Parameters = list[ParameterFile | dict[str, Any]]

#: Those of every launch file.
SHARED_ARGUMENTS = {
    "namespace": ("", "Namespace of the nodes; the emotions are on /<namespace>/emotions."),
    "params_file": ("", "YAML file of parameters, or pi3, pi4, pi5; empty: the nodes' defaults."),
    "image_topic": ("image_raw", "Topic of the images (sensor_msgs/Image)."),
    "image_transport": ("", "raw or compressed (JPEG, PNG); empty: as in params_file."),
    "backend": ("", "Inference: auto, onnxruntime, torch or opencv; empty: as in params_file."),
    "autostart": ("", "false: wait for `ros2 lifecycle set`; empty: configure and activate."),
    "publish_annotated_image": ("", "true: offer the picture to all; empty: as in params_file."),
}


def describe(arguments: Arguments, *actions: Action) -> LaunchDescription:
    """The launch file's own arguments and the shared ones, the transport, and its actions."""
    # Whole images need more shared memory than Fast DDS has by default.
    profile = _config_folder() / "fastdds.xml"
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=default, description=description)
                for name, (default, description) in {**SHARED_ARGUMENTS, **arguments}.items()
            ),
            *(
                SetEnvironmentVariable(name, value)
                for name, value in profile_environment(profile).items()
            ),
            *actions,
        ]
    )


def with_emotion_node(
    arguments: Arguments,
    camera: Callable[[LaunchContext], list[Node]],
    condition: IfCondition | None = None,
) -> LaunchDescription:
    """emotion_node and where its images come from.

    camera: makes the node that publishes the images, started under the condition, if any.
    """
    return describe(
        arguments,
        OpaqueFunction(function=lambda context: [emotion_node(context)]),
        OpaqueFunction(function=camera, condition=condition),
    )


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
        context, backend=str, image_transport=str, autostart=bool, publish_annotated_image=bool
    )
    return image_node(
        "emotion_recognition", executable, [*shared, dict(parameters or {})], namespace=camera
    )


def image_node(
    package: str,
    executable: str,
    parameters: Parameters,
    topic: str = "image_raw",
    name: str | None = None,
    namespace: str = "",
) -> Node:
    """A node that publishes or takes images on image_topic, in the namespace of the launch.

    topic: what the node itself calls its images. name: None for the node's own. namespace: of the
    node below that of the launch.
    """
    image_topic = LaunchConfiguration("image_topic")
    return Node(
        package=package,
        executable=executable,
        name=name,
        namespace=[LaunchConfiguration("namespace"), f"/{namespace}" if namespace else ""],
        parameters=parameters,
        remappings=[(topic, image_topic), (f"{topic}/compressed", [image_topic, "/compressed"])],
        output="screen",
    )


def parameters_from_arguments(context: LaunchContext, **types: type | None) -> Parameters:
    """What `launch_ros.actions.Node` takes as `parameters`: the params_file, then single values.

    types: the names of launch arguments that set the parameter of that name, each with the
    parameter's type, or None for the type that the value has in YAML. An empty argument leaves its
    parameter alone, so that defaults stand in one place only: the node.

    Raises FileNotFoundError if the params_file is neither a file nor the name of a packaged one.
    """
    given = {name: value for name, value in context.launch_configurations.items() if value}
    return [
        *([ParameterFile(_params_file(given["params_file"]))] if "params_file" in given else []),
        {
            name: ParameterValue(LaunchConfiguration(name), value_type=value_type)
            for name, value_type in types.items()
            if name in given
        },
    ]


def is_true(context: LaunchContext, name: str) -> bool:
    """The value of a launch argument that is true or false."""
    return bool(IfCondition(LaunchConfiguration(name)).evaluate(context))


def _params_file(name: str) -> str:
    """The path of a file of parameters, which may be one of config/ without its `.yaml`."""
    packaged = {path.stem: path for path in _config_folder().glob("*.yaml")}
    path = Path(name).expanduser()
    if not path.is_file() and name not in packaged:
        raise FileNotFoundError(
            f"params_file:={name}: no such file; expected the path of a YAML file, or one of "
            f"{', '.join(sorted(packaged))}"
        )
    return str(path if path.is_file() else packaged[name])


def _config_folder() -> Path:
    return Path(get_package_share_directory("emotion_recognition")) / "config"
