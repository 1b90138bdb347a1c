"""Declares parameters with their description, the allowed values, and whether they can change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from emotion_recognition.ros.process.errors import NodeError

Value = TypeVar("Value", bool, int, float, str)


def declare(
    node: Node,
    name: str,
    default: Value,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    step: int = 0,
    choices: Sequence[str] = (),
    read_only: bool = True,
    any_type: bool = False,
) -> Value:
    """Declares a parameter and returns its value; a whole number is as good as one with a point.

    minimum and maximum: both or neither. step: of a whole number, from the minimum on. choices: the
    only texts allowed, if any. read_only: it is read at the start, and says so. any_type: other
    types are taken as their text (`source: 0`).

    Raises rclpy.exceptions.ParameterException for a value of the wrong type or out of range, and
    NodeError for one that is not among the choices.
    """
    descriptor = ParameterDescriptor(
        description=description, read_only=read_only, dynamic_typing=any_type
    )
    if minimum is not None and maximum is not None:
        if isinstance(default, float):
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(minimum), to_value=float(maximum))
            ]
        else:
            descriptor.integer_range = [
                IntegerRange(from_value=int(minimum), to_value=int(maximum), step=step)
            ]
    constraints = [f"one of: {', '.join(choices)}"] if choices else []
    if read_only:
        constraints.append("read at the start: to change it, start the node anew")
    descriptor.additional_constraints = "; ".join(constraints)
    whole = _given_whole_number(node, name) if isinstance(default, float) else None
    value: Value = (
        node.declare_parameter(name, default, descriptor)
        if whole is None
        else node.declare_parameter(name, float(whole), descriptor, ignore_override=True)
    ).value
    if any_type:
        value = type(default)(value)
    if choices and value not in choices:
        raise NodeError(f"parameter '{name}' is '{value}'; expected {constraints[0]}")
    return value


def with_points(parameters: Sequence[Parameter], names: Collection[str]) -> list[Parameter]:
    """The same parameters; of those with these names, whole numbers get a point.

    YAML and the command line write 5 for 5.0, which rclpy takes for another type.
    """
    return [
        Parameter(parameter.name, value=float(parameter.value))
        if parameter.name in names and parameter.type_ == Parameter.Type.INTEGER
        else parameter
        for parameter in parameters
    ]


def _given_whole_number(node: Node, name: str) -> int | None:
    """What the node was given for a parameter at its start, if that is a whole number."""
    # rclpy keeps what it was given to itself; without declaring, there is no other way to see it.
    given = getattr(node, "_parameter_overrides", {}).get(name)
    return given.value if given and given.type_ == Parameter.Type.INTEGER else None
