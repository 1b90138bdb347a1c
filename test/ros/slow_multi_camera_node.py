"""multi_camera_node with the real models on a machine that is too slow for the cameras."""

from __future__ import annotations

import sys

from slow_emotion_node import SlowPipeline

import emotion_recognition.ros.multi_camera_node.node as module
from emotion_recognition.ros.multi_camera_node.__main__ import main

if __name__ == "__main__":
    module.EmotionPipeline = SlowPipeline  # type: ignore[misc]
    sys.exit(main())
