"""Packaged models: a folder each under `emotion_recognition/models`, with a manifest.json."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.types import LABELS

Kind = Literal["detector", "classifier"]
#: What a file holds: the format and the arithmetic.
FileKind = Literal["onnx_int8", "onnx_float", "torchscript_int8"]

DEFAULT_DETECTOR = "paper"
DEFAULT_CLASSIFIER = "default"

MODELS = Path(__file__).resolve().parent.parent / "models"


@dataclass(frozen=True)
class Manifest:
    """One packaged model: where its files are and how it wants to be used.

    settings: numbers that belong to the weights, such as the detector's score_threshold and the
    classifier's temperature. files: file name and SHA-256 of each artefact.
    """

    kind: Kind
    name: str
    folder: Path
    settings: Mapping[str, float]
    files: Mapping[FileKind, tuple[str, str]]
    metrics: Mapping[str, Any]

    def verified_file(self, kind: FileKind) -> Path:
        """The path of an artefact whose content has the hash that the manifest gives.

        Raises ModelError if there is no such artefact, or it is missing or altered.
        """
        if kind not in self.files:
            raise ModelError(f"{self._title} has no {kind} file, only {sorted(self.files)}")
        name, expected = self.files[kind]
        path = self.folder / name
        try:
            actual = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise ModelError(f"{self._title}: cannot read {path}: {error}; reinstall") from error
        if actual != expected:
            raise ModelError(
                f"{self._title}: {path} is damaged or was altered: its SHA-256 is {actual}, "
                f"the manifest says {expected}; reinstall the package"
            )
        return path

    @property
    def _title(self) -> str:
        return f"{self.kind} '{self.name}'"


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
        content = json.loads(path.read_text(encoding="utf-8"))
        manifest = Manifest(
            kind=kind,
            name=name,
            folder=path.parent,
            settings={key: float(value) for key, value in content["settings"].items()},
            files={key: (item["name"], item["sha256"]) for key, item in content["files"].items()},
            metrics=content["metrics"],
        )
        labels = tuple(content["labels"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a valid manifest: {error!r}") from error
    expected = LABELS if kind == "classifier" else ("face",)
    if not all(map(math.isfinite, manifest.settings.values())):
        raise ModelError(f"{path}: settings must be finite numbers, got {dict(manifest.settings)}")
    if labels != expected:
        raise ModelError(f"{path}: labels are {labels}, expected {expected} in this order")
    return manifest
