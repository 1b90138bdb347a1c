"""OpenCV's dnn module, versions 4 and 5: the float network.

Its int8 kernels are not faster than its float ones, so only float files are run.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.manifest import FileKind

FILES: tuple[FileKind, ...] = ("onnx_float",)


def open_network(content: bytes, threads: int) -> Network:
    network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    # For the process: OpenCV has no setting of a single network. Nodes have set it to 1.
    cv2.setNumThreads(threads or cv2.getNumberOfCPUs())

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        network.setInput(tensor)
        # The result is the network's own buffer, which the next call overwrites.
        return np.array(network.forward(), np.float32)

    return run
