"""Trains the paper's emotion classifier.

python -m emotion_recognition.training.train_classifier --help
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.training.emotion_data import EmotionDataset, EmotionImages, read_ferplus
from emotion_recognition.training.evaluate_classifier import classifier_figures
from emotion_recognition.training.networks import PaperClassifier
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.sampling import EpochSampler
from emotion_recognition.training.trainer import fit


def cross_entropy(logits: Tensor, distribution: Tensor) -> Tensor:
    """Against the annotators' votes rather than their majority (Barsoum et al., 2016)."""
    return nn.functional.cross_entropy(logits, distribution)


def validate(images: EmotionImages, model: nn.Module) -> dict[str, float]:
    return classifier_figures(EmotionClassifier(as_network(model)), images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="ferplus.npz")
    parser.add_argument(
        "--output", type=Path, required=True, help="checkpoints and curves; resumed"
    )
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=6e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use only this many images of each split")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    cv2.setNumThreads(0)  # the loader's workers are the parallelism
    train = read_ferplus(options.data, "train", options.limit)
    valid = read_ferplus(options.data, "valid", options.limit)
    loader = DataLoader(
        EmotionDataset(train, options.seed),
        options.batch_size,
        sampler=EpochSampler(len(train.crops), options.seed),
        num_workers=options.workers,
        drop_last=len(train.crops) > options.batch_size,
    )
    model = fit(
        PaperClassifier(),
        cross_entropy,
        loader,
        partial(validate, valid),
        options.output,
        options.epochs,
        options.learning_rate,
        validate_every=4,
    )
    torch.save(model.state_dict(), options.output / "float.pt")


if __name__ == "__main__":
    main()
