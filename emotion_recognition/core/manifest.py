"""Packaged models: a folder each under `emotion_recognition/models`, with a manifest.json."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.types import EMOTIONS, LABELS

Kind = Literal["detector", "landmarker", "classifier"]
#: What a file holds: the format and the arithmetic.
FileKind = Literal["onnx_int8", "onnx_float", "ncnn_float", "torchscript_int8", "torchscript_float"]

DEFAULT_DETECTOR = "default"
DEFAULT_CLASSIFIER = "default"

MODELS = Path(__file__).resolve().parent.parent / "models"

LARGEST_MANIFEST = 1 << 20  # bytes
LARGEST_FILE = 1 << 28  # bytes of a model's file
LARGEST_AXIS = 1 << 16  # of a network's input or output

#: Keys of a manifest that the code reads, and those that are there for its readers.
_KEYS = {"kind", "input_shape", "output_shape", "labels", "settings", "files", "metrics"}
_DESCRIPTIONS = {
    "architecture",
    "input",
    "output",
    "quantization",
    "small_faces_and_landmarks",
    "data_sources",
    "license",
}
#: What only manifests of one kind may have.
_OF_ONE_KIND: Mapping[Kind, set[str]] = {
    "detector": {"landmarker"},
    "landmarker": set(),
    "classifier": set(),
}

#: The settings of each kind of model with the least and the greatest value that makes sense.
_SETTINGS: Mapping[Kind, Mapping[str, tuple[float, float]]] = {
    "detector": {"score_threshold": (0.0, 1.0), "input_width": (32.0, 2048.0)},
    "landmarker": {},
    "classifier": {
        "temperature": (0.05, 20.0),
        "crop_scale": (0.5, 3.0),
        "reject_threshold": (0.0, 1.0),
    },
}
_OPTIONAL_SETTINGS = {"input_width", "reject_threshold"}
_LABELS: Mapping[Kind, tuple[str, ...]] = {
    "detector": ("face",),
    "landmarker": ("eye1", "eye2", "nose", "mouth1", "mouth2"),
    "classifier": LABELS,
}


@dataclass(frozen=True)
class Manifest:
    """One packaged model: where its files are and how it wants to be used.

    input_shape, output_shape: of its network, float32, for one image; the batch of 1 comes first.
    settings: numbers that belong to the weights, such as the detector's score_threshold and the
    classifier's temperature. files: file name and SHA-256 of each artefact. landmarker: name of the
    one that finds the landmarks of a detector's faces, None without one.
    """

    kind: Kind
    name: str
    folder: Path
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    labels: tuple[str, ...]
    settings: Mapping[str, float]
    files: Mapping[FileKind, tuple[str, str]]
    metrics: Mapping[str, Any]
    landmarker: str | None = None

    @property
    def title(self) -> str:
        """What messages call the model."""
        return f"{self.kind} '{self.name}'"

    def expect_shapes(self, input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> None:
        """Raises ModelError unless these are the shapes of the model's network."""
        for what, shape, expected in (
            ("input_shape", self.input_shape, input_shape),
            ("output_shape", self.output_shape, output_shape),
        ):
            if shape != expected:
                raise ModelError(f"{self.title}: {what} is {shape}, expected {expected}")

    def verified_content(self, kind: FileKind) -> bytes:
        """An artefact's content, which has the hash that the manifest gives.

        Raises ModelError if there is no such artefact, or it is missing, altered, larger than
        LARGEST_FILE, no regular file or outside the model's folder.
        """
        if kind not in self.files:
            raise ModelError(f"{self.title} has no {kind} file, only {sorted(self.files)}")
        name, expected = self.files[kind]
        path = self.folder / name
        try:
            if os.path.dirname(os.path.realpath(path)) != os.path.realpath(self.folder):
                raise ModelError(f"{self.title}: {path} leads out of the model's folder")
            content = _read(path, LARGEST_FILE)
        except (OSError, ValueError) as error:
            raise ModelError(f"{self.title}: cannot read {path}: {error}; reinstall") from error
        actual = hashlib.sha256(content).hexdigest()
        if actual != expected:
            raise ModelError(
                f"{self.title}: {path} is damaged or was altered: its SHA-256 is {actual}, "
                f"the manifest says {expected}; reinstall the package"
            )
        return content


def model_names(kind: Kind, root: Path = MODELS) -> list[str]:
    """Names of the packaged models of this kind."""
    return sorted(
        path.parent.name.split("_", 1)[1] for path in root.glob(f"{kind}_*/manifest.json")
    )


def read_manifest(kind: Kind, name: str, root: Path = MODELS) -> Manifest:
    """Raises ModelError if there is no such model or its manifest does not hold together."""
    names = model_names(kind, root)
    if name not in names:
        raise ModelError(f"there is no {kind} '{name}'; choose one of {names}")
    path = root / f"{kind}_{name}" / "manifest.json"
    try:
        content = json.loads(_read(path, LARGEST_MANIFEST))
        return _manifest(kind, name, path.parent, content)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not a valid manifest: {error}") from error


def _manifest(kind: Kind, name: str, folder: Path, content: object) -> Manifest:
    """Raises ValueError for what is missing, unknown, of another type or out of range."""
    given = _mapping(content, "the manifest", _KEYS, _DESCRIPTIONS | _OF_ONE_KIND[kind])
    if given["kind"] != kind:
        raise ValueError(f"kind is {_brief(given['kind'])}, expected '{kind}'")
    labels = _labels(kind, given["labels"])
    output_shape = _shape(given["output_shape"], "output_shape")
    if kind == "classifier" and output_shape != (1, len(labels)):
        raise ValueError(
            f"output_shape is {_brief(output_shape)}, expected a column for each label: "
            f"{(1, len(labels))}"
        )
    ranges = _SETTINGS[kind]
    settings = _mapping(given["settings"], "settings", ranges.keys() - _OPTIONAL_SETTINGS, ranges)
    files = _mapping(given["files"], "files", (), get_args(FileKind))
    if not files:
        raise ValueError(f"files: none given, expected some of {get_args(FileKind)}")
    return Manifest(
        kind=kind,
        name=name,
        folder=folder,
        input_shape=_shape(given["input_shape"], "input_shape"),
        output_shape=output_shape,
        labels=labels,
        settings={key: _setting(key, value, *ranges[key]) for key, value in settings.items()},
        files={key: _file(key, item) for key, item in files.items()},
        metrics=_mapping(given["metrics"], "metrics"),
        landmarker=_landmarker(given.get("landmarker")),
    )


def _landmarker(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"landmarker is {_brief(value)}, expected the name of a packaged one")
    return value


def _mapping(
    value: object,
    what: str,
    required: Collection[str] = (),
    optional: Collection[str] | None = None,
) -> dict[Any, Any]:
    """A JSON object with these keys; optional: None for any other."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object, got {_brief(value)}")
    if missing := sorted(set(required) - set(value)):
        raise ValueError(f"{what} lacks {missing}")
    if optional is not None and (unknown := sorted(set(value) - {*required, *optional})):
        expected = sorted({*required, *optional})
        raise ValueError(f"{what} has {_brief(unknown)}, which nobody reads; expected {expected}")
    return value


def _labels(kind: Kind, value: object) -> tuple[str, ...]:
    expected = f"{list(_LABELS[kind])} in this order"
    if kind == "classifier":
        expected += f", or all of {list(EMOTIONS)} in the order of its outputs"
    if isinstance(value, list) and all(isinstance(label, str) for label in value):
        labels = tuple(value)
        has_all = kind == "classifier" and sorted(labels) == sorted(EMOTIONS)
        if has_all or labels == _LABELS[kind]:
            return labels
    raise ValueError(f"labels are {_brief(value)}, expected {expected}")


def _shape(value: object, what: str) -> tuple[int, ...]:
    if not (
        isinstance(value, list)
        and 2 <= len(value) <= 4
        and all(type(axis) is int and 1 <= axis <= LARGEST_AXIS for axis in value)
        and value[0] == 1
    ):
        raise ValueError(
            f"{what} is {_brief(value)}, expected 2 to 4 whole numbers up to {LARGEST_AXIS}, "
            "the first of them 1"
        )
    return tuple(value)


def _setting(name: str, value: object, minimum: float, maximum: float) -> float:
    if type(value) not in (int, float) or not minimum <= value <= maximum:  # type: ignore[operator]
        raise ValueError(
            f"settings: {name} must be a finite number from {minimum} to {maximum}, "
            f"got {_brief(value)}"
        )
    return float(value)  # type: ignore[arg-type]


def _file(kind: str, value: object) -> tuple[str, str]:
    item = _mapping(value, f"files: {kind}", ("name", "sha256"), ())
    name, digest = item["name"], item["sha256"]
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", name):
        raise ValueError(
            f"files: {kind} is named {_brief(name)}, expected the plain name of a file in the "
            "model's folder"
        )
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(f"files: {kind} has the sha256 {_brief(digest)}, expected 64 hex digits")
    return name, digest


def _read(path: Path, limit: int) -> bytes:
    """The whole of a regular file. Raises ValueError for another kind or more bytes than limit."""
    if path.exists() and not path.is_file():  # a pipe would never end
        raise ValueError("not a regular file")
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise ValueError(f"{size} bytes, expected at most {limit}")
        return file.read(size)


def _brief(value: object) -> str:
    """A value in a message, however long it is."""
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:100]}..."
