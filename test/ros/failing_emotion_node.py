"""emotion_node whose models fail to load twice, in different ways, before they load."""

from __future__ import annotations

import sys
from typing import Any

import emotion_recognition.ros.emotion_node.node as module
from emotion_recognition import EmotionPipeline
from emotion_recognition.core.errors import ModelError
from emotion_recognition.ros.emotion_node.__main__ import main

failures: list[Exception] = [ModelError("int8.onnx is damaged"), KeyError("unforeseen")]


class FailingPipeline(EmotionPipeline):
    def __init__(self, *args: Any, **settings: Any) -> None:  # noqa: ANN401
        if failures:
            raise failures.pop(0)
        super().__init__(*args, **settings)


if __name__ == "__main__":
    module.EmotionPipeline = FailingPipeline  # type: ignore[misc]
    sys.exit(main())
