"""emotion_node for each of several cameras, all in one process or each in its own."""

import re

from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from emotion_recognition.ros.launch_parts import describe, emotion_node, is_true

ARGUMENTS = {
    "cameras": (None, "Namespaces of the cameras, such as left,right."),
    "one_process": ("true", "Share the models; false: a process for each camera."),
}


def emotion_nodes(context: LaunchContext) -> list[Node]:
    given = context.launch_configurations["cameras"]
    cameras = re.findall(r"[\w/]+", given)
    if not cameras:
        raise ValueError(f"cameras:={given}: expected namespaces, such as cameras:=left,right")
    if is_true(context, "one_process"):
        return [emotion_node(context, "multi_camera_node", parameters={"cameras": cameras})]
    return [emotion_node(context, camera=camera) for camera in cameras]


def generate_launch_description() -> LaunchDescription:
    return describe(ARGUMENTS, OpaqueFunction(function=emotion_nodes))
