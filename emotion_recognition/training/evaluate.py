"""Recomputes the figures in the manifests.

python -m emotion_recognition.training.evaluate --help
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from emotion_recognition.backends import Precision, open_model
from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.core.manifest import MODELS, FileKind, Kind, read_manifest
from emotion_recognition.training.detection_data import read_annotations
from emotion_recognition.training.emotion_data import read_ferplus
from emotion_recognition.training.evaluate_classifier import classifier_figures
from emotion_recognition.training.evaluate_detector import detector_figures

#: The backend and precision that each artefact is measured with.
ARTEFACTS: dict[FileKind, tuple[str, Precision]] = {
    "onnx_int8": ("onnxruntime", "int8"),
    "onnx_float": ("onnxruntime", "float"),
    "torchscript_int8": ("torch", "int8"),
}


def measure(
    kind: Kind,
    data: Path,
    models: Path = MODELS,
    artefacts: tuple[FileKind, ...] = tuple(ARTEFACTS),
) -> dict[FileKind, dict[str, float]]:
    """Figures of each artefact: detector on faces val, classifier on FER+ valid.

    data: folder with faces/ and emotion/ferplus.npz.
    """
    manifest = read_manifest(kind, "paper", models)
    metrics = {}
    for artefact in artefacts:
        backend, precision = ARTEFACTS[artefact]
        network = open_model(manifest, backend, precision=precision)
        if kind == "detector":
            threshold = manifest.settings["score_threshold"]
            images = read_annotations(data / "faces", "val")
            figures = detector_figures(FaceDetector(network, threshold), images, threshold)
        else:
            crops = read_ferplus(data / "emotion" / "ferplus.npz", "valid")
            classifier = EmotionClassifier(network, manifest.settings["temperature"])
            figures = classifier_figures(classifier, crops)
        metrics[artefact] = {key: round(value, 4) for key, value in figures.items()}
    return metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/ and emotion/")
    options = parser.parse_args()
    kinds: tuple[Kind, ...] = ("detector", "classifier")
    print(json.dumps({kind: measure(kind, options.data) for kind in kinds}, indent=2))


if __name__ == "__main__":
    main()
