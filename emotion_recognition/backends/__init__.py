"""Backends: what runs a network file. Each is imported only when it is used.

A backend is a module with two names: FILES, the artefacts it runs, best first, and
`open_network(content, threads)`, which returns a `core.arrays.Network`. It takes a file's bytes
and not its path, so that what is run is what was verified.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import platform
import textwrap
from typing import Literal, Protocol, cast, get_args

import numpy as np

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.manifest import FileKind, Manifest

logger = logging.getLogger(__name__)

Precision = Literal["auto", "int8", "float"]

#: The backends in the order in which `auto` tries them: (importable module, how to get it).
BACKENDS = {
    "onnxruntime": ("onnxruntime", "pip install onnxruntime"),
    "ncnn": ("ncnn", "pip install ncnn"),
    "torch": ("torch", "pip install torch"),
    "opencv": ("cv2", "apt install python3-opencv, or pip install opencv-python"),
}
#: What `auto` tries before all others on a processor of this name. docs/backends.md has the reason.
FIRST_ON = {"aarch64": "ncnn"}


class Backend(Protocol):
    """The interface of a backend module."""

    FILES: tuple[FileKind, ...]

    def open_network(self, content: bytes, threads: int) -> Network:
        """Loads a file's content. threads: for one inference; 0 leaves it to the backend."""


def resolve(backend: str) -> str:
    """The backend to use: `auto` becomes the first that is installed, for this processor.

    Raises BackendError for an unknown name or one that is not installed.
    """
    if backend == "auto":
        first = FIRST_ON.get(platform.machine())
        names = sorted(BACKENDS, key=lambda name: name != first)  # stable: the others in order
        return next(name for name in names if _installed(BACKENDS[name][0]))
    if backend not in BACKENDS:
        raise BackendError(f"unknown backend '{backend}'; choose one of {['auto', *BACKENDS]}")
    module, remedy = BACKENDS[backend]
    if not _installed(module):
        raise BackendError(f"backend '{backend}' needs the module {module}: {remedy}")
    return backend


def open_model(
    manifest: Manifest, backend: str, threads: int = 0, precision: Precision = "auto"
) -> Network:
    """Opens a model with a backend, by preference as int8, and runs it once.

    backend: a name that `resolve` returned. precision: `auto`, or the only arithmetic accepted.
    The run shows whether shapes are those of the manifest, and takes the time that the first one
    takes longer. Raises BackendError if the backend does not run this model in that precision,
    ModelError if the file is missing, altered, unreadable or another network.
    """
    if precision not in get_args(Precision):
        raise BackendError(f"unknown precision '{precision}'; choose one of {get_args(Precision)}")
    if threads < 0:
        raise ValueError(f"threads must be 0 (automatic) or more, got {threads}")
    try:
        module = cast(
            Backend, importlib.import_module(f"emotion_recognition.backends.{backend}_backend")
        )
    except (ImportError, OSError) as error:  # such as a library of the system that is missing
        raise BackendError(
            f"backend '{backend}' is installed but cannot be imported: {_line(error)}; "
            "repair it, or choose another one"
        ) from error
    usable = [
        kind
        for kind in module.FILES
        if kind in manifest.files and (precision == "auto" or kind.endswith(f"_{precision}"))
    ]
    if not usable:
        raise BackendError(
            f"backend '{backend}' has no {precision} file of {manifest.kind} '{manifest.name}'"
        )
    content = manifest.verified_content(usable[0])
    what = f"{manifest.title}: {manifest.folder / manifest.files[usable[0]][0]}"
    try:
        network = module.open_network(content, threads)
    except Exception as error:
        raise ModelError(f"{what}: backend '{backend}' cannot load it: {_line(error)}") from error
    try:
        shape = network(np.zeros(manifest.input_shape, np.float32)).shape
    except Exception as error:
        raise ModelError(
            f"{what}: does not run with the manifest's input_shape {manifest.input_shape}: "
            f"{_line(error)}"
        ) from error
    if shape != manifest.output_shape:
        raise ModelError(
            f"{what}: its output has the shape {shape}, the manifest says {manifest.output_shape}"
        )
    return network


def _line(error: Exception) -> str:
    """The beginning of a library's message, which may have many lines."""
    return textwrap.shorten(str(error), 300, placeholder=" ...")


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
