"""Turns trained weights into a packaged model: int8 and float files, measured, with a manifest.

python -m emotion_recognition.training.publish --help
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from emotion_recognition.core.classifier import EmotionClassifier, softmax
from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.core.manifest import MODELS, FileKind, Kind
from emotion_recognition.core.types import EMOTIONS, LABELS
from emotion_recognition.training.calibration_data import calibration_crops, calibration_faces
from emotion_recognition.training.confidence import (
    MOST_RISK,
    TARGET_RISK,
    fit_class_offsets,
    fit_confidence,
    split_halves,
    threshold_for_all,
)
from emotion_recognition.training.emotion_data import input_batches, read_ferplus, votes_for
from emotion_recognition.training.headline import measure
from emotion_recognition.training.labelled_faces import LabelledFaces
from emotion_recognition.training.ncnn_export import export_ncnn
from emotion_recognition.training.networks import PaperClassifier, PaperDetector
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.package_files import FILE_NAMES, write_manifest
from emotion_recognition.training.perturbations import PERTURBATIONS, perturbed
from emotion_recognition.training.quantize import (
    calibrate,
    convert_to_int8,
    fuse,
    save_torchscript,
)
from emotion_recognition.training.residual_network import CertaintyClassifier, DefaultClassifier

LICENSE = (
    "Weights: Apache-2.0, as the package. They were trained on data of which parts are licensed "
    "for research only; see data_sources."
)
FACES = (
    "8,016 images gathered from public face, mask and driver data sets, and negatives",
    "a fifth of the training boxes were found by a machine (YuNet, score >= 0.85), and most of the "
    "others are annotated faces with its tighter box",
)
FERPLUS = "FER2013 images (Goodfellow et al., 2013) with the FER+ votes (Barsoum et al., 2016)"
FER2013 = "FER2013 images with their original labels (Goodfellow et al., 2013)"
WILD = "faces of news photographs (LFW) and film stills, labelled by a teacher trained on FER+"
DETECTED = "the detectors' training faces, labelled by a teacher trained on FER+"
MASKED = "783 of the detectors' training faces, nine in ten of them in masks, for the certainty"


@dataclass(frozen=True)
class Release:
    """A packaged model: what it is, and what it was made from.

    class_offsets: whether a classifier's logits are corrected, see `fit_class_offsets`. The paper
    does not do so. classes: of a classifier, the first ones of EMOTIONS. torchscript: the file for
    torch. Its integer engines differ from processor to processor.
    """

    kind: Kind
    name: str
    network: Callable[[], nn.Module]
    architecture: str
    data_sources: tuple[str, ...]
    class_offsets: bool = False
    classes: int = len(LABELS)
    torchscript: FileKind = "torchscript_int8"


RELEASES = {
    f"{release.kind}_{release.name}": release
    for release in (
        Release("detector", "paper", PaperDetector, "Table I of the paper", FACES),
        Release("classifier", "paper", PaperClassifier, "Table II of the paper", (FERPLUS,)),
        Release(
            "classifier", "paper_fer2013", PaperClassifier, "Table II of the paper", (FER2013,)
        ),
        Release(
            "classifier",
            "default",
            DefaultClassifier,
            "residual network, see training/residual_network.py",
            (FERPLUS, WILD, MASKED),
            class_offsets=True,
        ),
        Release(
            "classifier",
            "eight",
            partial(DefaultClassifier, len(EMOTIONS)),
            "residual network, see training/residual_network.py",
            (FERPLUS, WILD, DETECTED, MASKED),
            class_offsets=True,
            classes=len(EMOTIONS),
            torchscript="torchscript_float",
        ),
    )
}


def interface(release: Release) -> dict[str, Any]:
    """What a manifest says of a network's input and output."""
    if release.kind == "detector":
        return {
            "input": "float32 (1, 3, 288, 288), BGR / 255, letterboxed with gray 114",
            "output": "float32 (1, 11, 9, 9): 2 x (x, y, sqrt w, sqrt h, confidence), class score",
            "input_shape": FaceDetector.INPUT_SHAPE,
            "output_shape": FaceDetector.OUTPUT_SHAPE,
            "labels": ["face"],
        }
    return {
        "input": "float32 (1, 1, 64, 64), gray / 255",
        "output": f"float32 (1, {release.classes}) logits; softmax(logits / temperature)",
        "input_shape": EmotionClassifier.INPUT_SHAPE,
        "output_shape": (1, release.classes),
        "labels": EMOTIONS[: release.classes],
    }


def write_files(
    release: Release, weights: Path, quantization_aware: Path | None, data: Path, folder: Path
) -> dict[str, float]:
    """Exports every artefact; returns what was fitted to a classifier's confidence.

    quantization_aware: fused.pt of a run that trained `weights` further with rounding. All files
    are then made from it, the float one without the rounding. Without it the int8 files are
    quantized after training.
    """
    state = read_weights(release, weights)
    network = network_of(release, state)
    network.load_state_dict(state)
    certain = isinstance(network, CertaintyClassifier)
    fused = fuse(network)
    if release.kind == "detector":
        output_layer, example = "head", torch.rand(1, 3, 288, 288)
        batches = calibration_faces(data / "faces")
    else:
        output_layer = "classifier.linear" if certain else "linear"
        example = torch.rand(1, 1, 64, 64)
        batches = calibration_crops(read_ferplus(data / "emotion" / "ferplus.npz", "train"))
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILE_NAMES.values():
        (folder / name).unlink(missing_ok=True)
    if quantization_aware is not None:
        fused.load_state_dict(torch.load(quantization_aware, weights_only=True))
    calibrated = calibrate(fused, output_layer, batches, example)
    settings = {}
    if release.kind == "classifier":
        ferplus = data / "emotion" / "ferplus.npz"
        settings = fit_to_confidence(release, calibrated, fused, ferplus, certain)
    export_onnx(fused, example, folder / FILE_NAMES["onnx_float"])
    export_onnx(calibrated, example, folder / FILE_NAMES["onnx_int8"])
    export_ncnn(folder / FILE_NAMES["onnx_float"], folder / FILE_NAMES["ncnn_float"])
    traced = fused if release.torchscript == "torchscript_float" else convert_to_int8(calibrated)
    save_torchscript(traced, example, folder / FILE_NAMES[release.torchscript])
    return settings


def network_of(release: Release, names: Collection[str]) -> nn.Module:
    """The network that has weights of these names: a classifier may tell how certain it is."""
    if any(name.startswith("certainty.") for name in names):
        return CertaintyClassifier(release.classes)
    return release.network()


def read_weights(release: Release, path: Path) -> dict[str, torch.Tensor]:
    """A run's float.pt. Of a classifier that learned more emotions the first classes are kept."""
    state: dict[str, torch.Tensor] = torch.load(path, weights_only=True)
    if release.kind == "classifier" and "linear.weight" in state:
        for name in ("linear.weight", "linear.bias"):
            state[name] = state[name][: release.classes].clone()
    return state


def fit_to_confidence(
    release: Release, calibrated: nn.Module, fused: nn.Module, ferplus: Path, certain: bool
) -> dict[str, float]:
    """The temperature, and the reject threshold that leaves a risk of TARGET_RISK.

    certain: whether the networks tell how certain an answer is. Then the threshold leaves no more
    than MOST_RISK under any of PERTURBATIONS either, and the offsets of the classes are there
    already. Otherwise, if the release has them, they become part of the last layer of both
    networks. All from one half of valid; the other stays for measuring, see
    `confidence.split_halves`.
    """
    images = read_ferplus(ferplus, "valid", kind=votes_for(release.classes))
    half, _ = split_halves(len(images.crops))
    labels = images.labels[half]
    logits = _logits(calibrated, [images.crops[index] for index in half])
    if release.class_offsets and not certain:
        offsets = fit_class_offsets(softmax(logits), labels)
        with torch.no_grad():
            for network in (calibrated, fused):
                network.get_submodule("linear").bias += torch.from_numpy(offsets)  # type: ignore[operator]
        logits = logits + offsets
    temperature, threshold = fit_confidence(softmax(logits), labels, TARGET_RISK)
    if certain:
        # Of the float network, as this is many faces and rounding takes four times as long.
        faces = LabelledFaces([images.crops[index] for index in half], labels)
        conditions = [
            softmax(_logits(fused, perturbed(faces, item, level)) / np.float32(temperature))
            for item in PERTURBATIONS
            for level in item.levels
        ]
        threshold = threshold_for_all(conditions, labels, MOST_RISK, threshold)
    return {"temperature": temperature, "reject_threshold": round(threshold, 3)}


def _logits(model: nn.Module, crops: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    with torch.inference_mode():
        parts = [model(inputs).numpy() for inputs in input_batches(crops)]
    return np.asarray(np.concatenate(parts), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", choices=RELEASES)
    parser.add_argument("--weights", type=Path, required=True, help="float.pt of a training run")
    parser.add_argument(
        "--quantization-aware", type=Path, help="fused.pt of a run that trained them with rounding"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/ and emotion/")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--score-threshold", type=float, default=0.5, help="of the detector")
    parser.add_argument("--crop-scale", type=float, default=1.0, help="crop side / box side")
    options = parser.parse_args()

    release = RELEASES[options.release]
    folder: Path = options.models / options.release
    fitted = write_files(release, options.weights, options.quantization_aware, options.data, folder)
    if release.kind == "detector":
        settings = {"score_threshold": options.score_threshold}
    else:
        settings = {"crop_scale": options.crop_scale, **fitted}
    content: dict[str, Any] = {
        "architecture": release.architecture,
        **interface(release),
        "settings": settings,
        "quantization": "trained with rounding, then calibrated"
        if options.quantization_aware
        else "calibrated after training",
        "data_sources": release.data_sources,
        "license": LICENSE,
        "metrics": {},
    }
    write_manifest(release.kind, folder, content)
    content["metrics"] = measure(release.kind, options.data, options.models, name=release.name)
    write_manifest(release.kind, folder, content)
    print(json.dumps(content["metrics"], indent=2))


if __name__ == "__main__":
    main()
