"""What faults are tried on, and how it is told what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from conftest import Peer
from conversation import Pixels
from node_process import NodeProcess

from emotion_recognition.core.images.sources import open_source
from emotion_recognition.msg import FaceEmotionArray

NODE = "emotion_recognition.ros.emotion_node"
CAMERA_RATE = 30.0  # images per second


@dataclass
class Outcome:
    """How often a fault was made, what went wrong, and what else is worth a word."""

    times: int = 0
    failures: list[str] = field(default_factory=list)
    remark: str = ""

    def check(self, is_well: bool, otherwise: str) -> None:
        """Counts a fault. otherwise: what to say where the node did not come through."""
        self.times += 1
        if not is_well:
            self.failures.append(otherwise)

    def __str__(self) -> str:
        failed = f", {len(self.failures)} FAILED: {self.failures[0]}" if self.failures else ""
        return f"{self.times} times{failed}" + (f"; {self.remark}" if self.remark else "")


class Bench:
    """Starts nodes for faults, one after another. folder: for what they write."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self.peer = peer
        self.image: Pixels = np.asarray(next(iter(open_source("astronaut", width=320))), np.uint8)
        self._folder = folder
        self._started = 0

    def start(self, module: str = NODE, **options: Any) -> NodeProcess:  # noqa: ANN401
        """A node; options: as NodeProcess."""
        self._started += 1
        return NodeProcess(["-m", module], self._folder / f"{self._started}.log", **options)

    def camera(self, **parameters: object) -> NodeProcess:
        """video_source at a camera's rate."""
        return self.start("emotion_recognition.ros.video_source", rate=CAMERA_RATE, **parameters)

    def is_answered(self, timeout: float = 20.0) -> bool:
        """Whether answers come to whatever is sent now."""
        answers = self.peer.subscribe(FaceEmotionArray, "emotions")
        try:
            answers.wait_for(lambda _: len(answers.all) > 5, timeout)  # none from before
        except AssertionError:
            return False
        finally:
            self.peer.unsubscribe(answers)
        return True
