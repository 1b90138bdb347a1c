"""A USB camera (usb_cam) and emotion_node."""

from launch import LaunchContext, LaunchDescription
from launch_ros.actions import Node

from emotion_recognition.ros.launch_files.arguments import number, require, text, whole_number
from emotion_recognition.ros.launch_files.parts import (
    camera_driver,
    is_true,
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
    "frame_id": ("", "frame_id of the images; empty: usb_cam's default."),
    "image_topic": ("image_raw", "Topic from the camera to emotion_node."),
}


def camera_node(context: LaunchContext) -> list[Node]:
    if not is_true(context, "use_camera"):
        return []
    require("usb_cam", "usb_cam_node_exe", "start a camera yourself and say use_camera:=false")
    parameters = parameters_from_arguments(
        context,
        video_device=text,
        image_width=whole_number,
        image_height=whole_number,
        pixel_format=text,
        framerate=number,
        frame_id=text,
    )
    return [camera_driver(context, "usb_cam", "usb_cam_node_exe", parameters)]


def generate_launch_description() -> LaunchDescription:
    return with_emotion_node(ARGUMENTS, camera_node)
