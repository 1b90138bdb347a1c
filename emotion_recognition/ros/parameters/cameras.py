"""The parameter `cameras` of the nodes that serve several of them."""

from __future__ import annotations

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.exceptions import InvalidNamespaceException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.validate_namespace import validate_namespace

from emotion_recognition.ros.process.errors import NodeError


def declare_cameras(node: Node, required: bool) -> list[str]:
    """Declares it and returns the cameras' namespaces below the node's own, without slashes.

    required: whether there must be one at least. Raises NodeError.
    """
    descriptor = ParameterDescriptor(
        description="Namespaces of the cameras, such as [left, right].", read_only=True
    )
    declared = node.declare_parameter("cameras", Parameter.Type.STRING_ARRAY, descriptor)
    names = [camera.strip("/") for camera in declared.value or ()]
    if (
        (not names and required)
        or not all(map(_is_namespace, names))
        or len(set(names)) < len(names)
    ):
        raise NodeError(
            f"parameter 'cameras' is {declared.value or 'not set'}; expected the namespaces of "
            "the cameras, each once, such as [left, right]"
        )
    return names


def _is_namespace(name: str) -> bool:
    try:
        return bool(name) and validate_namespace(f"/{name}")
    except InvalidNamespaceException:
        return False
