"""ONNX Runtime: the int8 network in QDQ form, or the float one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

# Since 1.32 it otherwise keeps a device id and events under ~/.cache and sends them to its vendor.
# Decided here, whatever the environment says: it is read once, during the import.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.manifest import FileKind

FILES: tuple[FileKind, ...] = ("onnx_int8", "onnx_float")


def open_network(content: bytes, threads: int) -> Network:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Idle threads that spin between frames would take the cores from the rest of the robot.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # On x86-64 without VNNI the faster kernels of int8 saturate at 16 bits, which costs accuracy.
    # With it they do not, and the slower ones would take 1.7 times as long.
    if not has_vnni():
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    input_name = session.get_inputs()[0].name

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(session.run(None, {input_name: tensor})[0], np.float32)

    return run


def has_vnni(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor adds up products of int8 in 32 bits; False where nothing tells."""
    try:
        flags = set(cpuinfo.read_text().split())
    except OSError:
        return False
    return not flags.isdisjoint({"avx512_vnni", "avx_vnni"})
