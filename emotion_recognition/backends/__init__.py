"""Backends: what runs a network file. Each is imported only when it is used.

A backend is a module with two names: FILES, the artefacts it runs, best first, and
`open_network(path, threads)`, which returns a `core.detector.Network`.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from pathlib import Path
from typing import Literal, Protocol, cast, get_args

from emotion_recognition.core.detector import Network
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.manifest import FileKind, Manifest

logger = logging.getLogger(__name__)

Precision = Literal["auto", "int8", "float"]

#: The backends in the order in which `auto` tries them: (importable module, how to get it).
BACKENDS = {
    "onnxruntime": ("onnxruntime", "pip install onnxruntime"),
    "torch": ("torch", "pip install torch"),
    "opencv": ("cv2", "apt install python3-opencv, or pip install opencv-python"),
}


class Backend(Protocol):
    """The interface of a backend module."""

    FILES: tuple[FileKind, ...]

    def open_network(self, path: Path, threads: int) -> Network:
        """Loads a verified file. threads: for one inference; 0 leaves it to the library."""


def resolve(backend: str) -> str:
    """The backend to use: `auto` becomes the first that is installed.

    Raises BackendError for an unknown name or one that is not installed.
    """
    if backend == "auto":
        return next(name for name, (module, _) in BACKENDS.items() if _installed(module))
    if backend not in BACKENDS:
        raise BackendError(f"unknown backend '{backend}'; choose one of {['auto', *BACKENDS]}")
    module, remedy = BACKENDS[backend]
    if not _installed(module):
        raise BackendError(f"backend '{backend}' needs the module {module}: {remedy}")
    return backend


def open_model(
    manifest: Manifest, backend: str, threads: int = 0, precision: Precision = "auto"
) -> Network:
    """Opens a model with a backend, by preference as int8.

    backend: a name that `resolve` returned. precision: `auto`, or the only arithmetic accepted.
    Raises BackendError if the backend does not run this model in that precision, ModelError if the
    file is missing, altered or unreadable.
    """
    if precision not in get_args(Precision):
        raise BackendError(f"unknown precision '{precision}'; choose one of {get_args(Precision)}")
    if threads < 0:
        raise ValueError(f"threads must be 0 (automatic) or more, got {threads}")
    module = cast(
        Backend, importlib.import_module(f"emotion_recognition.backends.{backend}_backend")
    )
    usable = [
        kind
        for kind in module.FILES
        if kind in manifest.files and (precision == "auto" or kind.endswith(f"_{precision}"))
    ]
    if not usable:
        raise BackendError(
            f"backend '{backend}' has no {precision} file of {manifest.kind} '{manifest.name}'"
        )
    path = manifest.verified_file(usable[0])
    try:
        return module.open_network(path, threads)
    except Exception as error:
        raise ModelError(f"backend '{backend}' cannot load {path}: {error}") from error


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
