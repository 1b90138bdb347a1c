"""Trains an emotion classifier, or the teacher of the default one.

python -m emotion_recognition.training.train_classifier --help
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.types import LABELS
from emotion_recognition.training.calibration_data import calibration_crops
from emotion_recognition.training.emotion_data import (
    EmotionDataset,
    EmotionImages,
    LabelKind,
    read_ferplus,
)
from emotion_recognition.training.evaluate_classifier import classifier_figures
from emotion_recognition.training.muon import Muon
from emotion_recognition.training.networks import PaperClassifier
from emotion_recognition.training.opinions import (
    MASKED,
    all_faces,
    opinions,
    read_opinions,
    upright_faces,
    with_opinions,
)
from emotion_recognition.training.quantize import calibrate
from emotion_recognition.training.residual_network import DefaultClassifier, FirstFour
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.sampling import EpochSampler
from emotion_recognition.training.teachers import EMOTIONS, TEACHERS
from emotion_recognition.training.trainer import fit, train_and_save

STUDENTS: dict[str, Callable[[int], nn.Module]] = {
    "paper": PaperClassifier,
    "default": DefaultClassifier,
}
MASKED_REPEATS = 3  # there are few


def cross_entropy(logits: Tensor, distribution: Tensor) -> Tensor:
    """Against the annotators' votes rather than their majority (Barsoum et al., 2016)."""
    return nn.functional.cross_entropy(logits, distribution)


def with_masked(images: EmotionImages, crops: Sequence[NDArray[np.uint8]]) -> EmotionImages:
    """Adds faces in masks, several times each, with what one would say of a face unseen."""
    voted = images.targets[images.targets.sum(axis=1) > 0]
    prior = np.tile(voted.mean(axis=0), (MASKED_REPEATS * len(crops), 1))
    return EmotionImages(
        [*images.crops, *(crop for crop in crops for _ in range(MASKED_REPEATS))],
        np.concatenate([images.targets, prior.astype(np.float32)]),
    )


def validate(four: EmotionImages, eight: EmotionImages, model: nn.Module) -> dict[str, float]:
    """Figures of the four-class protocol, and accuracy_eight of a network that knows eight."""
    figures = classifier_figures(EmotionClassifier(as_network(FirstFour(model))), four)
    answers = opinions([model], eight)
    if answers.shape[1] == EMOTIONS:
        figures["accuracy_eight"] = float((answers.argmax(1).numpy() == eight.labels).mean())
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with emotion/ and faces/")
    parser.add_argument(
        "--output", type=Path, required=True, help="checkpoints and curves; resumed"
    )
    parser.add_argument("--network", choices=[*STUDENTS, *TEACHERS], default="paper")
    parser.add_argument("--labels", choices=get_args(LabelKind), default="votes")
    parser.add_argument("--opinions", type=Path, help="of teachers; see training.opinions")
    parser.add_argument("--share", type=float, default=0.8, help="of the opinions in the targets")
    parser.add_argument("--hidden", type=float, default=0.0, help="share of faces partly hidden")
    parser.add_argument("--harsh", type=float, default=0.0, help="share under harsh conditions")
    parser.add_argument(
        "--photometric", action=argparse.BooleanOptionalAction, default=True, help="vary the light"
    )
    parser.add_argument("--masked", action="store_true", help="add masked faces: cannot tell")
    parser.add_argument("--muon", action="store_true", help="instead of AdamW")
    parser.add_argument("--initial", type=Path, help="float.pt of an earlier run to go on from")
    parser.add_argument(
        "--quantization-aware", action="store_true", help="round as int8 does while training"
    )
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=6e-3)
    parser.add_argument("--weight-decay", type=float, default=0.02)
    parser.add_argument("--looseness", type=float, default=1.0, help="of the crops")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use only this many images of each split")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    cv2.setNumThreads(0)  # the loader's workers are the parallelism
    ferplus = options.data / "emotion" / "ferplus.npz"
    kind: LabelKind = "all_votes" if options.network in TEACHERS else options.labels
    classes = EMOTIONS if kind == "all_votes" else len(LABELS)
    if options.opinions:
        train = all_faces(options.data)
        opinion = read_opinions(options.opinions, train)
        train = with_opinions(train, opinion, options.share, classes)
    else:
        train = read_ferplus(ferplus, "train", options.limit, kind)
    if options.masked:
        train = with_masked(train, upright_faces(options.data / "faces", MASKED))
    four = read_ferplus(
        ferplus, "valid", options.limit, "fer2013" if kind == "fer2013" else "votes"
    )
    eight = read_ferplus(ferplus, "valid", options.limit, "all_votes")
    loader = DataLoader(
        EmotionDataset(
            train,
            options.seed,
            options.looseness,
            options.hidden,
            options.harsh,
            options.photometric,
        ),
        options.batch_size,
        sampler=EpochSampler(len(train.crops), options.seed),
        num_workers=options.workers,
        drop_last=len(train.crops) > options.batch_size,
    )
    network = (
        TEACHERS[options.network]()
        if options.network in TEACHERS
        else STUDENTS[options.network](classes)
    )
    if options.initial:
        network.load_state_dict(torch.load(options.initial, weights_only=True))

    def calibrated(fused: nn.Module) -> torch.fx.GraphModule:
        return calibrate(fused, "linear", calibration_crops(train), torch.rand(1, 1, 64, 64))

    def train_network(model: nn.Module) -> nn.Module:
        return fit(
            model,
            cross_entropy,
            loader,
            partial(validate, four, eight),
            options.output,
            options.epochs,
            options.learning_rate,
            options.weight_decay,
            validate_every=4,
            make_optimizer=Muon if options.muon else torch.optim.AdamW,
        )

    train_and_save(
        network, train_network, options.output, calibrated if options.quantization_aware else None
    )


if __name__ == "__main__":
    main()
