"""A USB camera (usb_cam) and emotion_node."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from emotion_recognition.ros.launch_parameters import parameters_from_arguments

ARGUMENTS = {
    "use_camera": ("true", "Start the camera; false: something else publishes the image_topic."),
    "video_device": ("", "Device file of the camera; empty: /dev/video0."),
    "image_width": ("640", "Width of the images in pixels."),
    "image_height": ("480", "Height of the images in pixels."),
    "pixel_format": ("", "Pixel format, such as yuyv or mjpeg2rgb; empty: usb_cam's choice."),
    "framerate": ("", "Images per second; empty: usb_cam's choice."),
    "image_topic": ("image_raw", "Topic from the camera to emotion_node."),
}
SHARED = str(Path(__file__).with_name("emotion_recognition.launch.py"))


def camera_node(context: LaunchContext) -> list[Node]:
    return [
        Node(
            package="usb_cam",
            executable="usb_cam_node_exe",
            name="camera",
            namespace=LaunchConfiguration("namespace"),
            parameters=parameters_from_arguments(
                context,
                video_device=str,
                image_width=int,
                image_height=int,
                pixel_format=str,
                framerate=float,
            ),
            remappings=[("image_raw", LaunchConfiguration("image_topic"))],
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
