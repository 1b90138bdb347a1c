"""Turns trained weights into the packaged default detector: float files, measured, a manifest.

python -m emotion_recognition.training.publish_default_detector --help
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch

from emotion_recognition.core.manifest import MODELS, read_manifest
from emotion_recognition.core.multilevel import CHANNELS, DEFAULT_INPUT_WIDTH, cells
from emotion_recognition.pipeline import open_detector
from emotion_recognition.training.default_detector import taking_pixels
from emotion_recognition.training.evaluate_default_detector import (
    figures,
    landmark_error,
    read_weights,
)
from emotion_recognition.training.face_landmarks import read_landmarked
from emotion_recognition.training.headline import measure
from emotion_recognition.training.held_aside import held_aside_negatives
from emotion_recognition.training.ncnn_export import IN_32_BITS, export_ncnn
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.package_files import FILE_NAMES, write_manifest
from emotion_recognition.training.publish import FACES, LICENSE
from emotion_recognition.training.publish_landmarker import LANDMARKS
from emotion_recognition.training.quantize import fuse, save_torchscript

NAME = "default"
#: What `evaluate_default_detector` measures and `evaluate` does not.
SMALL_FACES_AND_LANDMARKS = (
    "ap50_3",
    "ap40_3",
    "recall_3",
    "mean_iou_p1",
    "detections_on_no_face",
    "landmark_error",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="float.pt of a training run")
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--score-threshold", type=float, default=0.5)
    options = parser.parse_args()

    folder: Path = options.models / f"detector_{NAME}"
    folder.mkdir(parents=True, exist_ok=True)
    network = fuse(taking_pixels(read_weights(options.weights)))
    example = torch.zeros(1, 3, 256, DEFAULT_INPUT_WIDTH)
    export_onnx(network, example, folder / FILE_NAMES["onnx_float"], any_size=True)
    source, path = folder / FILE_NAMES["onnx_float"], folder / FILE_NAMES["ncnn_float"]
    export_ncnn(source, path, exact=("detector", NAME) in IN_32_BITS)
    save_torchscript(network, example, folder / FILE_NAMES["torchscript_float"])
    content: dict[str, Any] = {
        "architecture": "levels at strides 8, 16 and 32, see training/default_detector.py",
        "input": "float32 (1, 3, H, W), BGR in [0, 255], H and W multiples of 32, scaled to fit, "
        "padded with gray 114 at the right and the bottom",
        "output": "float32 (1, 5, A): x, y, log w, log h, score; core/multilevel.py",
        "input_shape": [1, 3, 256, DEFAULT_INPUT_WIDTH],
        "output_shape": [1, CHANNELS, len(cells(256, DEFAULT_INPUT_WIDTH)[1])],
        "labels": ["face"],
        "landmarker": "default",
        "settings": {
            "score_threshold": options.score_threshold,
            "input_width": DEFAULT_INPUT_WIDTH,
        },
        "quantization": "none",
        "data_sources": (*FACES, LANDMARKS),
        "license": LICENSE,
        "metrics": {},
    }
    write_manifest("detector", folder, content)
    content["metrics"] = measure("detector", options.data, options.models, name=NAME)
    manifest = read_manifest("detector", NAME, options.models)
    detector = open_detector(manifest, "onnxruntime", models=options.models)
    images = read_landmarked(options.data / "faces", "val")
    negatives = held_aside_negatives(read_landmarked(options.data / "faces", "train"))
    measured = figures(detector, images, negatives, options.score_threshold)
    measured |= landmark_error(detector, images, options.score_threshold)
    content["small_faces_and_landmarks"] = {
        name: round(measured[name], 4) for name in SMALL_FACES_AND_LANDMARKS
    }
    write_manifest("detector", folder, content)
    print(json.dumps(content, indent=2))


if __name__ == "__main__":
    main()
