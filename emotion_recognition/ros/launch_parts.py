"""What the files in launch/ share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue

#: Launch arguments by name: (default, description).
Arguments = Mapping[str, tuple[str, str]]
Parameters = list[ParameterFile | dict[str, ParameterValue]]


def declare_arguments(arguments: Arguments) -> list[DeclareLaunchArgument]:
    """The actions that declare launch arguments."""
    return [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in arguments.items()
    ]


def with_emotion_node(
    launch_file: str,
    arguments: Arguments,
    camera: Callable[[LaunchContext], list[Node]],
    condition: IfCondition | None = None,
) -> LaunchDescription:
    """emotion_node and where its images come from.

    launch_file: path of the file that asks; emotion_recognition.launch.py lies beside it. camera:
    makes the node that publishes the images, started under the condition, if any.
    """
    shared = str(Path(launch_file).with_name("emotion_recognition.launch.py"))
    return LaunchDescription(
        [
            *declare_arguments(arguments),
            IncludeLaunchDescription(shared),
            OpaqueFunction(function=camera, condition=condition),
        ]
    )


def image_node(
    package: str,
    executable: str,
    parameters: Parameters,
    topic: str = "image_raw",
    name: str | None = None,
) -> Node:
    """A node that publishes or takes images on image_topic, in the namespace of the launch.

    topic: what the node itself calls its images. name: None for the node's own.
    """
    return Node(
        package=package,
        executable=executable,
        name=name,
        namespace=LaunchConfiguration("namespace"),
        parameters=parameters,
        remappings=[(topic, LaunchConfiguration("image_topic"))],
        output="screen",
    )


def parameters_from_arguments(context: LaunchContext, **types: type | None) -> Parameters:
    """What `launch_ros.actions.Node` takes as `parameters`: the params_file, then single values.

    types: the names of launch arguments that set the parameter of that name, each with the
    parameter's type, or None for the type that the value has in YAML. An empty argument leaves its
    parameter alone, so that defaults stand in one place only: the node.
    """
    given = {name: value for name, value in context.launch_configurations.items() if value}
    file = given.get("params_file")
    return [
        *([ParameterFile(file)] if file else []),
        {
            name: ParameterValue(LaunchConfiguration(name), value_type=value_type)
            for name, value_type in types.items()
            if name in given
        },
    ]
