"""The default classifier."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from emotion_recognition.training.networks import conv_norm_relu


class ResidualUnit(nn.Module):
    """Two 3x3 convolutions beside an identity, or beside a 1x1 convolution where shapes change.

    He et al., "Deep Residual Learning for Image Recognition", 2016.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *conv_norm_relu(in_channels, out_channels, stride),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
        )
        self.shortcut = nn.Sequential()
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        output: Tensor = self.relu(self.main(features) + self.shortcut(features))
        return output


class ResidualClassifier(nn.Module):
    """A strided 5x5 convolution, four stages of residual units that halve the size, an average.

    Input (N, 1, 64, 64), gray in [0, 1]. Output (N, classes) logits. widths: channels of the
    first convolution and of the stages. units: of each stage.
    """

    def __init__(
        self, widths: Sequence[int], units: Sequence[int], classes: int = 4, dropout: float = 0.0
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(1, widths[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(inplace=True),
        ]
        for stage, (narrow, wide, count) in enumerate(zip(widths, widths[1:], units, strict=False)):
            layers.append(ResidualUnit(narrow, wide, stride=1 if stage == 0 else 2))
            layers += [ResidualUnit(wide, wide, stride=1) for _ in range(count - 1)]
        self.features = nn.Sequential(*layers)
        self.unit_widths = [  # channels behind each residual unit
            wide for wide, count in zip(widths[1:], units, strict=False) for _ in range(count)
        ]
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(widths[-1], classes)

    def forward(self, crops: Tensor) -> Tensor:
        pooled = torch.flatten(self.pool(self.features(crops)), 1)
        logits: Tensor = self.linear(self.dropout(pooled))
        return logits


class DefaultClassifier(ResidualClassifier):
    """At most 300,000 parameters and 20 million multiply-accumulates, for the smallest boards."""

    def __init__(self, classes: int = 4) -> None:
        super().__init__(
            widths=(16, 16, 32, 64, 100), units=(1, 2, 1, 1), classes=classes, dropout=0.1
        )


class CertaintyClassifier(nn.Module):
    """A default classifier that is less sure where a crop tells less.

    Its logits are multiplied by a number from 0 to 1, so that the probabilities come closer to each
    other in their order, and the answer stays the same. The number comes from the mean of every
    channel behind each residual unit: blur, noise and covered parts show in the early ones.
    """

    HIDDEN = 128

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.classifier = DefaultClassifier(classes)
        self.certainty = nn.Sequential(
            nn.Linear(sum(self.classifier.unit_widths), self.HIDDEN),
            nn.ReLU(inplace=True),
            nn.Linear(self.HIDDEN, 1),
            nn.Sigmoid(),
        )

    def read(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's own logits, and the means that its certainty is told from."""
        features, means = crops, []
        for layer in self.classifier.features:
            features = layer(features)
            if isinstance(layer, ResidualUnit):
                means.append(torch.flatten(self.classifier.pool(features), 1))
        return self.classifier.linear(means[-1]), torch.cat(means, dim=1)

    def forward(self, crops: Tensor) -> Tensor:
        logits, means = self.read(crops)
        scaled: Tensor = logits * self.certainty(means)
        return scaled


class FirstFour(nn.Module):
    """A teacher's logits of LABELS alone: of the other emotions it is then not asked."""

    def __init__(self, teacher: nn.Module) -> None:
        super().__init__()
        self.teacher = teacher

    def forward(self, crops: Tensor) -> Tensor:
        logits: Tensor = self.teacher(crops)[:, :4]
        return logits
