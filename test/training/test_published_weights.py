"""Weights taken out of a published file answer as the file does."""

from pathlib import Path

import pytest
import torch
from torch import nn
from untrained_detector import untrained

from emotion_recognition.training.default_detector import (
    DefaultDetector,
    taking_fractions,
    taking_pixels,
)
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.published_weights import Layer, read_fused, take_over
from emotion_recognition.training.quantize import fuse
from emotion_recognition.training.residual_network import DefaultClassifier

CROPS, IMAGES = torch.rand(64, 1, 64, 64), torch.rand(32, 3, 64, 96)


def classifier() -> DefaultClassifier:
    """With statistics of its own."""
    torch.manual_seed(0)
    network = DefaultClassifier().train()
    network(CROPS[:16])
    return network.eval()


def fused(network: nn.Module, inputs: torch.Tensor, path: Path) -> list[Layer]:
    export_onnx(fuse(network), inputs[:1], path, any_size=isinstance(network, DefaultDetector))
    return read_fused(path.read_bytes())


@pytest.mark.parametrize(
    ("published", "fresh", "inputs"),
    [(classifier, DefaultClassifier, CROPS), (untrained, DefaultDetector, IMAGES)],
    ids=["classifier", "detector"],
)
def test_a_network_answers_as_the_file_and_has_statistics_of_what_it_is_trained_on(
    published: type, fresh: type, inputs: torch.Tensor, tmp_path: Path
) -> None:
    network, again = published(), fresh()
    take_over(again, fused(network, inputs, tmp_path / "float.onnx"), inputs)
    with torch.no_grad():
        answers = again(inputs)
        torch.testing.assert_close(answers, network(inputs), rtol=1e-3, atol=1e-3)
        again.train()
        for module in again.modules():
            if isinstance(module, nn.Dropout):
                module.eval()
        torch.testing.assert_close(again(inputs), answers, rtol=1e-2, atol=1e-2)


def test_layers_of_another_network_are_refused(tmp_path: Path) -> None:
    layers = fused(classifier(), CROPS, tmp_path / "float.onnx")
    with pytest.raises(ValueError, match="shorter"):
        take_over(DefaultClassifier(), layers[:-1], CROPS)


def test_fractions_give_what_pixels_gave() -> None:
    network = untrained()
    with torch.no_grad():
        again = taking_fractions(taking_pixels(network))(IMAGES)
        torch.testing.assert_close(again, network(IMAGES), rtol=1e-4, atol=1e-4)
