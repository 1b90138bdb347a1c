"""Weights to go on training from, taken from the float file of a published default model.

Its batch normalizations are part of its convolutions by then. Here they are taken out again: each
gets the statistics of its channels on training images, and the scale and offset that undo them.

python -m emotion_recognition.training.published_weights --help
"""

from __future__ import annotations

import argparse
from pathlib import Path

import onnx
import onnx.numpy_helper
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from emotion_recognition.core.manifest import MODELS, Manifest, read_manifest
from emotion_recognition.core.types import EMOTIONS
from emotion_recognition.training.default_detector import DefaultDetector, taking_fractions
from emotion_recognition.training.detection_data import read_annotations
from emotion_recognition.training.emotion_data import EmotionDataset, read_ferplus
from emotion_recognition.training.held_aside import without_held_aside
from emotion_recognition.training.multilevel_data import MultilevelDataset
from emotion_recognition.training.residual_network import DefaultClassifier
from emotion_recognition.training.sampling import EpochSampler

#: Of training, that the statistics are of.
FACES, IMAGES = 1024, 256
#: Of the logit of an emotion that the published classifier does not know, before it is learned.
UNKNOWN_BIAS = -3.0

#: Weight and bias of a layer; a convolution may have no bias.
Layer = tuple[Tensor, Tensor | None]


def read_fused(content: bytes) -> list[Layer]:
    """The layers of a float ONNX file, in the order in which they are computed.

    Those that tell how certain an answer is are left out.
    """
    graph = onnx.load_from_string(content).graph
    values = {
        item.name: torch.from_numpy(onnx.numpy_helper.to_array(item).copy())
        for item in graph.initializer
    }
    layers = [
        node.input[1:]
        for node in graph.node
        if node.op_type in ("Conv", "Gemm") and not node.input[1].startswith("certainty.")
    ]
    return [(values[weight], values[bias[0]] if bias else None) for weight, *bias in layers]


def computed(
    network: nn.Module, inputs: Tensor
) -> list[tuple[nn.Conv2d | nn.Linear, nn.BatchNorm2d | None]]:
    """A network's layers, in the order in which they are computed, each with the normalization
    behind it."""
    modules: list[nn.Module] = []
    kinds = (nn.Conv2d, nn.Linear, nn.BatchNorm2d)
    handles = [
        module.register_forward_hook(lambda module, *_: modules.append(module))
        for module in network.modules()
        if isinstance(module, kinds)
    ]
    with torch.no_grad():
        network(inputs)
    for handle in handles:
        handle.remove()
    return [
        (layer, after if isinstance(after, nn.BatchNorm2d) else None)
        for layer, after in zip(modules, [*modules[1:], None], strict=True)
        if isinstance(layer, nn.Conv2d | nn.Linear)
    ]


def take_over(network: nn.Module, layers: list[Layer], inputs: Tensor) -> None:
    """Makes a network answer as the layers of a fused file do. inputs: as it is trained on."""
    network.eval()
    pairs = computed(network, inputs[:1])
    with torch.no_grad():
        for (layer, normalization), (weight, bias) in zip(pairs, layers, strict=True):
            layer.weight.copy_(weight)
            if normalization is None and bias is not None:
                layer.bias.copy_(bias)  # type: ignore[union-attr]
        for (layer, normalization), (_, bias) in zip(pairs, layers, strict=True):
            if normalization is None or bias is None:
                continue
            seen: list[Tensor] = []
            handle = layer.register_forward_hook(lambda *call, seen=seen: seen.append(call[2]))
            network(inputs)
            handle.remove()
            mean, variance = seen[0].mean((0, 2, 3)), seen[0].var((0, 2, 3))
            normalization.running_mean.copy_(mean)  # type: ignore[union-attr]
            normalization.running_var.copy_(variance)  # type: ignore[union-attr]
            normalization.weight.copy_((variance + normalization.eps).sqrt())
            normalization.bias.copy_(bias + mean)


def published_classifier(manifest: Manifest, data: Path, classes: int) -> DefaultClassifier:
    """A published default classifier as it was before its normalizations became convolutions.

    data: folder with emotion/. classes: of the network; one that the file does not know is
    unlikely.
    """
    *layers, (weight, bias) = read_fused(manifest.verified_content("onnx_float"))
    assert bias is not None
    unknown = classes - len(bias)
    weight = torch.cat([weight, torch.zeros(unknown, weight.shape[1])])
    bias = torch.cat([bias, torch.full((unknown,), UNKNOWN_BIAS)])
    images = read_ferplus(data / "emotion" / "ferplus.npz", "train", kind="all_votes")
    network = DefaultClassifier(classes)
    take_over(network, [*layers, (weight, bias)], first_samples(EmotionDataset(images, 0), FACES))
    return network


def published_detector(manifest: Manifest, data: Path) -> DefaultDetector:
    """The same of the published default detector. data: folder with faces/."""
    images = without_held_aside(read_annotations(data / "faces", "train"))
    height = manifest.input_shape[2]
    network = DefaultDetector()
    samples = first_samples(MultilevelDataset(images, 0, height), IMAGES)
    take_over(network, read_fused(manifest.verified_content("onnx_float")), samples * 255)
    return taking_fractions(network)


def first_samples(dataset: Dataset[tuple[Tensor, Tensor]], count: int) -> Tensor:
    """Images that training would see, in [0, 1]; fewer where there are fewer."""
    size = len(dataset)  # type: ignore[arg-type]
    loader = DataLoader(dataset, min(count, size), sampler=EpochSampler(size, 0))
    images, _ = next(iter(loader))
    return torch.as_tensor(images).float() / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["classifier", "detector"])
    parser.add_argument("--data", type=Path, required=True, help="folder with emotion/ and faces/")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--output", type=Path, required=True, help="a float.pt, for --initial")
    options = parser.parse_args()
    manifest = read_manifest(options.kind, "default", options.models)
    network = (
        published_detector(manifest, options.data)
        if options.kind == "detector"
        else published_classifier(manifest, options.data, len(EMOTIONS))
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.output)


if __name__ == "__main__":
    main()
