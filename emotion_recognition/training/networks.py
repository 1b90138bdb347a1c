"""The paper's two networks, Table I (face detector) and Table II (emotion classifier).

Convolutions that a batch normalization follows carry no bias of their own. Both networks take
pixel values divided by 255 and hold nothing that int8 arithmetic could not run.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def conv_norm_relu(in_channels: int, out_channels: int, stride: int = 1) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    ]


class PaperDetector(nn.Module):
    """Table I: six convolutional blocks and a 3x3 detection layer.

    Input (N, 3, 288, 288), BGR in [0, 1]. Output (N, 11, 9, 9), linear as in YOLOv1: for each cell
    two boxes of (x, y, sqrt(w), sqrt(h), confidence), then one class score. x and y are fractions
    of the cell, w and h fractions of the image; see `core.detector.decode`.
    """

    channels = (8, 16, 32, 64, 128)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        width = 3
        for channels in self.channels:
            layers += conv_norm_relu(width, channels) + conv_norm_relu(channels, channels)
            layers.append(nn.MaxPool2d(2))
            width = channels
        for _ in range(4):
            layers += conv_norm_relu(width, 192)
            width = 192
        self.features = nn.Sequential(*layers)
        self.head = nn.Conv2d(width, 11, 3, padding=1)

    def freeze_blocks(self, count: int) -> None:
        """Keeps the first blocks as they are: they find edges, and cost most of a training step."""
        pools = [i for i, layer in enumerate(self.features) if isinstance(layer, nn.MaxPool2d)]
        if count:
            self.features[: pools[count - 1]].requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        grid: Tensor = self.head(self.features(images))
        return grid


class SeparableConv(nn.Sequential):
    """Depthwise 3x3, then pointwise 1x1: the order of Table II's "3x3, 1x1" column."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )


class ResidualBlock(nn.Module):
    """Two separable convolutions and a max pool, beside a strided convolution as residual."""

    def __init__(self, in_channels: int, out_channels: int, residual_kernel: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            SeparableConv(in_channels, out_channels),
            nn.ReLU(inplace=True),
            SeparableConv(out_channels, out_channels),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        self.residual = nn.Sequential(
            nn.Conv2d(
                in_channels,
                out_channels,
                residual_kernel,
                stride=2,
                padding=residual_kernel // 2,
                bias=False,
            ),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        main: Tensor = self.main(features)
        residual: Tensor = self.residual(features)
        return main + residual


class PaperClassifier(nn.Module):
    """Table II: a small Xception-like classifier.

    Input (N, 1, 64, 64), gray in [0, 1]. Output (N, classes) logits, in the paper those of neutral,
    angry, surprised and happy.

    Where the table is ambiguous: the residual of block 5 is 3x3 as printed (1x1 in blocks 3 and
    4); layers 6 and 7 print 16 channels after a block that leaves 64, so 64 are pooled and the
    linear layer is 64 -> 4.
    """

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *conv_norm_relu(1, 8, stride=2),
            *conv_norm_relu(8, 8, stride=2),
            ResidualBlock(8, 16, residual_kernel=1),
            ResidualBlock(16, 32, residual_kernel=1),
            ResidualBlock(32, 64, residual_kernel=3),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(64, classes)

    def forward(self, crops: Tensor) -> Tensor:
        pooled = torch.flatten(self.pool(self.features(crops)), 1)
        logits: Tensor = self.linear(pooled)
        return logits
