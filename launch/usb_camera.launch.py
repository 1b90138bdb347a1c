"""A USB camera (usb_cam) and emotion_node."""

from launch import LaunchContext, LaunchDescription
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from emotion_recognition.ros.launch_parts import (
    image_node,
    parameters_from_arguments,
    with_emotion_node,
)

ARGUMENTS = {
    "use_camera": ("true", "Start the camera; false: something else publishes the image_topic."),
    "video_device": ("", "Device file of the camera; empty: /dev/video0."),
    "image_width": ("640", "Width of the images in pixels."),
    "image_height": ("480", "Height of the images in pixels."),
    "pixel_format": ("", "Pixel format, such as yuyv or mjpeg2rgb; empty: usb_cam's choice."),
    "framerate": ("", "Images per second; empty: usb_cam's choice."),
    "image_topic": ("image_raw", "Topic from the camera to emotion_node."),
}


def camera_node(context: LaunchContext) -> list[Node]:
    parameters = parameters_from_arguments(
        context,
        video_device=str,
        image_width=int,
        image_height=int,
        pixel_format=str,
        framerate=float,
    )
    return [image_node("usb_cam", "usb_cam_node_exe", parameters, name="camera")]


def generate_launch_description() -> LaunchDescription:
    condition = IfCondition(LaunchConfiguration("use_camera"))
    return with_emotion_node(ARGUMENTS, camera_node, condition)
