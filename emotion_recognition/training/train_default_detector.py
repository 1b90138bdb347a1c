"""Trains the default face detector.

The learning rate stays as it is until the last --decay-epochs. A run can be stopped at any time and
taken up with more epochs; a copy of its folder, taken up with a few that decay, gives weights to
use.

python -m emotion_recognition.training.train_default_detector --help
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import torch
from torch import nn
from torch.utils.data import DataLoader

from emotion_recognition.core.multilevel import MultilevelDetector
from emotion_recognition.training.default_detector import DefaultDetector, taking_pixels
from emotion_recognition.training.detection_data import (
    SOURCE_WEIGHTS,
    AnnotatedImage,
    read_annotations,
)
from emotion_recognition.training.evaluate_default_detector import PERCENTS
from emotion_recognition.training.evaluate_detector import detector_figures
from emotion_recognition.training.held_aside import without_held_aside
from emotion_recognition.training.image_cache import ImageCache, read_pixels
from emotion_recognition.training.multilevel_data import MultilevelDataset
from emotion_recognition.training.multilevel_loss import multilevel_loss
from emotion_recognition.training.muon import Muon
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.sampling import EpochSampler
from emotion_recognition.training.trainer import fit, train_and_save

#: How often to draw images without faces: what makes the shipped threshold high are false alarms.
NO_FACE_WEIGHT = 1.2


def drawn_how_often(image: AnnotatedImage) -> float:
    return SOURCE_WEIGHTS.get(image.source, 1.0) if len(image.boxes) else NO_FACE_WEIGHT


def validate(images: Sequence[AnnotatedImage], model: nn.Module) -> dict[str, float]:
    assert isinstance(model, DefaultDetector)
    detector = MultilevelDetector(as_network(taking_pixels(model)), score_threshold=0.5)
    figures = detector_figures(detector, images, detector.score_threshold, PERCENTS)
    names = ("ap50_3", "ap50_5", "ap50_10", "mean_iou_10", "recall_10")
    return {name: figures[name] for name in names}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with annotations.csv")
    parser.add_argument(
        "--output", type=Path, required=True, help="checkpoints and curves; resumed"
    )
    parser.add_argument("--initial", type=Path, help="float.pt of an earlier run to go on from")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--decay-epochs", type=int, default=10, help="the last of all epochs")
    parser.add_argument("--size", type=int, default=256, help="of a sample's sides, in pixels")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use only this many images of each split")
    parser.add_argument("--cache", type=Path, help="folder for the decoded images (3 GB)")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    cv2.setNumThreads(0)  # the loader's workers are the parallelism
    train = without_held_aside(read_annotations(options.data, "train"))[: options.limit]
    held_out = read_annotations(options.data, "val")[: options.limit]
    read = ImageCache([image.path for image in train], options.cache) if options.cache else None
    loader = DataLoader(
        MultilevelDataset(train, options.seed, options.size, read or read_pixels),
        options.batch_size,
        sampler=EpochSampler(len(train), options.seed, [drawn_how_often(image) for image in train]),
        num_workers=options.workers,
        drop_last=len(train) > options.batch_size,
    )

    def train_network(model: nn.Module) -> nn.Module:
        return fit(
            model,
            partial(multilevel_loss, shape=(options.size, options.size)),
            loader,
            partial(validate, held_out),
            options.output,
            options.epochs,
            options.learning_rate,
            ema_decay=0.9995,
            validate_every=4,
            decay_epochs=options.decay_epochs,
            make_optimizer=Muon,
        )

    network = DefaultDetector()
    if options.initial:
        network.load_state_dict(torch.load(options.initial, weights_only=True))
    train_and_save(network, train_network, options.output)


if __name__ == "__main__":
    main()
