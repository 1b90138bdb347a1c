"""The types of the arrays that are passed around."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: An image: uint8 (H, W, 3) BGR, or (H, W) gray where that is said.
Pixels: TypeAlias = NDArray[np.uint8]

#: Threads of one inference at most, for any backend.
MOST_THREADS = 256

#: A network as every backend offers it: float32 (N, C, H, W) in, float32 out.
Network: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
