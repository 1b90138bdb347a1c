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
from emotion_recognition.training.labelled_faces import wild
from emotion_recognition.training.networks import PaperClassifier
from emotion_recognition.training.quantize import calibrate, fuse
from emotion_recognition.training.residual_network import DefaultClassifier, FirstFour, Teacher
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.sampling import EpochSampler
from emotion_recognition.training.trainer import fit, train_and_save

NETWORKS: dict[str, type[nn.Module]] = {
    "paper": PaperClassifier,
    "default": DefaultClassifier,
    "teacher": Teacher,
}


def cross_entropy(logits: Tensor, distribution: Tensor) -> Tensor:
    """Against the annotators' votes rather than their majority (Barsoum et al., 2016)."""
    return nn.functional.cross_entropy(logits, distribution)


def taught_by(teachers: Sequence[nn.Module], share: float) -> Callable[[Tensor, Tensor], Tensor]:
    """Targets of which `share` is the teachers' mean opinion of the very same view of the face.

    Hinton et al., 2015; the same view, as in Beyer et al., "Knowledge distillation: a good teacher
    is patient and consistent", 2022. A face without votes is the teachers' alone. Of emotions
    beyond LABELS teachers have no opinion: those votes stay, and the teachers divide the rest.
    """

    def relabel(images: Tensor, votes: Tensor) -> Tensor:
        with torch.no_grad():
            opinions = [torch.softmax(teacher(images).float(), dim=1) for teacher in teachers]
        opinion = torch.stack(opinions).mean(dim=0)
        four, others = votes[:, : len(LABELS)], votes[:, len(LABELS) :]
        voted = votes.sum(dim=1, keepdim=True) > 0.5
        taught = (1 - share) * four + share * four.sum(dim=1, keepdim=True) * opinion
        return torch.cat([torch.where(voted, taught, opinion), others], dim=1)

    return relabel


def read_teacher(path: Path) -> nn.Module:
    """From a run of the teacher, or of an earlier default classifier."""
    weights = torch.load(path, weights_only=True)
    emotions = len(weights["linear.weight"])
    network = DefaultClassifier() if emotions == len(LABELS) else Teacher()
    network.load_state_dict(weights)
    return FirstFour(fuse(network))


def with_wild(images: EmotionImages, folder: Path) -> EmotionImages:
    """Adds the faces of `wild` whose people are not held out, without their noisy labels."""
    faces = wild(folder, held_out=False)
    crops = [crop for part in faces.values() for crop in part.crops]
    unlabelled = np.zeros((len(crops), images.targets.shape[1]), np.float32)
    return EmotionImages([*images.crops, *crops], np.concatenate([images.targets, unlabelled]))


def validate(images: EmotionImages, model: nn.Module) -> dict[str, float]:
    return classifier_figures(EmotionClassifier(as_network(FirstFour(model))), images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="ferplus.npz")
    parser.add_argument(
        "--output", type=Path, required=True, help="checkpoints and curves; resumed"
    )
    parser.add_argument("--network", choices=NETWORKS, default="paper")
    parser.add_argument("--labels", choices=get_args(LabelKind), default="votes")
    parser.add_argument(
        "--teachers", type=Path, nargs="+", default=[], help="float.pt of teachers' runs"
    )
    parser.add_argument("--share", type=float, default=0.7, help="of the teachers in the targets")
    parser.add_argument("--wild", type=Path, help="folder of unlabelled faces for the teachers")
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
    train = read_ferplus(
        options.data, "train", options.limit, options.labels, bool(options.teachers)
    )
    if options.wild:
        train = with_wild(train, options.wild)
    valid_labels: LabelKind = "fer2013" if options.labels == "fer2013" else "votes"
    valid = read_ferplus(options.data, "valid", options.limit, valid_labels)
    loader = DataLoader(
        EmotionDataset(train, options.seed, options.looseness),
        options.batch_size,
        sampler=EpochSampler(len(train.crops), options.seed),
        num_workers=options.workers,
        drop_last=len(train.crops) > options.batch_size,
    )
    network = NETWORKS[options.network]()
    if options.initial:
        network.load_state_dict(torch.load(options.initial, weights_only=True))
    relabel = None
    if options.teachers:
        relabel = taught_by([read_teacher(path) for path in options.teachers], options.share)

    def calibrated(fused: nn.Module) -> torch.fx.GraphModule:
        return calibrate(fused, "linear", calibration_crops(train), torch.rand(1, 1, 64, 64))

    def train_network(model: nn.Module) -> nn.Module:
        return fit(
            model,
            cross_entropy,
            loader,
            partial(validate, valid),
            options.output,
            options.epochs,
            options.learning_rate,
            options.weight_decay,
            validate_every=4,
            relabel=relabel,
        )

    train_and_save(
        network, train_network, options.output, calibrated if options.quantization_aware else None
    )


if __name__ == "__main__":
    main()
