"""PyTorch: the int8 network as a TorchScript file, the paper's way."""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.manifest import FileKind

FILES: tuple[FileKind, ...] = ("torchscript_int8",)


def open_network(content: bytes, threads: int) -> Network:
    if threads:
        torch.set_num_threads(threads)  # for the process: torch has no setting of a single module
    # One file serves every engine: weights are packed for the engine in use when they are loaded.
    # The default is right on x86; Arm builds know only qnnpack.
    if torch.backends.quantized.engine == "none":
        torch.backends.quantized.engine = "qnnpack"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is, since torch 2.11
        module = torch.jit.load(io.BytesIO(content), map_location="cpu").eval()  # type: ignore[no-untyped-call]

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            output = module(torch.from_numpy(np.ascontiguousarray(tensor)))
        return np.asarray(output.numpy(), np.float32)

    return run
