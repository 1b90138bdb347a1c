"""Whether something has become slower: a few ratios beside those that are expected.

Ratios only, because a time says more of the machine than of the code; of the processor's time, and
with tolerances that other processors and libraries keep. They are a sign to look closer and no
test: what is off is marked, and nothing fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from emotion_recognition.core.manifest import DEFAULT_CLASSIFIER
from emotion_recognition.tools.benchmark import peers, stages
from emotion_recognition.tools.benchmark.networks import MissingLibraryError
from emotion_recognition.tools.benchmark.scenes import scene
from emotion_recognition.tools.benchmark.timing import Case, Row, Subject, measure, whole

#: The ratios that are expected, by their names. `accept` writes it.
EXPECTED = Path(__file__).with_name("expected_ratios.json")

SECONDS = 10.0
BACKEND = "onnxruntime"
DETECTOR, OTHER_DETECTOR = "default", "paper"

REFERENCE = "reference"
FRAME_TO_REFERENCE = "whole frame, to a fixed piece of work with OpenCV and NumPy"
FIVE_FACES = "whole frame with five faces, to one"
DETECTORS = "network of the detector 'default', to that of 'paper'"
AROUND_NETWORKS = "whole frame, to its two networks alone"
FRAME_TO_PEER = "whole frame, to YuNet and mini-Xception"
NETWORK_TO_PEER = "network of the detector 'default', to YuNet's"

#: By what factor a ratio may be above the expected one. OpenCV and NumPy differ most in how well
#: they were built for a processor.
TOLERANCES = {
    FRAME_TO_REFERENCE: 2.0,
    FIVE_FACES: 1.4,
    DETECTORS: 1.5,
    AROUND_NETWORKS: 1.4,
    FRAME_TO_PEER: 1.5,
    NETWORK_TO_PEER: 1.5,
}


@dataclass(frozen=True)
class Finding:
    """A ratio as it is and as it was expected; None where nothing was."""

    name: str
    found: float
    expected: float | None

    @property
    def is_off(self) -> bool:
        """Whether it is above what is expected by more than the tolerance."""
        return self.expected is not None and self.found > self.expected * TOLERANCES[self.name]


def check(seconds: float = SECONDS) -> list[Finding]:
    """Measures every ratio; without the module onnx those to peers are left out.

    Raises BackendError without onnxruntime, ModelError.
    """
    rows = measure(list(_cases()), seconds)
    expected = json.loads(EXPECTED.read_text(encoding="utf-8")) if EXPECTED.exists() else {}
    return [Finding(name, value, expected.get(name)) for name, value in ratios(rows).items()]


def accept(findings: Sequence[Finding]) -> None:
    """Makes what was found what is expected from now on."""
    content = {finding.name: round(finding.found, 3) for finding in findings}
    EXPECTED.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def as_text(findings: Sequence[Finding]) -> str:
    """A line for each, and one at the end that counts those that are off."""
    width = max(len(finding.name) for finding in findings)
    lines = [f"{'ratio of processor time':{width}}  found  expected"]
    for finding in findings:
        expected = "-" if finding.expected is None else f"{finding.expected:.2f}"
        mark = f"  OFF by more than {TOLERANCES[finding.name]:g}" if finding.is_off else ""
        lines.append(f"{finding.name:{width}}  {finding.found:5.2f}  {expected:>8}{mark}")
    off = sum(finding.is_off for finding in findings)
    lines.append(
        f"{off} of {len(findings)} ratios are off: measure again, then look what has become slower"
        if off
        else f"{len(findings)} ratios are as expected or better"
    )
    return "\n".join(lines)


def ratios(rows: Sequence[Row]) -> dict[str, float]:
    """The ratios of what was measured, by name."""
    times = {
        (row.subject.model, row.stage, row.subject.faces): row.spread.processor for row in rows
    }
    frame = _frame_name(DETECTOR)
    one, five = times[frame, stages.FRAME, 1], times[frame, stages.FRAME, 5]
    network = times[DETECTOR, stages.DETECTOR_STAGES[1], 1]
    classifier = times[DEFAULT_CLASSIFIER, stages.CLASSIFIER_STAGES[1], 1]
    found = {
        FRAME_TO_REFERENCE: one / times[REFERENCE, REFERENCE, 0],
        FIVE_FACES: five / one,
        DETECTORS: network / times[OTHER_DETECTOR, stages.DETECTOR_STAGES[1], 1],
        AROUND_NETWORKS: one / (network + classifier),
    }
    peer = f"{peers.YUNET} + {peers.MINI_XCEPTION}"
    if (peer, stages.FRAME, 1) in times:
        found[FRAME_TO_PEER] = one / times[peer, stages.FRAME, 1]
        found[NETWORK_TO_PEER] = network / times[peers.YUNET, stages.DETECTOR_STAGES[1], 1]
    return found


def _frame_name(detector: str) -> str:
    return f"{detector} + {DEFAULT_CLASSIFIER}"


def _cases() -> Iterator[Case]:
    yield Case(Subject(REFERENCE), whole(REFERENCE, _Reference()))
    yield from stages.detector_cases((DETECTOR, OTHER_DETECTOR), (), BACKEND, 1, "auto")
    yield from stages.classifier_cases(DEFAULT_CLASSIFIER, (1,), BACKEND, 1, "auto")
    yield from stages.frame_cases(DETECTOR, DEFAULT_CLASSIFIER, (1, 5), BACKEND, 1)
    try:
        yield from peers.cases(peers.Peers(tiny_yolo=False), 1, (1,), peers.YUNET_INPUTS[:1])
    except MissingLibraryError:
        return


class _Reference:
    """Work of a few milliseconds that no change of this package makes slower."""

    def __init__(self) -> None:
        self._image = scene(1)
        self._numbers = np.random.default_rng(0).random(200_000, dtype=np.float32)

    def __call__(self) -> None:
        cv2.GaussianBlur(self._image, (5, 5), 0)
        np.exp(self._numbers)
