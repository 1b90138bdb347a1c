"""emotion_node with the real models on a machine that is too slow for the camera."""

from __future__ import annotations

import sys
import time

import numpy as np
from numpy.typing import NDArray

import emotion_recognition.ros.emotion_node.node as module
from emotion_recognition import EmotionPipeline
from emotion_recognition.core.types import Result
from emotion_recognition.ros.emotion_node.__main__ import main

SECONDS = 1 / 3


class SlowPipeline(EmotionPipeline):
    def process(self, image: NDArray[np.uint8], score_threshold: float | None = None) -> Result:
        time.sleep(SECONDS)
        return super().process(image, score_threshold)


if __name__ == "__main__":
    module.EmotionPipeline = SlowPipeline  # type: ignore[attr-defined]
    sys.exit(main())
