"""Networks that teach the shipped classifiers: of different shapes, so that they err differently.

Each takes (N, 1, 64, 64) gray in [0, 1] and gives (N, 8) logits of the emotions of FER+, those of
LABELS first. They look at crops of 48x48, which is all that FER2013's hold. Never shipped.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from emotion_recognition.training.networks import conv_norm_relu
from emotion_recognition.training.residual_network import ResidualClassifier

EMOTIONS = 8
SIDE = 48


def to_48(crops: Tensor) -> Tensor:
    return nn.functional.interpolate(
        crops, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True
    )


class Teacher(ResidualClassifier):
    """Residual units, as the default classifier, but wider and more of them."""

    def __init__(self) -> None:
        super().__init__(
            widths=(32, 32, 64, 128, 192), units=(2, 2, 2, 1), classes=EMOTIONS, dropout=0.3
        )

    def forward(self, crops: Tensor) -> Tensor:
        return super().forward(to_48(crops))


class PlainTeacher(nn.Module):
    """Plain 3x3 convolutions and max pooling: the shape of FER+'s own VGG13, a third as wide."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        narrow = 1
        for width, count in ((32, 2), (64, 2), (112, 3), (160, 3)):
            for _ in range(count):
                layers += conv_norm_relu(narrow, width, 1)
                narrow = width
            layers += [nn.MaxPool2d(2), nn.Dropout(0.15)]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(narrow * 9, 256), nn.ReLU(inplace=True), nn.Dropout(0.5)
        )
        self.linear = nn.Linear(256, EMOTIONS)

    def forward(self, crops: Tensor) -> Tensor:
        logits: Tensor = self.linear(self.classifier(self.features(to_48(crops))))
        return logits


class AttendingTeacher(nn.Module):
    """Pre-activated residual units whose channels are weighted by what the whole crop shows.

    Hu et al., "Squeeze-and-Excitation Networks", 2018; He et al., "Identity Mappings in Deep
    Residual Networks", 2016.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 32, 3, padding=1, bias=False)
        units: list[nn.Module] = []
        narrow = 32
        for width, count, stride in ((32, 1, 2), (64, 2, 2), (128, 2, 2), (192, 2, 2)):
            for index in range(count):
                units.append(AttendingUnit(narrow, width, stride if index == 0 else 1))
                narrow = width
        self.units = nn.Sequential(*units, nn.BatchNorm2d(narrow), nn.ReLU(inplace=True))
        self.dropout = nn.Dropout(0.4)
        self.linear = nn.Linear(2 * narrow, EMOTIONS)

    def forward(self, crops: Tensor) -> Tensor:
        features = self.units(self.stem(to_48(crops)))
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1)
        logits: Tensor = self.linear(self.dropout(pooled))
        return logits


class AttendingUnit(nn.Module):
    """One of the residual units of `AttendingTeacher`."""

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.before = nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU(inplace=True))
        self.main = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        )
        self.weights = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(out_channels, out_channels // 8, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(out_channels // 8, out_channels, 1),
            nn.Sigmoid(),
        )
        self.shortcut = (
            nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)
            if stride != 1 or in_channels != out_channels
            else None
        )

    def forward(self, features: Tensor) -> Tensor:
        ready = self.before(features)
        main = self.main(ready)
        kept = features if self.shortcut is None else self.shortcut(ready)
        output: Tensor = kept + main * self.weights(main)
        return output


TEACHERS: dict[str, type[nn.Module]] = {
    "teacher": Teacher,
    "plain_teacher": PlainTeacher,
    "attending_teacher": AttendingTeacher,
}
