"""The files of a packaged model: their names, and the manifest with their hashes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from emotion_recognition.core.manifest import FileKind, Kind

FILE_NAMES: dict[FileKind, str] = {
    "onnx_int8": "int8.onnx",
    "onnx_float": "float.onnx",
    "ncnn_float": "float.ncnn",
    "torchscript_int8": "int8.pt",
    "torchscript_float": "float.pt",
}


def write_manifest(kind: Kind, folder: Path, content: dict[str, Any]) -> None:
    """Writes manifest.json; its `kind` and `files` follow from the folder, not from content."""
    files = {
        key: {"name": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
        for key, name in FILE_NAMES.items()
        if (folder / name).exists()
    }
    manifest = {"kind": kind, **content, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
