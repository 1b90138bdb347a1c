"""PyTorch: the int8 network as a TorchScript file, the paper's way, or the float one."""

from __future__ import annotations

import io
import warnings

import numpy as np
import torch
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.manifest import FileKind

FILES: tuple[FileKind, ...] = ("torchscript_int8", "torchscript_float")


def open_network(content: bytes, threads: int) -> Network:
    if threads:
        torch.set_num_threads(threads)  # for the process: torch has no setting of a single module
    # One file serves every engine: weights are packed for the engine in use when they are loaded.
    torch.backends.quantized.engine = _engine(torch.backends.quantized.engine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is, since torch 2.11
        module = torch.jit.load(io.BytesIO(content), map_location="cpu").eval()  # type: ignore[no-untyped-call]

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            output = module(torch.from_numpy(np.ascontiguousarray(tensor)))
        return np.asarray(output.numpy(), np.float32)

    return run


def _engine(engine: str) -> str:
    """The engine in use, or qnnpack where that does not compute what it should."""
    # On x86-64 without VNNI the int8 kernels of fbgemm, which x86 takes as well, saturate at 16
    # bits (the default classifier agreed with its float file on 96.7 % of faces), and oneDNN has
    # one bit less. qnnpack is slower there, and exact (99.7 %). Arm builds know nothing else.
    is_arm = engine == "none"
    processor = torch.cpu.get_capabilities()
    has_vnni = processor.get("avx512_vnni") or processor.get("avx_vnni")
    return "qnnpack" if is_arm or not has_vnni else engine
