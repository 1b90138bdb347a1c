"""The headline figures of a packaged model, of each of its files: those in the manifests."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from emotion_recognition.backends import Precision, open_model
from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.detectors import make_detector
from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.core.manifest import MODELS, FileKind, Kind, read_manifest
from emotion_recognition.core.types import LABELS
from emotion_recognition.training.detection_data import read_annotations
from emotion_recognition.training.emotion_data import LabelKind, read_ferplus
from emotion_recognition.training.evaluate_classifier import among, classifier_figures
from emotion_recognition.training.evaluate_detector import detector_figures
from emotion_recognition.training.evaluate_landmarker import landmarker_figures
from emotion_recognition.training.face_landmarks import read_landmarked
from emotion_recognition.training.landmarker_data import landmarked_faces

#: The backend and precision that each artefact is measured with.
ARTEFACTS: dict[FileKind, tuple[str, Precision]] = {
    "onnx_int8": ("onnxruntime", "int8"),
    "onnx_float": ("onnxruntime", "float"),
    "ncnn_float": ("ncnn", "float"),
    "torchscript_int8": ("torch", "int8"),
    "torchscript_float": ("torch", "float"),
}


def measure(
    kind: Kind,
    data: Path,
    models: Path = MODELS,
    artefacts: tuple[FileKind, ...] | None = None,
    name: str = "paper",
    limit: int | None = None,
) -> dict[FileKind, dict[str, float]]:
    """Headline figures of each artefact: detector and landmarker on faces val, classifier on FER+
    valid.

    A classifier's are under the protocol of the four classes or of all eight; of one that knows
    eight, accuracy_four is under that of the four, asked about these alone. accuracy_fer2013 is
    against the original labels of the faces of valid that have one of the four, likewise.

    data: folder with faces/ and emotion/ferplus.npz. artefacts: None for all that the model has.
    limit: use only so many images.
    """
    manifest = read_manifest(kind, name, models)
    if kind == "detector":
        images = read_annotations(data / "faces", "val")[:limit]
    elif kind == "landmarker":
        landmarked = landmarked_faces(read_landmarked(data / "faces", "val")[:limit])
    else:
        ferplus = data / "emotion" / "ferplus.npz"
        four, eight, original = (
            read_ferplus(ferplus, "valid", limit, kind) for kind in get_args(LabelKind)
        )
    metrics = {}
    if artefacts is None:
        artefacts = tuple(kind for kind in ARTEFACTS if kind in manifest.files)
    for artefact in artefacts:
        backend, precision = ARTEFACTS[artefact]
        network = open_model(manifest, backend, precision=precision)
        if kind == "detector":
            detector = make_detector(manifest, network)
            figures = detector_figures(detector, images, detector.score_threshold)
        elif kind == "landmarker":
            figures = landmarker_figures(FaceLandmarker(network), landmarked)
        else:
            labels = manifest.labels
            classifier = EmotionClassifier(network, manifest.settings["temperature"], labels)
            of_four = among(len(LABELS), classifier)
            knows_eight = len(labels) > len(LABELS)
            figures = classifier_figures(classifier, eight if knows_eight else four)
            if knows_eight:
                figures["accuracy_four"] = classifier_figures(of_four, four)["accuracy"]
            figures["accuracy_fer2013"] = classifier_figures(of_four, original)["accuracy"]
        metrics[artefact] = {key: round(value, 4) for key, value in figures.items()}
    return metrics
