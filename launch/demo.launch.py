"""video_source and emotion_node: a video, an image, a folder or a webcam instead of a camera."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from emotion_recognition.ros.launch_parameters import parameters_from_arguments

ARGUMENTS = {
    "source": ("", "A video, an image, a folder or a webcam's number; empty: a photograph."),
    "rate": ("", "Images per second; empty: the source's own."),
    "loop": ("", "Start again at the end, true or false; empty: the node's default."),
}
SHARED = str(Path(__file__).with_name("emotion_recognition.launch.py"))


def video_source(context: LaunchContext) -> list[Node]:
    return [
        Node(
            package="emotion_recognition",
            executable="video_source",
            namespace=LaunchConfiguration("namespace"),
            parameters=parameters_from_arguments(context, source=str, rate=float, loop=bool),
            remappings=[("image_raw", LaunchConfiguration("image_topic"))],
            output="screen",
        )
    ]


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription(
        [*arguments, IncludeLaunchDescription(SHARED), OpaqueFunction(function=video_source)]
    )
