"""A Raspberry Pi camera (camera_ros) and emotion_node."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from emotion_recognition.ros.launch_parameters import parameters_from_arguments

ARGUMENTS = {
    "use_camera": ("true", "Start the camera; false: something else publishes the image_topic."),
    "camera": ("", "Index or name of the camera; empty: the first."),
    "width": ("640", "Width of the images in pixels."),
    "height": ("480", "Height of the images in pixels."),
    "format": ("", "Pixel format, such as RGB888 or YUYV; empty: the camera's choice."),
    "fps": ("", "Images per second; empty: the camera's choice."),
    "orientation": ("", "Turns the images: 0, 90, 180 or 270 degrees; empty: not."),
    "image_topic": ("camera/image_raw", "Topic from the camera to emotion_node."),
}
SHARED = str(Path(__file__).with_name("emotion_recognition.launch.py"))


def camera_node(context: LaunchContext) -> list[Node]:
    parameters = parameters_from_arguments(
        context, camera=None, width=int, height=int, format=str, orientation=int
    )
    if fps := context.launch_configurations["fps"]:
        duration = round(1e6 / float(fps))  # microseconds
        parameters.append({"FrameDurationLimits": [duration, duration]})
    return [
        Node(
            package="camera_ros",
            executable="camera_node",
            name="camera",
            namespace=LaunchConfiguration("namespace"),
            parameters=parameters,
            remappings=[("~/image_raw", LaunchConfiguration("image_topic"))],
            output="screen",
        )
    ]


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    camera = OpaqueFunction(
        function=camera_node, condition=IfCondition(LaunchConfiguration("use_camera"))
    )
    return LaunchDescription([*arguments, IncludeLaunchDescription(SHARED), camera])
