"""Turns trained weights into the packaged landmarker: float files, measured, with a manifest.

python -m emotion_recognition.training.publish_landmarker --help
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.core.manifest import MODELS
from emotion_recognition.training.face_landmarks import POINTS
from emotion_recognition.training.headline import measure
from emotion_recognition.training.landmarker_network import LandmarkerNetwork
from emotion_recognition.training.ncnn_export import export_ncnn
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.package_files import FILE_NAMES, write_manifest
from emotion_recognition.training.publish import FACES, LICENSE
from emotion_recognition.training.quantize import fuse, save_torchscript

NAME = "default"
LANDMARKS = (
    "five landmarks of 12,122 of the training faces, an annotator's on 1,636 and YuNet's on others"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="float.pt of a training run")
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args()

    folder: Path = options.models / f"landmarker_{NAME}"
    folder.mkdir(parents=True, exist_ok=True)
    trained = LandmarkerNetwork()
    trained.load_state_dict(torch.load(options.weights, weights_only=True))
    network = fuse(trained)
    example = torch.zeros(FaceLandmarker.INPUT_SHAPE)
    export_onnx(network, example, folder / FILE_NAMES["onnx_float"])
    export_ncnn(folder / FILE_NAMES["onnx_float"], folder / FILE_NAMES["ncnn_float"])
    save_torchscript(network, example, folder / FILE_NAMES["torchscript_float"])
    content: dict[str, Any] = {
        "architecture": "three residual units and a neck, see training/landmarker_network.py",
        "input": "float32 (1, 1, 48, 48), gray / 255: the square of 1.15 times the longer side of "
        "a face's box, around its middle",
        "output": "float32 (1, 5, 12, 12): for each of five points a map of logits, how likely it "
        "is to lie in a cell; the mean place counts",
        "input_shape": list(FaceLandmarker.INPUT_SHAPE),
        "output_shape": list(FaceLandmarker.OUTPUT_SHAPE),
        "labels": list(POINTS),
        "settings": {},
        "quantization": "none",
        "data_sources": (*FACES, LANDMARKS),
        "license": LICENSE,
        "metrics": {},
    }
    write_manifest("landmarker", folder, content)
    content["metrics"] = measure("landmarker", options.data, options.models, name=NAME)
    write_manifest("landmarker", folder, content)
    print(json.dumps(content, indent=2))


if __name__ == "__main__":
    main()
