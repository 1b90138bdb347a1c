"""The detectors there are, each behind the network that it decodes."""

from __future__ import annotations

from emotion_recognition.core.detector import FaceDetector, Network
from emotion_recognition.core.manifest import Manifest
from emotion_recognition.core.multilevel import MultilevelDetector

Detector = FaceDetector | MultilevelDetector


def make_detector(manifest: Manifest, network: Network, input_width: int | None = None) -> Detector:
    """The detector of a packaged model.

    input_width: of the network's input in pixels, a multiple of 32, for a model whose manifest
    says that it takes any (it has a default); None for that default. Raises ValueError for a width
    that cannot be.
    """
    threshold = manifest.settings["score_threshold"]
    default = manifest.settings.get("input_width")
    if default is None:
        if input_width is not None:
            raise ValueError(
                f"detector '{manifest.name}' has an input of fixed size; "
                f"expected no input_width, got {input_width}"
            )
        return FaceDetector(network, threshold)
    width = int(default) if input_width is None else input_width
    return MultilevelDetector(network, threshold, width)
