"""The values of launch arguments: what they must be is checked here, before anything is started.

A parser takes an argument's name and its text, and returns its value or raises ArgumentError.
Ranges that a node checks of its own parameters are not repeated here. Nothing here needs launch.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import PackageNotFoundError, get_package_prefix

Parser = Callable[[str, str], Any]

_TRUE, _FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
_NAMES = r"[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*"
_NAMESPACE = re.compile(f"/?{_NAMES}")
_TOPIC = re.compile(f"/?{_NAMES}")


class MissingPackageError(RuntimeError):
    """A package without which a launch file cannot do what was asked for."""


class ArgumentError(ValueError):
    """A launch argument that cannot be used; the message says what was expected."""

    def __init__(self, name: str, given: object, expected: str) -> None:
        super().__init__(f"{name}:={given}: expected {expected}")


def text(name: str, given: str) -> str:
    """Anything."""
    return given


def boolean(name: str, given: str) -> bool:
    """true or false, also as YAML and launch write them otherwise."""
    if given.lower() not in _TRUE | _FALSE:
        raise ArgumentError(name, given, "true or false")
    return given.lower() in _TRUE


def number(name: str, given: str) -> float:
    """A finite number."""
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentError(name, given, "a number")
    return value


def positive_number(name: str, given: str) -> float:
    """A finite number above 0."""
    try:
        value = number(name, given)
    except ArgumentError:
        value = 0.0
    if value <= 0:
        raise ArgumentError(name, given, "a number above 0")
    return value


def not_negative(name: str, given: str) -> float:
    """A finite number, 0 or above."""
    try:
        value = number(name, given)
    except ArgumentError:
        value = -1.0
    if value < 0:
        raise ArgumentError(name, given, "a number, 0 or above")
    return value


def whole_number(name: str, given: str) -> int:
    """0, 1, 2 and so on."""
    if not re.fullmatch("[0-9]{1,9}", given):
        raise ArgumentError(name, given, "a whole number")
    return int(given)


def one_of(*choices: int | str, because: str = "") -> Parser:
    """A parser for one of a few whole numbers or words. because: why there are no others."""
    reason = f", because {because}" if because else ""

    def parse(name: str, given: str) -> int | str:
        for choice in choices:
            if given == str(choice):
                return choice
        raise ArgumentError(name, given, f"one of {', '.join(map(str, choices))}{reason}")

    return parse


def sensor_mode(name: str, given: str) -> str:
    """Width and height in pixels, as camera_ros has them."""
    if not re.fullmatch("[0-9]{1,5}:[0-9]{1,5}", given):
        raise ArgumentError(name, given, "width:height in pixels, such as 1640:1232")
    return given


def index_or_name(name: str, given: str) -> int | str:
    """A whole number, or else a name."""
    return int(given) if re.fullmatch("[0-9]{1,9}", given) else given


def namespace(name: str, given: str) -> str:
    """Names with slashes between them; empty for none, as which / counts too."""
    if given == "/":
        return ""
    if given and not _NAMESPACE.fullmatch(given):
        raise ArgumentError(
            name, given, "a namespace of letters, digits, _ and /, such as robot or robot/head"
        )
    return given


def topic(name: str, given: str) -> str:
    """Names with slashes between them."""
    if not _TOPIC.fullmatch(given):
        raise ArgumentError(name, given, "a topic, such as image_raw or /camera/image_raw")
    return given


def namespaces(name: str, given: str) -> list[str]:
    """One or more different namespaces, between commas or spaces; brackets around them may be.

    They are below another one, so slashes at their ends mean nothing and go.
    """
    found = [item.strip("/") for item in re.split(r"[\s,]+", given.strip("[] ,"))]
    if not all(_NAMESPACE.fullmatch(item) for item in found) or len(set(found)) < len(found):
        raise ArgumentError(name, given, "different namespaces, such as left,right")
    return found


def _expanded(name: str, given: str) -> Path:
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise ArgumentError(name, given, "a path whose ~ is that of a user there is") from error


def existing_path(name: str, given: str) -> Path:
    """The path of a file or folder that is there."""
    path = _expanded(name, given)
    if not given or not path.exists():
        raise ArgumentError(name, given, "the path of a file or folder, there is none there")
    return path


def parameter_file(name: str, given: str, packaged: Mapping[str, Path]) -> Path:
    """The path of a YAML file with parameters. packaged: those that have a name for short."""
    path = _expanded(name, given)
    if not path.is_file():
        if given not in packaged:
            choices = ", ".join(sorted(packaged))
            raise ArgumentError(name, given, f"the path of a YAML file, or one of {choices}")
        path = packaged[given]
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ArgumentError(name, given, f"a readable YAML file, but {reason}") from error
    if not isinstance(content, dict):
        raise ArgumentError(name, given, "a YAML file with parameters by node, there are none")
    return path


def require(package: str, executable: str = "", otherwise: str = "") -> None:
    """Raises MissingPackageError unless a package is installed, and in it the executable, if any.

    otherwise: what else the user could do than install it.
    """
    distribution = os.environ.get("ROS_DISTRO", "$ROS_DISTRO")
    remedy = f"sudo apt install ros-{distribution}-{package.replace('_', '-')}"
    if otherwise:
        remedy += f", or {otherwise}"
    try:
        folder = Path(get_package_prefix(package)) / "lib" / package
    except PackageNotFoundError as error:
        raise MissingPackageError(f"the package {package} is not installed: {remedy}") from error
    if executable and not os.access(folder / executable, os.X_OK):
        raise MissingPackageError(f"there is no {executable} in {folder}: {remedy}")
