"""Mutants of parameter files, as nodes are started with."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from conftest import ROOT
from rclpy.exceptions import NameValidationException, ParameterException
from rclpy.node import Node

from emotion_recognition.ros.emotion_node.parameters import (
    PARAMETER_NAMES,
    SettingsParameters,
    declare_start_parameters,
)
from emotion_recognition.ros.parameters.qos_overrides import check_qos_overrides
from emotion_recognition.ros.parameters.unknown_parameters import warn_of_unknown_parameters
from emotion_recognition.ros.process.errors import NodeError

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from mutant_models import mutate_json
from mutation import mutate_parts

FILES = [file.read_bytes() for file in sorted((ROOT / "config").glob("*.yaml"))]
REFUSALS = (NodeError, ParameterException, NameValidationException)
ODD_LINES = (
    b"\t",
    b"&a [*a]",
    b"*a",
    b"? [a]",
    b"--- {}",
    b"    max_rate: [1, a]",
    b"    max_rate: 0x7fffffffffffffffffff",
    b"    max_rate: !!binary aaaa",
    b"    qos_overrides./emotions.publisher.reliability: surely",
    b"    classifier: " + b"x" * 100_000,
    b"    a" + b".a" * 1000 + b": 1",
    b"  " * 2000 + b"a: 1",
    b"    \xff\xfe: \xff",
    b"/**/emotion_node:",
    b"  ros__parameters:",
)


def mutant_file(chance: random.Random) -> bytes:
    """The values of a file that is shipped changed, or its lines."""
    content = chance.choice(FILES)
    if chance.random() < 0.5:
        value: Any = mutate_json(yaml.safe_load(content), chance)
        content = yaml.safe_dump(value, allow_unicode=True).encode(errors="surrogatepass")
    lines = content.split(b"\n")
    if chance.random() < 0.5:
        lines = mutate_parts(lines, chance)
    for _ in range(chance.choice((0, 0, 1, 3))):
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(ODD_LINES))
    return b"\n".join(lines)


class ParameterFiles:
    """Starts what of emotion_node reads parameters, with one file after the other."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mutant_parameters_")
        self._file = Path(self._folder.name, "parameters.yaml")

    def start_with(self, content: bytes) -> str:
        """What became of it. Raises what a node reports in one line: REFUSALS."""
        self._file.write_bytes(content)
        arguments = ["--ros-args", "--params-file", str(self._file)]
        try:
            node = Node("emotion_node", cli_args=arguments, enable_rosout=False)
        except RuntimeError as error:  # of rcl, which reads the file
            return f"refused by rcl ({type(error).__name__})"
        try:
            check_qos_overrides(node)
            SettingsParameters(node, declare_start_parameters(node), lambda settings: None)
            warn_of_unknown_parameters(node, PARAMETER_NAMES)
        finally:
            node.destroy_node()
        return "starts"
