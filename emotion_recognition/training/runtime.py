"""A torch module behind the interface that the inference core expects."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emotion_recognition.core.arrays import Network


def as_network(model: nn.Module) -> Network:
    """float32 arrays in and out, evaluated without gradients."""

    def run(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            output = model.eval()(torch.from_numpy(np.ascontiguousarray(tensor)))
        return np.asarray(output.float().numpy(), np.float32)

    return run
