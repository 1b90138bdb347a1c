"""Resident memory, of a process that does one thing alone.

    python -m emotion_recognition.tools.benchmark.memory frame default default onnxruntime
    python -m emotion_recognition.tools.benchmark.memory onnx FILE 1x3x288x288 ...

What one process has loaded cannot be told apart from what others need, so each case is a process of
its own. It prints one line of JSON. Without ROS: a node needs its middleware beside.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

_RUNS = 20


@dataclass(frozen=True)
class Memory:
    """Resident bytes. libraries: before a network is loaded. working: after some runs."""

    libraries: int
    working: int

    @property
    def networks(self) -> int:
        """What the networks, and working with them, took."""
        return self.working - self.libraries


def of_frame(detector: str, classifier: str, backend: str) -> Memory | None:
    """Of the whole frame with packaged models, one thread; None where the system does not tell.

    Raises RuntimeError with the process's last words if it fails.
    """
    return _of(["frame", detector, classifier, backend])


def of_onnx(files: Sequence[tuple[Path, str]]) -> Memory | None:
    """Of networks in ONNX Runtime, one thread. files: each with its input's shape, as 1x3x64x64."""
    return _of(["onnx", *(word for file, shape in files for word in (str(file), shape))])


def _of(words: Sequence[str]) -> Memory | None:
    done = subprocess.run(
        [sys.executable, "-m", __name__, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise RuntimeError(f"memory of {' '.join(words)}: {said[-1]}")
    libraries, working = json.loads(done.stdout.splitlines()[-1])
    return None if libraries is None or working is None else Memory(libraries, working)


def resident() -> int | None:
    """Resident bytes of this process; None where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    found = re.search(r"^VmRSS:\s*(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _frame(detector: str, classifier: str, backend: str) -> tuple[int | None, int | None]:
    from importlib import import_module

    from emotion_recognition.pipeline import EmotionPipeline
    from emotion_recognition.tools.benchmark.scenes import scene

    import_module(f"emotion_recognition.backends.{backend}_backend")
    before, image = resident(), scene(1)
    pipeline = EmotionPipeline(detector=detector, classifier=classifier, backend=backend, threads=1)
    for _ in range(_RUNS):
        pipeline(image)
    return before, resident()


def _onnx(files: Sequence[str], shapes: Sequence[str]) -> tuple[int | None, int | None]:
    from emotion_recognition.tools.benchmark.peers import OnnxNetwork

    before = resident()
    networks = [OnnxNetwork(Path(file).read_bytes(), threads=1) for file in files]
    inputs = [np.zeros([int(axis) for axis in shape.split("x")], np.float32) for shape in shapes]
    for _ in range(_RUNS):
        for network, values in zip(networks, inputs, strict=True):
            network(values)
    return before, resident()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    kind, *words = sys.argv[1:]
    print(json.dumps(_frame(*words) if kind == "frame" else _onnx(words[::2], words[1::2])))
