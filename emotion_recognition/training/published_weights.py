"""Weights to go on training from, taken from the float file of a published default classifier.

Its batch normalizations are part of its convolutions by then. Here they are taken out again: each
gets the statistics of its channels on training faces, and the scale and offset that undo them.

python -m emotion_recognition.training.published_weights --help
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import onnx.numpy_helper
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from emotion_recognition.core.manifest import MODELS, Manifest, read_manifest
from emotion_recognition.core.types import EMOTIONS
from emotion_recognition.training.emotion_data import EmotionDataset, EmotionImages, read_ferplus
from emotion_recognition.training.residual_network import DefaultClassifier
from emotion_recognition.training.sampling import EpochSampler

FACES = 1024  # that the statistics are of
#: Of the logit of an emotion that the published classifier does not know, before it is learned.
UNKNOWN_BIAS = -3.0


def convolutions(network: DefaultClassifier) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """Each with the normalization behind it, in the order in which a fused file has them."""
    # As modules list them: main before shortcut, and each convolution before its normalization.
    layers = list(network.features.modules())
    return list(
        zip(
            (layer for layer in layers if isinstance(layer, nn.Conv2d)),
            (layer for layer in layers if isinstance(layer, nn.BatchNorm2d)),
            strict=True,
        )
    )


def read_fused(content: bytes) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each layer of a float ONNX file, in its order; the linear one last.

    The layers that tell how certain an answer is are left out.
    """
    graph = onnx.load_from_string(content).graph
    values = {
        item.name: torch.from_numpy(onnx.numpy_helper.to_array(item).copy())
        for item in graph.initializer
    }
    layers = [
        node.input
        for node in graph.node
        if node.op_type in ("Conv", "Gemm") and not node.input[1].startswith("certainty.")
    ]
    return [(values[weight], values[bias]) for _, weight, bias in layers]


def unfused(
    layers: list[tuple[Tensor, Tensor]], crops: Tensor, classes: int = len(EMOTIONS)
) -> DefaultClassifier:
    """A network that answers as the layers do.

    crops: (N, 1, 64, 64) in [0, 1], as they are trained on. classes: of the network; one that the
    layers do not know is unlikely.
    """
    network = DefaultClassifier(classes).eval()
    pairs = convolutions(network)
    *fused, (weight, bias) = layers
    with torch.no_grad():
        for (convolution, _), (kernel, _) in zip(pairs, fused, strict=True):
            convolution.weight.copy_(kernel)
        for (convolution, normalization), (_, offset) in zip(pairs, fused, strict=True):
            seen: list[Tensor] = []
            handle = convolution.register_forward_hook(
                lambda *call, seen=seen: seen.append(call[2])
            )
            network(crops)
            handle.remove()
            mean, variance = seen[0].mean((0, 2, 3)), seen[0].var((0, 2, 3))
            normalization.running_mean.copy_(mean)  # type: ignore[union-attr]
            normalization.running_var.copy_(variance)  # type: ignore[union-attr]
            normalization.weight.copy_((variance + normalization.eps).sqrt())
            normalization.bias.copy_(offset + mean)
        known = len(weight)
        network.linear.weight[known:] = 0
        network.linear.bias[known:] = UNKNOWN_BIAS
        network.linear.weight[:known] = weight
        network.linear.bias[:known] = bias
    return network


def published_network(manifest: Manifest, data: Path, classes: int) -> DefaultClassifier:
    """A published default classifier as it was before its normalizations became convolutions.

    data: folder with emotion/. classes: see `unfused`.
    """
    layers = read_fused(manifest.verified_content("onnx_float"))
    images = read_ferplus(data / "emotion" / "ferplus.npz", "train", kind="all_votes")
    return unfused(layers, training_crops(images, min(FACES, len(images.crops))), classes)


def training_crops(images: EmotionImages, count: int) -> Tensor:
    dataset = EmotionDataset(images, seed=0)
    sampler = EpochSampler(len(images.crops), 0)
    crops, _ = next(iter(DataLoader(dataset, count, sampler=sampler)))
    return torch.as_tensor(crops).float() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with emotion/")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--output", type=Path, required=True, help="a float.pt, for --initial")
    options = parser.parse_args()
    manifest = read_manifest("classifier", "default", options.models)
    network = published_network(manifest, options.data, len(EMOTIONS))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.output)


if __name__ == "__main__":
    main()
