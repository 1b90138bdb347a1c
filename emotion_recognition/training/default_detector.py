"""The default face detector: faces of every size on three levels."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from emotion_recognition.core.multilevel import CHANNELS, STRIDES
from emotion_recognition.training.networks import SeparableConv
from emotion_recognition.training.residual_network import ResidualUnit

STEM = 16
#: Channels of the stages at strides 8, 16 and 32, and of the levels that are made from them.
WIDTHS = (32, 48, 64)
UNITS = (1, 2, 2)
NECK = 32
#: How likely an untrained network takes a place for a face: few of them are.
PRIOR = 0.01


class DefaultDetector(nn.Module):
    """A strided 5x5 stem, stages of plain 3x3 residual units, and a neck that adds top-down.

    Input (N, 3, H, W), BGR in [0, 1], H and W multiples of 32. Output (N, 5, A), see
    `core.multilevel.decode`: the cells of the levels with strides 8, 16 and 32, row by row.

    Narrow plain convolutions on small maps take less time on a processor than separable ones of
    the same accuracy (EResFD, Jeong et al., 2024); only the heads, which are cheap either way,
    are separable. Levels as in YuNet (Wu et al., 2023).
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, STEM, 5, stride=4, padding=2, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(inplace=True),
        )
        self.stages = nn.ModuleList(
            nn.Sequential(
                ResidualUnit(narrow, wide, stride=2),
                *(ResidualUnit(wide, wide, stride=1) for _ in range(units - 1)),
            )
            for narrow, wide, units in zip((STEM, *WIDTHS), WIDTHS, UNITS, strict=False)
        )
        self.laterals = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, NECK, 1, bias=False), nn.BatchNorm2d(NECK))
            for width in WIDTHS
        )
        self.heads = nn.ModuleList(DetectionHead() for _ in STRIDES)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        levels: list[Tensor] = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            features = stage(features)
            levels.append(lateral(features))
        for finer in (1, 0):
            levels[finer] = levels[finer] + self.upsample(levels[finer + 1])
        outputs = [head(level) for head, level in zip(self.heads, levels, strict=True)]
        # Not flatten(), which would fix the size of the input in an exported file.
        return torch.cat(
            [output.reshape(images.shape[0], CHANNELS, -1) for output in outputs], dim=2
        )


class DetectionHead(nn.Sequential):
    """What one level says of each of its cells: a separable convolution, then a linear layer."""

    def __init__(self) -> None:
        last = nn.Conv2d(NECK, CHANNELS, 1)
        nn.init.normal_(last.weight, std=0.01)
        assert last.bias is not None
        nn.init.zeros_(last.bias)
        with torch.no_grad():
            last.bias[4] = math.log(PRIOR / (1 - PRIOR))
        super().__init__(nn.ReLU(), SeparableConv(NECK, NECK), nn.ReLU(inplace=True), last)


def taking_pixels(network: DefaultDetector) -> DefaultDetector:
    """A copy whose input is in [0, 255]: the scaling becomes part of the first convolution."""
    return _with_scaled_input(network, 1 / 255)


def taking_fractions(network: DefaultDetector) -> DefaultDetector:
    """The opposite of `taking_pixels`."""
    return _with_scaled_input(network, 255)


def _with_scaled_input(network: DefaultDetector, factor: float) -> DefaultDetector:
    scaled = copy.deepcopy(network)
    first = scaled.stem[0]
    assert isinstance(first, nn.Conv2d)
    with torch.no_grad():
        first.weight.mul_(factor)
    return scaled
