"""video_source and emotion_node: a video, an image, a folder or a webcam instead of a camera."""

from launch import LaunchContext, LaunchDescription
from launch_ros.actions import Node

from emotion_recognition.ros.launch_files.arguments import boolean, number, text
from emotion_recognition.ros.launch_files.parts import (
    image_node,
    parameters_from_arguments,
    with_emotion_node,
)

ARGUMENTS = {
    "source": ("", "A video, an image, a folder or a webcam's number; empty: a photograph."),
    "rate": ("", "Images per second; empty: the source's own."),
    "loop": ("", "Start again at the end, true or false; empty: the node's default."),
    "frame_id": ("", "frame_id of the images; empty: the node's default."),
}


def video_source(context: LaunchContext) -> list[Node]:
    parameters = parameters_from_arguments(
        context, source=text, rate=number, loop=boolean, frame_id=text
    )
    return [image_node(context, "emotion_recognition", "video_source", parameters)]


def generate_launch_description() -> LaunchDescription:
    return with_emotion_node(ARGUMENTS, video_source)
