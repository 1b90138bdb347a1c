"""Weights taken out of a published file answer as the file does."""

from pathlib import Path

import torch

from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.published_weights import read_fused, unfused
from emotion_recognition.training.quantize import fuse
from emotion_recognition.training.residual_network import DefaultClassifier


def published(path: Path) -> tuple[DefaultClassifier, bytes]:
    """A network of four classes with statistics of its own, and its fused file."""
    torch.manual_seed(0)
    network = DefaultClassifier().train()
    network(torch.rand(16, 1, 64, 64))
    network.eval()
    export_onnx(fuse(network), torch.rand(1, 1, 64, 64), path)
    return network, path.read_bytes()


def test_the_network_answers_as_the_file_and_holds_new_emotions_for_unlikely(
    tmp_path: Path,
) -> None:
    network, content = published(tmp_path / "float.onnx")
    crops = torch.rand(8, 1, 64, 64)
    again = unfused(read_fused(content), crops)
    with torch.no_grad():
        torch.testing.assert_close(again(crops)[:, :4], network(crops), rtol=1e-3, atol=1e-3)
        assert torch.softmax(again(crops), 1)[:, 4:].max() < 0.2


def test_its_normalizations_have_the_statistics_of_the_faces(tmp_path: Path) -> None:
    _, content = published(tmp_path / "float.onnx")
    crops = torch.rand(64, 1, 64, 64)
    again = unfused(read_fused(content), crops)
    with torch.no_grad():
        trained = again(crops)
        again.train()
        again.dropout.eval()
        torch.testing.assert_close(again(crops), trained, rtol=1e-2, atol=1e-2)
