"""emotion_node with the real models, of which one run hangs for as long as a file exists."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import emotion_recognition.ros.emotion_node.node as module
from emotion_recognition import EmotionPipeline
from emotion_recognition.core.types import Result
from emotion_recognition.ros.emotion_node.__main__ import main

BRAKE = Path(os.environ["HANG_WHILE_EXISTS"])


class HangingPipeline(EmotionPipeline):
    def _process(self, image: NDArray[np.uint8], score_threshold: float) -> Result:
        if BRAKE.exists():
            print("Hanging", flush=True)
        while BRAKE.exists():
            time.sleep(0.01)
        return super()._process(image, score_threshold)


if __name__ == "__main__":
    module.EmotionPipeline = HangingPipeline  # type: ignore[misc]
    sys.exit(main())
