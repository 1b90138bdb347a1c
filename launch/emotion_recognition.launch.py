"""emotion_node alone, for an image stream that something else publishes."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction, SetEnvironmentVariable
from launch_ros.actions import Node

from emotion_recognition.ros.launch_parts import (
    declare_arguments,
    image_node,
    parameters_from_arguments,
)
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
    parameters = parameters_from_arguments(context, backend=str, autostart=bool)
    return [image_node("emotion_recognition", "emotion_node", parameters)]


def generate_launch_description() -> LaunchDescription:
    # Whole images need more shared memory than Fast DDS has by default.
    transport = [
        SetEnvironmentVariable(name, value)
        for name, value in profile_environment(TRANSPORT_PROFILE).items()
    ]
    return LaunchDescription(
        [*declare_arguments(ARGUMENTS), *transport, OpaqueFunction(function=emotion_node)]
    )
