"""emotion_node for each of several cameras, all in one process or each in its own."""

from launch import LaunchContext, LaunchDescription
from launch_ros.actions import Node

from emotion_recognition.ros.launch_files.arguments import namespaces
from emotion_recognition.ros.launch_files.parts import describe, emotion_node, is_true

ARGUMENTS = {
    "cameras": (None, "Namespaces of the cameras, such as left,right."),
    "one_process": ("true", "Share the models; false: a process for each camera."),
}


def cameras_of(context: LaunchContext) -> list[str]:
    return namespaces("cameras", context.launch_configurations["cameras"])


def emotion_nodes(context: LaunchContext) -> list[Node]:
    cameras = cameras_of(context)
    if is_true(context, "one_process"):
        return [emotion_node(context, "multi_camera_node", parameters={"cameras": cameras})]
    return [emotion_node(context, camera=camera) for camera in cameras]


def generate_launch_description() -> LaunchDescription:
    return describe(ARGUMENTS, emotion_nodes, cameras_of)
