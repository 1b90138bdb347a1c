"""Node parameters from launch arguments, for the files in launch/."""

from __future__ import annotations

from launch import LaunchContext
from launch.substitutions import LaunchConfiguration
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue


def parameters_from_arguments(
    context: LaunchContext, **types: type | None
) -> list[ParameterFile | dict[str, ParameterValue]]:
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
