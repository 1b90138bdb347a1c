"""A Raspberry Pi camera (camera_ros) and emotion_node."""

from launch import LaunchContext, LaunchDescription
from launch_ros.actions import Node

from emotion_recognition.ros.launch_files.arguments import (
    index_or_name,
    one_of,
    positive_number,
    require,
    sensor_mode,
    text,
    whole_number,
)
from emotion_recognition.ros.launch_files.parts import (
    camera_driver,
    is_true,
    parameters_from_arguments,
    with_emotion_node,
)

ARGUMENTS = {
    "use_camera": ("true", "Start the camera; false: something else publishes the image_topic."),
    "camera": ("", "Index or name of the camera; empty: the first."),
    "width": ("640", "Width of the images in pixels."),
    "height": ("480", "Height of the images in pixels."),
    "format": ("", "Pixel format, such as RGB888 or YUYV; empty: the camera's choice."),
    "sensor_mode": (
        "",
        "Raw mode of the sensor, width:height, such as 1640:1232 for all that a Camera Module 2 "
        "sees; empty: the camera's choice, which may be a section of that.",
    ),
    "fps": ("", "Images per second; empty: the camera's choice."),
    "orientation": ("", "Turns the images: 0, 90, 180 or 270 degrees; empty: not."),
    "frame_id": ("", "frame_id of the images; empty: the camera's default."),
    "image_topic": ("camera/image_raw", "Topic from the camera to emotion_node."),
}


def camera_node(context: LaunchContext) -> list[Node]:
    if not is_true(context, "use_camera"):
        return []
    require("camera_ros", "camera_node", "start a camera yourself and say use_camera:=false")
    parameters = parameters_from_arguments(
        context,
        camera=index_or_name,
        width=whole_number,
        height=whole_number,
        format=text,
        sensor_mode=sensor_mode,
        orientation=one_of(0, 90, 180, 270),
        frame_id=text,
    )
    if fps := context.launch_configurations["fps"]:
        duration = round(1e6 / positive_number("fps", fps))  # microseconds
        parameters.append({"FrameDurationLimits": [duration, duration]})
    return [camera_driver(context, "camera_ros", "camera_node", parameters, "~/")]


def generate_launch_description() -> LaunchDescription:
    return with_emotion_node(ARGUMENTS, camera_node)
