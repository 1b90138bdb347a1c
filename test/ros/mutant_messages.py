"""Mutants of what comes to nodes over ROS: messages and requests.

The values of a message are exchanged for such as make no sense, and the bytes that it is sent as
(CDR) are cut and overwritten. What rclpy makes a message of goes to the callbacks of real nodes, in
this process. As in the nodes' executor, an error that rclpy raises by itself costs a line in the
log; one that this package has a part in breaks the rule.
"""

from __future__ import annotations

import atexit
import random
import sys
from array import array
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any, TypeAlias

import rclpy
from builtin_interfaces.msg import Duration, Time
from callbacks import Callbacks, start_rclpy, survive
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Point32
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetAvailableStates, GetState
from mutant_parameters import REFUSALS, ParameterFiles, mutant_file
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    GetParameterTypes,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
from rclpy.serialization import deserialize_message, serialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header

from emotion_recognition.core.images.raw import ENCODINGS
from emotion_recognition.core.types import LABELS
from emotion_recognition.msg import FaceEmotion, FaceEmotionArray
from emotion_recognition.ros.parameters.settings import SETTINGS

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from crafted_images import JPEG, PICTURE, PNG
from mutant_images import FORMATS
from mutation import EDGES, Kind

Message: TypeAlias = Any  # rclpy has no types
Value: TypeAlias = Any

STAMP = Time(sec=1_700_000_000, nanosec=5)
HEADER = Header(stamp=STAMP, frame_id="camera")
HEIGHT, WIDTH = PICTURE.shape[:2]
IMAGE = Image(
    header=HEADER,
    height=HEIGHT,
    width=WIDTH,
    encoding="bgr8",
    step=3 * WIDTH,
    data=array("B", PICTURE.tobytes()),
)
COMPRESSED = [
    CompressedImage(header=HEADER, format=kind, data=array("B", content))
    for kind, content in (("bgr8; jpeg compressed bgr8", JPEG), ("bgr8; png compressed bgr8", PNG))
]
CAMERAS = [
    CameraInfo(
        header=HEADER,
        height=HEIGHT,
        width=WIDTH,
        distortion_model=model,
        d=[0.1] * count,
        k=[60.0, 0.0, 32.0, 0.0, 60.0, 24.0, 0.0, 0.0, 1.0],
    )
    for model, count in (("plumb_bob", 5), ("rational_polynomial", 8), ("equidistant", 4))
]
ANSWER = FaceEmotionArray(
    header=HEADER,
    image_width=WIDTH,
    image_height=HEIGHT,
    faces=[
        FaceEmotion(
            emotion=3,
            label="happy",
            confidence=0.9,
            probabilities=[0.0, 0.1, 0.0, 0.9],
            raw_probabilities=[0.0, 0.1, 0.0, 0.9],
            roi=RegionOfInterest(x_offset=5, y_offset=5, width=30, height=30),
            landmarks=[Point32(x=9.0, y=9.0)] * 5,
            detection_score=0.9,
            track_id=7,
        )
    ],
    latency=Duration(nanosec=9),
    model="default/default",
    labels=list(LABELS),
)
REPORT = DiagnosticArray(
    header=HEADER,
    status=[
        DiagnosticStatus(
            level=b"\1",
            name="web/emotion_node: emotions",
            message="slow",
            values=[KeyValue(key="rate", value="3")],
        )
    ],
)

#: Requests to the services of a node, by their names.
_PARAMETERS = [
    Parameter(name=name, value=ParameterValue(type=3, double_value=1.0))
    for name in ("max_rate", "smoothing.time_constant")
] + [Parameter(name="tracking.birth_hits", value=ParameterValue(type=2, integer_value=3))]
REQUESTS: dict[str, Any] = {
    "set_parameters": SetParameters.Request(parameters=_PARAMETERS),
    "set_parameters_atomically": SetParametersAtomically.Request(parameters=_PARAMETERS),
    "get_parameters": GetParameters.Request(names=list(SETTINGS)),
    "get_parameter_types": GetParameterTypes.Request(names=list(SETTINGS)),
    "describe_parameters": DescribeParameters.Request(names=list(SETTINGS)),
    "list_parameters": ListParameters.Request(prefixes=["tracking"], depth=1),
    "change_state": ChangeState.Request(transition=Transition(id=1, label="configure")),
    "get_state": GetState.Request(),
    "get_available_states": GetAvailableStates.Request(),
}

ODD_TEXTS = (
    "",
    ".",
    "a..b",
    "a\nb",
    "%s%n",
    "../../etc",
    "\U0001f600",
    "use_sim_time",
    "x" * 10_000,
    *SETTINGS,
    *LABELS,
    *ENCODINGS,
    *(name for name in FORMATS if "\0" not in name),
    "plumb_bob",
    "equidistant",
    "activate",
    "shutdown",
)
ODD_NUMBERS = (0.0, -0.0, -1.0, 1e-300, 1e30, float("nan"), float("inf"), float("-inf"))
BITS = {"int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32}


def odd_value(kind: str, value: Value, chance: random.Random) -> Value:
    """Another value of a field; kind: its type, as rclpy spells it."""
    if hasattr(value, "get_fields_and_field_types"):
        return mutate_message(value, chance)
    if "[" in kind or kind.startswith("sequence<"):
        return odd_items(kind, value, chance)
    if kind.startswith("string"):
        return chance.choice(ODD_TEXTS)
    if kind in ("float", "double"):
        return chance.choice((*ODD_NUMBERS, chance.uniform(-100, 100)))
    if kind == "boolean":
        return not value
    if kind == "octet":
        return chance.randbytes(1)
    number = chance.choice((*EDGES, chance.randrange(16))) % 2 ** BITS.get(kind, 64)
    return number if kind.startswith("uint") else number - 2 ** (BITS.get(kind, 64) - 1)


def odd_items(kind: str, values: Value, chance: random.Random) -> Value:
    """The same for an array (of fixed length) or a sequence."""
    values = copy(values)
    is_sequence = kind.startswith("sequence<")
    item_kind = kind[len("sequence<") :].rstrip(">") if is_sequence else kind.partition("[")[0]
    match chance.randrange(4) if is_sequence else 3:
        case 0:
            return values[: chance.randint(0, len(values))]
        case 1:
            return values + values
        case 2 if len(values) < 10:
            return values * 20
        case _ if len(values):
            place = chance.randrange(len(values))
            values[place] = odd_value(item_kind, values[place], chance)
    return values


def mutate_message(message: Message, chance: random.Random) -> Message:
    """A copy of a message with one to three of its fields changed, or of fields within these."""
    message = deserialize_message(serialize_message(message), type(message))
    fields = list(message.get_fields_and_field_types().items())
    for name, kind in chance.choices(fields, k=chance.randint(1, 3)) if fields else ():
        setattr(message, name, odd_value(kind, getattr(message, name), chance))
    return message


def mutate_bytes(content: bytes, chance: random.Random) -> bytes:
    """A message's bytes with one to three of them, or of its words, changed; mostly in front."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(min(len(changed), chance.choice((200, 10**6))) + 1)
        word = 4 * (place // 4)
        match chance.randrange(5):
            case 0 if chance.random() < 0.3:
                del changed[place:]
            case 1:
                changed[place : place + 1] = chance.randbytes(1)
            case 2:
                del changed[word : word + 4]
            case 3:
                changed[word:word] = changed[word : word + 4 * chance.randint(1, 8)]
            case _:
                edge = chance.choice(EDGES) % 2**32
                changed[word : word + 4] = edge.to_bytes(4, "little")
    return bytes(changed)


def mutant_of(*messages: Message) -> Callable[[random.Random], bytes]:
    """Makes bytes of one of the messages, with other values, or with bytes changed, or both."""

    def make(chance: random.Random) -> bytes:
        message = chance.choice(messages)
        if chance.random() < 0.6:
            message = mutate_message(message, chance)
            if chance.random() < 0.7:
                return bytes(serialize_message(message))
        return mutate_bytes(serialize_message(message), chance)

    return make


def reader(kind: type, take: Callable[[Any], object]) -> Callable[[bytes], str]:
    """Makes a message of bytes and gives it to a callback; the outcome."""

    def read(content: bytes) -> str:
        try:
            message = deserialize_message(content, kind)
        except Exception as error:  # what rclpy raises, and the executor of nodes survives
            return f"no message ({type(error).__name__})"
        return survive(lambda: take(message))

    return read


def kinds() -> tuple[Kind, ...]:
    """The kinds, with nodes of this process to read them, until it ends."""
    start_rclpy()
    nodes = Callbacks()
    atexit.register(rclpy.try_shutdown)
    atexit.register(nodes.close)
    return reading_kinds(nodes)


def reading_kinds(nodes: Callbacks) -> tuple[Kind, ...]:
    """The kinds, which these nodes read."""
    files = ParameterFiles()

    def message(
        name: str, take: Callable[[Any], object], *messages: Message, weight: float = 1.0
    ) -> Kind:
        return Kind(name, mutant_of(*messages), reader(type(messages[0]), take), (), weight)

    def request(chance: random.Random) -> tuple[str, bytes]:
        service = chance.choice(list(REQUESTS))
        return service, mutant_of(REQUESTS[service])(chance)

    def answer(message: FaceEmotionArray) -> str:
        return nodes.answer(message, _with_header(COMPRESSED[0], message.header))

    def picture(image: CompressedImage) -> str:
        return nodes.answer(_with_header(ANSWER, image.header), image)

    bridged = (
        [message("FaceEmotionArray bridged", nodes.bridge, ANSWER, weight=0.2)]
        if nodes.has_bridge
        else []
    )
    return (
        *bridged,
        message("Image", lambda image: nodes.image(image, "raw"), IMAGE),
        message("CompressedImage", lambda image: nodes.image(image, "compressed"), *COMPRESSED),
        message("CameraInfo", lambda info: nodes.camera_info(info, IMAGE), *CAMERAS),
        message("FaceEmotionArray", answer, ANSWER),
        message("CompressedImage shown", picture, *COMPRESSED, weight=0.5),
        message("DiagnosticArray", nodes.diagnostics, REPORT, weight=0.5),
        message("Clock", nodes.clock, Clock(clock=STAMP)),
        Kind("request", request, lambda mutant: nodes.request(*mutant), ()),
        Kind("parameter file", mutant_file, files.start_with, REFUSALS, 0.05),
    )


def _with_header(message: Message, header: Header) -> Message:
    changed = copy(message)
    changed.header = header
    return changed
