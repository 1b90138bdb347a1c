"""What others would take instead: YuNet or TinyYOLO for the faces, mini-Xception for the emotions.

Networks are the user's files, or have random weights (`networks`), which take as long. They run in
ONNX Runtime with the settings that this package uses, or in OpenCV. A frame is done as well as we
know: one cheap resize that keeps the proportions, boxes decoded at once, one batch for all faces.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.errors import BackendError
from emotion_recognition.core.types import Box
from emotion_recognition.tools.benchmark import networks
from emotion_recognition.tools.benchmark.scenes import face_boxes, scene
from emotion_recognition.tools.benchmark.stages import CLASSIFIER_STAGES, DETECTOR_STAGES, FRAME
from emotion_recognition.tools.benchmark.timing import Case, Subject, whole

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

YUNET, TINY_YOLO, MINI_XCEPTION = "YuNet", "TinyYOLO", "mini-Xception"
#: Width and height of YuNet's input: what a scene of 640x480 fits into, and a square.
YUNET_INPUTS = ((320, 256), (320, 320))
TINY_YOLO_INPUT = (416, 416)
FACE_SIDE = 64  # pixels of mini-Xception's input

_SCORE, _OVERLAP = 0.6, 0.3  # from which on YuNet's boxes count, and are of one face
_STRIDES = (8, 16, 32)


class PeerError(ValueError):
    """A peer's file that is not what it should be; the message says what was expected."""


@dataclass(frozen=True)
class Peers:
    """Networks of peers; without a file one of random weights. tiny_yolo: whether it is timed."""

    yunet: Path | None = None
    mini_xception: Path | None = None
    tiny_yolo: bool = True

    def yunet_content(self, width: int, height: int) -> bytes:
        """Raises PeerError for a file that cannot be read, MissingLibraryError."""
        if self.yunet is None:
            return networks.yunet(height, width)
        try:
            return networks.with_input(_read(self.yunet), (1, 3, height, width))
        except ValueError as error:
            raise PeerError(f"'{self.yunet}' is not YuNet: {error}") from error

    def open_mini_xception(self, threads: int) -> MiniXception:
        title = MINI_XCEPTION if self.mini_xception is None else f"'{self.mini_xception}'"
        return MiniXception(self.mini_xception_content(), threads, title)

    def mini_xception_content(self) -> bytes:
        if self.mini_xception is None:
            return networks.mini_xception(FACE_SIDE)
        return _read(self.mini_xception)


class OnnxNetwork:
    """A network in ONNX Runtime, with all its outputs.

    title: what messages call it. shape: of its input, as the file declares it; a name, or None, for
    an axis of any size. Raises BackendError without the library, PeerError for another file.
    """

    def __init__(self, content: bytes, threads: int, title: str = "network") -> None:
        try:  # by way of our own backend, which turns the library's telemetry off before
            backend = import_module("emotion_recognition.backends.onnxruntime_backend")
            onnxruntime = backend.onnxruntime
        except ImportError as error:
            raise BackendError("peers run in onnxruntime: pip install onnxruntime") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise PeerError(f"{title}: onnxruntime does not load it: {_line(error)}") from error
        self.shape: list[int | str | None] = self._session.get_inputs()[0].shape
        self._input = self._session.get_inputs()[0].name
        self.outputs = [output.name for output in self._session.get_outputs()]

    def __call__(self, values: Floats) -> dict[str, Floats]:
        return dict(zip(self.outputs, self._session.run(None, {self._input: values}), strict=True))


class MiniXception:
    """Gray squares of faces, all at once where the file takes more than one."""

    def __init__(self, content: bytes, threads: int, title: str = MINI_XCEPTION) -> None:
        self._network = OnnxNetwork(content, threads, title)
        shape = self._network.shape
        if len(shape) != 4 or 1 not in shape[1::2]:
            raise PeerError(
                f"{title}: expected an input of gray squares, N x 1 x H x W or "
                f"N x H x W x 1, got {shape}"
            )
        self._is_planar = shape[1] == 1
        batch, (height, side) = shape[0], shape[2:] if self._is_planar else shape[1:3]
        sizes = [size for size in (height, side) if isinstance(size, int)]
        if (isinstance(batch, int) and batch > 1) or len(set(sizes)) > 1:
            raise PeerError(f"{title}: expected one square at a time, or any number, got {shape}")
        self.side = side if isinstance(side, int) and side > 0 else FACE_SIDE
        self._takes_one = shape[0] == 1

    def __call__(self, image: Image, boxes: Sequence[Box]) -> list[Floats]:
        return self.classify(self.prepare(image, boxes))

    def prepare(self, image: Image, boxes: Sequence[Box]) -> Floats:
        crops = [
            cv2.resize(
                cv2.cvtColor(
                    image[int(box.y1) : int(box.y2), int(box.x1) : int(box.x2)],
                    cv2.COLOR_BGR2GRAY,
                ),
                (self.side, self.side),
            )
            for box in boxes
        ]
        values = np.asarray(crops, np.float32) * np.float32(1 / 255)
        return values[:, None] if self._is_planar else values[..., None]

    def classify(self, faces: Floats) -> list[Floats]:
        parts = np.split(faces, len(faces)) if self._takes_one else [faces]
        return [next(iter(self._network(part).values())) for part in parts]


def fitted(image: Image, width: int, height: int) -> Floats:
    """The image in a network's input, (1, 3, height, width) BGR in [0, 255], padded with 0."""
    scale = min(width / image.shape[1], height / image.shape[0])
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.dnn.blobFromImage(canvas), np.float32)


def yunet_boxes(outputs: dict[str, Floats], width: int) -> Floats:
    """The faces of YuNet's outputs, (K, 4) as x, y, w, h in pixels of the input."""
    boxes, scores = [], []
    for stride in _STRIDES:
        score = np.sqrt(outputs[f"cls_{stride}"][0, :, 0] * outputs[f"obj_{stride}"][0, :, 0])
        found = np.flatnonzero(score >= _SCORE)
        values = outputs[f"bbox_{stride}"][0, found]
        rows, columns = np.divmod(found, width // stride)
        middle = (np.stack([columns, rows], 1) + values[:, :2]) * stride
        size = np.exp(values[:, 2:]) * stride
        boxes.append(np.concatenate([middle - size / 2, size], 1))
        scores.append(score[found])
    everything, confidence = np.concatenate(boxes), np.concatenate(scores)
    if not len(everything):
        return np.empty((0, 4), np.float32)
    kept = cv2.dnn.NMSBoxes(everything.tolist(), confidence.tolist(), _SCORE, _OVERLAP)
    return np.asarray(everything[np.asarray(kept, int).ravel()], np.float32)


def cases(
    peers: Peers,
    threads: int,
    faces: Sequence[int],
    inputs: Sequence[tuple[int, int]] = YUNET_INPUTS,
) -> Iterator[Case]:
    """Networks and whole frames in ONNX Runtime; faces: how many, each at least 1. inputs: width
    and height of YuNet's.

    Raises PeerError, BackendError, MissingLibraryError.
    """
    classifier = peers.open_mini_xception(threads)
    prepared = classifier.prepare(scene(1), face_boxes(1))
    subject = partial(Subject, backend="onnxruntime", precision="float", threads=threads)
    side = f"{classifier.side}x{classifier.side}"
    yield Case(
        subject(MINI_XCEPTION, input=side, faces=1),
        whole(CLASSIFIER_STAGES[1], lambda: classifier.classify(prepared)),
    )
    detectors: list[tuple[str, tuple[int, int], bytes, Callable[[Any, int], object]]] = [
        (YUNET, size, peers.yunet_content(*size), yunet_boxes) for size in inputs
    ]
    if peers.tiny_yolo:
        # Its boxes are left undecoded: that takes next to nothing of its time.
        detectors.append((TINY_YOLO, TINY_YOLO_INPUT, networks.tiny_yolo(), lambda *_: None))
    for name, (width, height), content, decode in detectors:
        network = OnnxNetwork(content, threads, name)
        if name == YUNET and not {"cls_8", "obj_8", "bbox_8"} <= set(network.outputs):
            raise PeerError(
                f"YuNet: expected outputs cls_8, obj_8 and so on, got {network.outputs}"
            )
        size = f"{width}x{height}"
        values = fitted(scene(1), width, height)
        yield Case(
            subject(name, input=size, faces=1),
            whole(DETECTOR_STAGES[1], partial(network, values)),
        )
        for number in faces:
            frame = partial(
                _frame, network, (width, height), decode, classifier, scene(number), number
            )
            yield Case(
                subject(f"{name} + {MINI_XCEPTION}", input=size, faces=number),
                whole(FRAME, frame),
            )


def _frame(
    network: OnnxNetwork,
    size: tuple[int, int],
    decode: Callable[[Any, int], object],
    classifier: MiniXception,
    image: Image,
    faces: int,
) -> None:
    # The faces are where they were drawn: a network of random weights finds none.
    decode(network(fitted(image, *size)), size[0])
    classifier(image, face_boxes(faces))


def opencv_cases(peers: Peers, threads: int, faces: Sequence[int]) -> Iterator[Case]:
    """OpenCV's own YuNet, `cv2.FaceDetectorYN`, on images scaled to half of their size."""
    width, height = YUNET_INPUTS[0]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "yunet.onnx"
        file.write_bytes(peers.yunet_content(width, height))
        detector = cv2.FaceDetectorYN.create(str(file), "", (320, 240), _SCORE, _OVERLAP)
    classifier = peers.open_mini_xception(threads)

    def frame(image: Image, number: int) -> None:
        detector.detect(cv2.resize(image, (320, 240), interpolation=cv2.INTER_LINEAR))
        classifier(image, face_boxes(number))

    for number in faces:
        subject = Subject(
            f"{YUNET} + {MINI_XCEPTION}", "opencv", "float", threads, f"{width}x{height}", number
        )
        yield Case(subject, whole(FRAME, partial(frame, scene(number), number)))


def _line(error: Exception) -> str:
    """The beginning of a library's message, which may have many lines."""
    return textwrap.shorten(str(error), 200, placeholder=" ...")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PeerError(f"cannot read a peer's file '{path}': {error.strerror}") from error
