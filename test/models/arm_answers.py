"""Compares whole-frame answers on 64-bit Arm, under QEMU, with those of this machine.

    python test/models/arm_answers.py USERLAND SOURCE

USERLAND is a folder with `root`, an arm64 Debian with Python 3.11, and `site`, PyPI's aarch64
wheels of NumPy, OpenCV, ONNX Runtime and ncnn, unpacked. SOURCE is a folder of pictures or anything
else that `open_source` takes. Prints the largest differences of each model, backend and processor,
and ends with exit code 1 if one is above LIMITS.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from emotion_recognition import EmotionPipeline

ROOT = Path(__file__).resolve().parents[2]
BACKENDS = ("onnxruntime", "opencv", "ncnn")
#: As QEMU calls the processors of a Raspberry Pi 4 and 5; only the second computes with 16 bits.
PROCESSORS = ("cortex-a72", "cortex-a76")
#: Pixels of a box, probability of an emotion.
LIMITS = (2.0, 0.05)
#: A face this close to the threshold, in score, may be found on one side only.
NEAR_THRESHOLD = 0.02

Answers = list[list[dict[str, Any]]]


@dataclass(frozen=True)
class Difference:
    """The largest differences over all images.

    faces: found on both sides. pixels: of a box's edge. alone: scores of faces found on one side.
    """

    faces: int
    pixels: float
    probability: float
    score: float
    alone: tuple[float, ...]

    def within_limits(self, threshold: float) -> bool:
        return (
            self.faces > 0
            and self.pixels <= LIMITS[0]
            and self.probability <= LIMITS[1]
            and all(abs(score - threshold) <= NEAR_THRESHOLD for score in self.alone)
        )


def answers(images: Sequence[np.ndarray], detector: str, backend: str) -> Answers:
    """The faces of each image: box, score and probabilities."""
    pipeline = EmotionPipeline(detector=detector, backend=backend, threads=1)
    return [
        [
            {
                "box": [face.box.x1, face.box.y1, face.box.x2, face.box.y2],
                "score": face.score,
                "probabilities": face.probabilities,
            }
            for face in pipeline(image)
        ]
        for image in images
    ]


def answers_on_arm(
    userland: Path, processor: str, images: Path, detector: str, backend: str
) -> Answers:
    """The same, computed under QEMU by this file. images: of `numpy.savez`."""
    root = userland / "root"
    variables = {
        "LD_LIBRARY_PATH": str(root / "usr/lib/aarch64-linux-gnu"),
        "PYTHONHOME": str(root / "usr"),
        "PYTHONPATH": f"{userland / 'site'}:{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    given = [argument for item in variables.items() for argument in ("-E", "=".join(item))]
    qemu = ["qemu-aarch64", "-cpu", processor, "-L", str(root), *given]
    python = [str(root / "usr/bin/python3.11"), __file__, "--answer", str(images)]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    finished = subprocess.run(
        [*qemu, *python, "--detector", detector, "--backend", backend],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    found: Answers = json.loads(finished.stdout.splitlines()[-1])
    return found


def compare(one: Answers, other: Answers) -> Difference:
    """Pairs the faces of each image by how much their boxes overlap."""
    pixels, probability, score, alone = [0.0], [0.0], [0.0], []
    faces = 0
    for first, second in zip(one, other, strict=True):
        left = list(second)
        for face in first:
            partner = max(left, key=lambda item: overlap(item["box"], face["box"]), default=None)
            if partner is None or overlap(partner["box"], face["box"]) < 0.5:
                alone.append(face["score"])
                continue
            left.remove(partner)
            faces += 1
            pixels.append(largest(face["box"], partner["box"]))
            probability.append(largest(face["probabilities"], partner["probabilities"]))
            score.append(abs(face["score"] - partner["score"]))
        alone += [face["score"] for face in left]
    return Difference(faces, max(pixels), max(probability), max(score), tuple(alone))


def largest(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.abs(np.subtract(one, other)).max())


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    both = float(np.prod(sides.clip(0)))
    areas = [float(np.prod(np.subtract(box[2:], box[:2]))) for box in (one, other)]
    return both / (sum(areas) - both)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("userland", type=Path)
    parser.add_argument("source")
    parser.add_argument("--images", type=int, default=24, help="the first so many (%(default)s)")
    parser.add_argument("--detectors", nargs="*", default=["default", "paper"])
    parser.add_argument("--backends", nargs="*", default=BACKENDS)
    parser.add_argument("--processors", nargs="*", default=PROCESSORS)
    options = parser.parse_args()
    from emotion_recognition.core.images.sources import open_source  # needs Pillow

    images = list(itertools.islice(open_source(options.source), options.images))
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "images.npz")
        np.savez(file, *images)
        for detector, backend in itertools.product(options.detectors, options.backends):
            threshold = EmotionPipeline(detector=detector, backend=backend).score_threshold
            here = answers(images, detector, backend)
            for processor in options.processors:
                there = answers_on_arm(options.userland, processor, file, detector, backend)
                difference = compare(here, there)
                good = difference.within_limits(threshold)
                failed |= not good
                print(
                    f"{detector:8} {backend:12} {processor} {'same' if good else 'DIFFERENT'}: "
                    f"{difference.faces} faces in {len(images)} images; box "
                    f"{difference.pixels:.2f} px, probability {difference.probability:.4f}, "
                    f"score {difference.score:.4f}; on one side only, scores: "
                    f"{[round(score, 3) for score in difference.alone]}",
                    flush=True,
                )
    return int(failed)


def answer() -> None:
    """What this file does under QEMU: one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--answer")
    parser.add_argument("--detector")
    parser.add_argument("--backend")
    options = parser.parse_args()
    with np.load(options.answer) as images:
        print(json.dumps(answers(list(images.values()), options.detector, options.backend)))


if __name__ == "__main__":
    sys.exit(answer() if "--answer" in sys.argv else main())
