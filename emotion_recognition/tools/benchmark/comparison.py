"""Ratios between what is here and what others would take, in time and in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from emotion_recognition.core.manifest import Kind, read_manifest
from emotion_recognition.tools.benchmark import memory, networks
from emotion_recognition.tools.benchmark.memory import Memory
from emotion_recognition.tools.benchmark.peers import (
    FACE_SIDE,
    MINI_XCEPTION,
    TINY_YOLO,
    TINY_YOLO_INPUT,
    YUNET,
    YUNET_INPUTS,
    Peers,
)
from emotion_recognition.tools.benchmark.stages import DETECTOR_STAGES, FRAME
from emotion_recognition.tools.benchmark.timing import Row

PEERS = (YUNET, TINY_YOLO, f"{YUNET} + {MINI_XCEPTION}", f"{TINY_YOLO} + {MINI_XCEPTION}")

_MORE = 5  # faces


#: What is compared, as headings of tables.
FRAMES = "Whole frame with one face"
NETWORKS = "Network of the detector"
MORE_FACES = "Whole frame with five faces"
FILES = "Files of both networks"
MEMORY = "Resident memory of both networks"


@dataclass(frozen=True)
class Ratio:
    """What is here to what others would take: medians of the processor's time, or sizes.

    kind: one of the above. of, to: what is here, and the other.
    """

    kind: str
    of: str
    to: str
    value: float


@dataclass(frozen=True)
class Footprint:
    """What the networks of a frame take. files: bytes on disk. memory: of a process with them."""

    model: str
    backend: str
    files: int
    memory: Memory


def time_ratios(rows: Sequence[Row]) -> list[Ratio]:
    """One thread: frames with a face to the peers', networks of detectors to YuNet's, and five
    faces to one.
    """
    single = [row for row in rows if row.subject.threads == 1]
    frames = [row for row in single if row.stage == FRAME]
    networks_alone = [row for row in single if row.stage == DETECTOR_STAGES[1]]
    with_one = [row for row in frames if row.subject.faces == 1]
    ratios = []
    for kind, group in ((FRAMES, with_one), (NETWORKS, networks_alone)):
        peers = [row for row in group if row.subject.model in PEERS]
        ours = [row for row in group if row.subject.model not in PEERS]
        ratios += [_ratio(kind, own, peer) for own in ours for peer in peers]
    for row in frames:
        one = [other for other in with_one if _same_but_faces(row, other)]
        if row.subject.faces == _MORE and one:
            value = row.spread.processor / one[0].spread.processor
            ratios.append(Ratio(MORE_FACES, _title(row), "with one face", value))
    return ratios


def _same_but_faces(row: Row, other: Row) -> bool:
    a, b = row.subject, other.subject
    return (a.model, a.backend, a.input) == (b.model, b.backend, b.input)


def _ratio(kind: str, own: Row, other: Row) -> Ratio:
    value = own.spread.processor / other.spread.processor
    return Ratio(kind, _title(own), _title(other), value)


def _title(row: Row) -> str:
    subject = row.subject
    precision = subject.precision if row.stage != FRAME and subject.model not in PEERS else ""
    return ", ".join(filter(None, (subject.model, subject.backend, precision, subject.input)))


def footprints(
    detectors: Sequence[str], classifier: str, backends: Sequence[str], peers: Peers | None
) -> Iterator[Footprint]:
    """Of every pair of a detector and the classifier in every backend, and of the peers.

    Raises RuntimeError if a process that is measured fails. None where the system does not tell.
    """
    for backend in backends:
        for detector in detectors:
            sizes = [
                file_size("detector", detector, backend),
                file_size("classifier", classifier, backend),
            ]
            if (landmarker := read_manifest("detector", detector).landmarker) is not None:
                sizes.append(file_size("landmarker", landmarker, backend))
            if None in sizes:
                continue
            found = memory.of_frame(detector, classifier, backend)
            if found is not None:
                size = sum(size for size in sizes if size is not None)
                yield Footprint(f"{detector} + {classifier}", backend, size, found)
    if peers is not None:
        yield from _footprints_of_peers(peers)


def _footprints_of_peers(peers: Peers) -> Iterator[Footprint]:
    emotions = peers.mini_xception_content()
    width, height = YUNET_INPUTS[0]
    detectors = {YUNET: (peers.yunet_content(width, height), f"1x3x{height}x{width}")}
    if peers.tiny_yolo:
        width, height = TINY_YOLO_INPUT
        detectors[TINY_YOLO] = (networks.tiny_yolo(), f"1x3x{height}x{width}")
    for name, (content, shape) in detectors.items():
        with TemporaryDirectory() as folder:
            files = [Path(folder) / "detector.onnx", Path(folder) / "classifier.onnx"]
            files[0].write_bytes(content)
            files[1].write_bytes(emotions)
            shapes = (shape, f"1x1x{FACE_SIDE}x{FACE_SIDE}")
            found = memory.of_onnx(list(zip(files, shapes, strict=True)))
        if found is not None:
            size = len(content) + len(emotions)
            yield Footprint(f"{name} + {MINI_XCEPTION}", "onnxruntime", size, found)


def file_size(kind: Kind, name: str, backend: str) -> int | None:
    """Bytes of the file that a backend prefers of a packaged model; None if it has none."""
    manifest = read_manifest(kind, name)
    preferred = import_module(f"emotion_recognition.backends.{backend}_backend").FILES
    usable = [file for file in preferred if file in manifest.files]
    return len(manifest.verified_content(usable[0])) if usable else None


def memory_ratios(found: Sequence[Footprint]) -> list[Ratio]:
    """Files, and memory of the networks, to those of the peers in ONNX Runtime."""
    ratios = []
    for own in (item for item in found if item.model not in PEERS):
        for peer in (item for item in found if item.model in PEERS):
            of, to = f"{own.model}, {own.backend}", f"{peer.model}, {peer.backend}"
            ratios += [
                Ratio(FILES, of, to, own.files / peer.files),
                Ratio(MEMORY, of, to, own.memory.networks / max(peer.memory.networks, 1)),
            ]
    return ratios
