"""Trains the paper's face detector.

python -m emotion_recognition.training.train_detector --help
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import cv2
import torch
from torch import nn
from torch.utils.data import DataLoader

from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.training.calibration_data import calibration_faces
from emotion_recognition.training.detection_data import (
    SOURCE_WEIGHTS,
    AnnotatedImage,
    DetectionDataset,
    read_annotations,
)
from emotion_recognition.training.detection_loss import yolo_loss
from emotion_recognition.training.evaluate_detector import detector_figures
from emotion_recognition.training.held_aside import without_held_aside
from emotion_recognition.training.networks import PaperDetector
from emotion_recognition.training.quantize import calibrate
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.sampling import EpochSampler
from emotion_recognition.training.trainer import fit, train_and_save


def validate(images: list[AnnotatedImage], model: nn.Module) -> dict[str, float]:
    detector = FaceDetector(as_network(model), score_threshold=0.5)
    figures = detector_figures(detector, images, detector.score_threshold)
    return {key: figures[key] for key in ("ap50_10", "ap50_5", "mean_iou_10", "recall_10")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with annotations.csv")
    parser.add_argument(
        "--output", type=Path, required=True, help="checkpoints and curves; resumed"
    )
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=1.2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use only this many images of each split")
    parser.add_argument("--initial", type=Path, help="float.pt of an earlier run to go on from")
    parser.add_argument(
        "--quantization-aware", action="store_true", help="round as int8 does while training"
    )
    parser.add_argument(
        "--frozen-blocks", type=int, default=0, choices=range(6), help="first blocks left as in it"
    )
    parser.add_argument(
        "--overlap-weight", type=float, default=0.0, help="of 1 - GIoU beside equation (1)"
    )
    parser.add_argument(
        "--plain-epochs", type=int, default=0, help="last epochs without mosaic, with less zoom"
    )
    parser.add_argument(
        "--weigh-sources", action="store_true", help="see detection_data.SOURCE_WEIGHTS"
    )
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    cv2.setNumThreads(0)  # the loader's workers are the parallelism
    train = without_held_aside(read_annotations(options.data, "train"))[: options.limit]
    held_out = read_annotations(options.data, "val")[: options.limit]
    weights = None
    if options.weigh_sources:
        weights = [SOURCE_WEIGHTS.get(image.source, 1.0) for image in train]
    loader = DataLoader(
        DetectionDataset(train, options.seed, options.epochs - options.plain_epochs),
        options.batch_size,
        sampler=EpochSampler(len(train), options.seed, weights),
        num_workers=options.workers,
        drop_last=len(train) > options.batch_size,
    )
    network = PaperDetector()
    if options.initial:
        network.load_state_dict(torch.load(options.initial, weights_only=True))
    network.freeze_blocks(options.frozen_blocks)

    def calibrated(fused: nn.Module) -> torch.fx.GraphModule:
        return calibrate(fused, "head", calibration_faces(options.data), torch.rand(1, 3, 288, 288))

    def train_network(model: nn.Module) -> nn.Module:
        return fit(
            model,
            partial(yolo_loss, overlap_weight=options.overlap_weight),
            loader,
            partial(validate, held_out),
            options.output,
            options.epochs,
            options.learning_rate,
            validate_every=2,
        )

    train_and_save(
        network, train_network, options.output, calibrated if options.quantization_aware else None
    )


if __name__ == "__main__":
    main()
