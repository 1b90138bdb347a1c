"""Turns float weights into a packaged model: int8 and float files, measured, with a manifest.

python -m emotion_recognition.training.publish --help
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion_recognition.core.classifier import prepare_crop, softmax
from emotion_recognition.core.detector import letterbox
from emotion_recognition.core.manifest import MODELS, FileKind, Kind
from emotion_recognition.core.types import LABELS
from emotion_recognition.training.detection_data import read_annotations
from emotion_recognition.training.emotion_data import EmotionImages, read_ferplus
from emotion_recognition.training.evaluate import measure
from emotion_recognition.training.evidence import calibration
from emotion_recognition.training.networks import PaperClassifier, PaperDetector
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.quantize import calibrate, fuse, save_torchscript

CALIBRATION_IMAGES = 512
FILE_NAMES: dict[FileKind, str] = {
    "onnx_int8": "int8.onnx",
    "onnx_float": "float.onnx",
    "torchscript_int8": "int8.pt",
}
LICENSE = (
    "Weights: Apache-2.0, as the package. They were trained on data of which parts are licensed "
    "for research only; see data_sources."
)
SOURCES = {
    "detector": [
        "8,216 images gathered from public face, mask and driver data sets, and negatives",
        "about a third of the training boxes are machine-made (YuNet, score >= 0.85)",
    ],
    "classifier": [
        "FER2013 images (Goodfellow et al., 2013) with the FER+ votes (Barsoum et al., 2016)",
    ],
}


def calibration_faces(folder: Path) -> Iterator[Tensor]:
    """Training images as the detector sees them, without augmentation, in batches of 16."""
    images = read_annotations(folder, "train")
    chosen = np.random.default_rng(0).permutation(len(images))[:CALIBRATION_IMAGES]
    inputs = []
    for index in chosen:
        pixels = cv2.imread(str(images[index].path), cv2.IMREAD_COLOR)
        inputs.append(letterbox(np.asarray(pixels, np.uint8))[0].transpose(2, 0, 1))
    yield from _batches(inputs)


def calibration_crops(images: EmotionImages) -> Iterator[Tensor]:
    chosen = np.random.default_rng(0).permutation(len(images.crops))[:CALIBRATION_IMAGES]
    yield from _batches([prepare_crop(images.crops[index])[None] for index in chosen])


def _batches(inputs: list[NDArray[np.uint8]]) -> Iterator[Tensor]:
    for start in range(0, len(inputs), 16):
        yield torch.from_numpy(np.stack(inputs[start : start + 16])).float() / 255


def fit_temperature(model: nn.Module, images: EmotionImages) -> float:
    """The temperature that calibrates the answers on one half of the images.

    The other half stays for measuring how well it does: see `evidence.calibration`.
    """
    crops = torch.from_numpy(np.stack([prepare_crop(crop) for crop in images.crops]))
    with torch.inference_mode():
        logits = np.asarray(model(crops[:, None].float() / 255).numpy(), np.float32)
    half, _ = calibration.split_halves(len(logits))
    return calibration.fit_temperature(softmax(logits)[half], images.labels[half])


def write_files(
    model: nn.Module, output_layer: str, batches: Iterator[Tensor], example: Tensor, folder: Path
) -> nn.Module:
    """Exports every artefact and returns the calibrated network."""
    folder.mkdir(parents=True, exist_ok=True)
    fused = fuse(model)
    export_onnx(fused, example, folder / FILE_NAMES["onnx_float"])
    calibrated = calibrate(fused, output_layer, batches, example)
    export_onnx(calibrated, example, folder / FILE_NAMES["onnx_int8"])
    save_torchscript(calibrated, example, folder / FILE_NAMES["torchscript_int8"])
    return calibrated


def write_manifest(kind: Kind, folder: Path, content: dict[str, Any]) -> None:
    files = {
        key: {"name": name, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
        for key, name in FILE_NAMES.items()
    }
    manifest = {"kind": kind, **content, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["detector", "classifier"])
    parser.add_argument("--weights", type=Path, required=True, help="float.pt of a training run")
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/ and emotion/")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--score-threshold", type=float, default=0.5, help="of the detector")
    parser.add_argument("--crop-scale", type=float, default=1.0, help="crop side / box side")
    options = parser.parse_args()

    kind: Kind = options.kind
    folder: Path = options.models / f"{kind}_paper"
    state = torch.load(options.weights, weights_only=True)
    content: dict[str, Any]
    if kind == "detector":
        detector = PaperDetector().eval()
        detector.load_state_dict(state)
        batches = calibration_faces(options.data / "faces")
        write_files(detector, "head", batches, torch.rand(1, 3, 288, 288), folder)
        content = {
            "architecture": "Table I of the paper",
            "input": "float32 (1, 3, 288, 288), BGR / 255, letterboxed with gray 114",
            "output": "float32 (1, 11, 9, 9): 2 x (x, y, sqrt w, sqrt h, confidence), class score",
            "labels": ["face"],
            "settings": {"score_threshold": options.score_threshold},
        }
    else:
        classifier = PaperClassifier().eval()
        classifier.load_state_dict(state)
        train = read_ferplus(options.data / "emotion" / "ferplus.npz", "train")
        valid = read_ferplus(options.data / "emotion" / "ferplus.npz", "valid")
        batches = calibration_crops(train)
        example = torch.rand(1, 1, 64, 64)
        calibrated = write_files(classifier, "linear", batches, example, folder)
        content = {
            "architecture": "Table II of the paper",
            "input": "float32 (1, 1, 64, 64), gray / 255",
            "output": "float32 (1, 4) logits; softmax(logits / temperature)",
            "labels": list(LABELS),
            "settings": {
                "temperature": fit_temperature(calibrated, valid),
                "crop_scale": options.crop_scale,
            },
        }
    content |= {"data_sources": SOURCES[kind], "license": LICENSE, "metrics": {}}
    write_manifest(kind, folder, content)
    content["metrics"] = measure(kind, options.data, options.models)
    write_manifest(kind, folder, content)
    print(json.dumps(content["metrics"], indent=2))


if __name__ == "__main__":
    main()
