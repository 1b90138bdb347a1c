"""ncnn: the float network, in 16-bit arithmetic where the processor and the file have it."""

from __future__ import annotations

import os
from collections.abc import Callable

# Idle threads that spin between frames would take the cores from the rest of the robot. The runtime
# of OpenMP that comes with ncnn reads this once, during the import.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import ncnn
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.manifest import FileKind

FILES: tuple[FileKind, ...] = ("ncnn_float",)


def open_network(content: bytes, threads: int) -> Network:
    """content: ncnn's text of the layers, a zero byte, and its file of weights.

    The layer `Input` must say which shape it takes, with 0 for a side that may be any: ncnn itself
    checks no shapes and would read beyond its memory. Raises ValueError for another content.
    """
    layers, _, weights = content.partition(b"\0")
    expected = _input_shape(layers)
    network = ncnn.Net()
    # Unless told otherwise one thread: these networks are so small that waking more for every layer
    # takes longer than what they save, and on a busy processor each layer waits for the last one.
    network.opt.num_threads = threads or 1
    # On maps as small as these its transforms cost more than they save, and they round worse.
    network.opt.use_winograd63_convolution = False
    if _load(network.load_param, layers) or _load(network.load_model, weights):
        raise ValueError("ncnn cannot read its layers or weights")
    (input_name,), (output_name,) = network.input_names(), network.output_names()

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        sides = zip(tensor.shape[1:], expected, strict=False)
        if tensor.shape[0] != 1 or tensor.ndim != 4 or any(b not in (0, a) for a, b in sides):
            raise ValueError(f"the input has the shape {tensor.shape}, expected {(1, *expected)}")
        extractor = network.create_extractor()
        # ncnn reads the array where it is, so it has to live on until the result is there.
        image = np.ascontiguousarray(tensor[0], np.float32)
        extractor.input(input_name, ncnn.Mat(image))
        failed, output = extractor.extract(output_name)
        if failed:
            raise RuntimeError(f"ncnn cannot compute an input of the shape {tensor.shape}")
        return np.array(output, np.float32)[None]

    return run


def _input_shape(layers: bytes) -> tuple[int, int, int]:
    """Channels, height and width that the first layer takes; 0: any."""
    lines = layers.decode("ascii", "replace").splitlines()
    words = lines[2].split() if len(lines) > 2 else []
    if words[:1] != ["Input"]:
        raise ValueError("no layers of an ncnn network")
    sizes = dict(word.split("=", 1) for word in words if "=" in word)
    try:
        width, height, channels = (int(sizes[key]) for key in "012")
    except (KeyError, ValueError) as error:
        raise ValueError("the layer Input does not say which shape it takes") from error
    return channels, height, width


def _load(read: Callable[[str], int], content: bytes) -> int:
    """What ncnn returns for content as the file that it wants: not 0 for one it cannot use."""
    # A file in memory: from bare memory ncnn would read on beyond the end of what was cut off.
    with open(os.memfd_create("ncnn"), "wb") as file:
        file.write(content)
        file.flush()
        return read(f"/proc/self/fd/{file.fileno()}")
