"""Trains the network that finds five landmarks in the square around a face.

python -m emotion_recognition.training.train_landmarker --help
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.training.evaluate_landmarker import landmarker_figures
from emotion_recognition.training.face_landmarks import read_landmarked
from emotion_recognition.training.held_aside import without_held_aside
from emotion_recognition.training.image_cache import ImageCache, read_pixels
from emotion_recognition.training.landmarker_data import (
    LandmarkedFace,
    LandmarkerDataset,
    landmarked_faces,
)
from emotion_recognition.training.landmarker_network import LandmarkerNetwork
from emotion_recognition.training.muon import Muon
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.sampling import EpochSampler
from emotion_recognition.training.trainer import fit, train_and_save

#: How often to draw a face whose landmarks are an annotator's, against 1 of a machine's.
HUMAN_WEIGHT = 3.0
BETA = 0.005  # of the square's side, from which on an error counts as it is and not squared


def landmark_loss(maps: Tensor, target: Tensor) -> Tensor:
    """Smooth L1 distance in hundredths of the square's side.

    maps: (N, 5, S, S) logits. target: (N, 5, 2), see `core.heads.landmarker.places`.
    """
    size = maps.shape[-1]
    likely = maps.flatten(2).softmax(2).unflatten(2, (size, size))
    along = (torch.arange(size) + 0.5) / size - 0.5
    points = torch.stack([likely.sum(2) @ along, likely.sum(3) @ along], dim=-1)
    return nn.functional.smooth_l1_loss(points, target, beta=BETA) * 100


def validate(faces: list[LandmarkedFace], model: nn.Module) -> dict[str, float]:
    return landmarker_figures(FaceLandmarker(as_network(model)), faces)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with annotations.csv")
    parser.add_argument(
        "--output", type=Path, required=True, help="checkpoints and curves; resumed"
    )
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, help="use only this many images of each split")
    parser.add_argument("--cache", type=Path, help="folder for the decoded images (3 GB)")
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    cv2.setNumThreads(0)  # the loader's workers are the parallelism
    images = without_held_aside(read_landmarked(options.data, "train"))[: options.limit]
    held_out = landmarked_faces(read_landmarked(options.data, "val")[: options.limit])
    read = ImageCache([image.path for image in images], options.cache) if options.cache else None
    faces = landmarked_faces(images)
    loader = DataLoader(
        LandmarkerDataset(faces, options.seed, read or read_pixels),
        options.batch_size,
        sampler=EpochSampler(
            len(faces), options.seed, [HUMAN_WEIGHT if face.human else 1.0 for face in faces]
        ),
        num_workers=options.workers,
        drop_last=len(faces) > options.batch_size,
    )

    def train_network(model: nn.Module) -> nn.Module:
        return fit(
            model,
            landmark_loss,
            loader,
            partial(validate, held_out),
            options.output,
            options.epochs,
            options.learning_rate,
            validate_every=10,
            make_optimizer=Muon,
        )

    train_and_save(LandmarkerNetwork(), train_network, options.output)


if __name__ == "__main__":
    main()
