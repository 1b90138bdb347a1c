"""emotion_node alone, for an image stream that something else publishes."""

from launch import LaunchDescription

from emotion_recognition.ros.launch_files.parts import describe, emotion_node


def generate_launch_description() -> LaunchDescription:
    return describe({}, lambda context: [emotion_node(context)])
