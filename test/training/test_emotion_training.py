"""Training the classifier from scratch on a little data made here, and taking it up again."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from emotion_recognition.training.emotion_data import EmotionDataset, EmotionImages
from emotion_recognition.training.networks import PaperClassifier, PaperDetector
from emotion_recognition.training.residual_network import DefaultClassifier
from emotion_recognition.training.sampling import EpochSampler
from emotion_recognition.training.train_classifier import cross_entropy
from emotion_recognition.training.trainer import fit


@pytest.fixture(scope="module")
def stripes() -> EmotionImages:
    """Four classes that can be told apart: stripes, horizontal or vertical, narrow or wide."""
    rng = np.random.default_rng(0)
    crops, targets = [], []
    for index in range(64):
        label = index % 4
        period = 8 if label < 2 else 20
        wave = 110 + 90 * np.sin(np.arange(48) * 2 * np.pi / period + rng.uniform(0, 6))
        image = np.tile(wave, (48, 1))
        crops.append((image if label % 2 else image.T).astype(np.uint8))
        targets.append(np.eye(4, dtype=np.float32)[label])
    return EmotionImages(crops, np.stack(targets))


def train(stripes: EmotionImages, output: Path, epochs: int) -> nn.Module:
    torch.manual_seed(0)
    sampler = EpochSampler(len(stripes.crops), 0)
    loader = DataLoader(EmotionDataset(stripes, 0), 16, sampler=sampler)
    return fit(PaperClassifier(), cross_entropy, loader, lambda _: {}, output, epochs, 5e-3)


def test_training_lowers_the_loss_and_leaves_its_curve(
    stripes: EmotionImages, tmp_path: Path
) -> None:
    train(stripes, tmp_path, epochs=6)
    history = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["history"]
    assert len(history) == 6
    assert history[-1]["loss"] < 0.9 * history[0]["loss"]
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_the_default_classifier_is_within_its_budget() -> None:
    network = DefaultClassifier().eval()
    assert sum(parameter.numel() for parameter in network.parameters()) <= 300_000
    multiply_accumulates = 0

    def count(layer: nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal multiply_accumulates
        positions = output.shape[2:].numel() if output.ndim == 4 else 1
        multiply_accumulates += positions * layer.weight.numel()  # type: ignore[operator]

    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_forward_hook(count)
    assert network(torch.zeros(1, 1, 64, 64)).shape == (1, 4)
    assert 10_000_000 < multiply_accumulates <= 20_000_000


def test_the_networks_have_the_shapes_of_the_tables() -> None:
    detector, classifier = PaperDetector(), PaperClassifier()
    assert detector(torch.zeros(1, 3, 288, 288)).shape == (1, 11, 9, 9)
    assert classifier(torch.zeros(2, 1, 64, 64)).shape == (2, 4)
    assert classifier.features(torch.zeros(1, 1, 64, 64)).shape == (1, 64, 2, 2)
    weights = sum(
        layer.weight.numel() for layer in detector.modules() if isinstance(layer, nn.Conv2d)
    )
    assert weights == 1_530_072
