"""emotion_node alone, for an image stream that something else publishes."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from emotion_recognition.ros.launch_parameters import parameters_from_arguments
from emotion_recognition.ros.transport import profile_environment

ARGUMENTS = {
    "namespace": ("", "Namespace of the nodes; the emotions are on /<namespace>/emotions."),
    "params_file": ("", "YAML file with parameters of the nodes; empty: their defaults."),
    "image_topic": ("image_raw", "Topic of the images (sensor_msgs/Image)."),
    "backend": ("", "Inference: auto, onnxruntime, torch or opencv; empty: as in params_file."),
    "autostart": ("", "false: wait for `ros2 lifecycle set`; empty: configure and activate."),
}
TRANSPORT_PROFILE = Path(__file__).parent.parent / "config" / "fastdds.xml"


def emotion_node(context: LaunchContext) -> list[Node]:
    return [
        Node(
            package="emotion_recognition",
            executable="emotion_node",
            namespace=LaunchConfiguration("namespace"),
            parameters=parameters_from_arguments(context, backend=str, autostart=bool),
            remappings=[("image_raw", LaunchConfiguration("image_topic"))],
            output="screen",
        )
    ]


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    # Whole images need more shared memory than Fast DDS has by default.
    transport = [
        SetEnvironmentVariable(name, value)
        for name, value in profile_environment(TRANSPORT_PROFILE).items()
    ]
    return LaunchDescription([*arguments, *transport, OpaqueFunction(function=emotion_node)])
