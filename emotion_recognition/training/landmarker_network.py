"""The network of the landmarker."""

from __future__ import annotations

from torch import Tensor, nn

from emotion_recognition.core.heads.landmarker import POINTS
from emotion_recognition.training.networks import conv_norm_relu
from emotion_recognition.training.residual_network import ResidualUnit

STEM = 12
#: Channels of the stages at strides 4, 8 and 16, and of what is made from them.
WIDTHS = (24, 48, 64)
NECK = 24


class LandmarkerNetwork(nn.Module):
    """A strided 5x5 stem, three residual units that halve the size, a neck that adds top-down.

    Input (N, 1, 48, 48), gray in [0, 1]. Output (N, 5, 12, 12), see `core.heads.landmarker`. The
    coarse stages see the whole face, the fine one tells where in it a point lies.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, STEM, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(inplace=True),
        )
        self.stages = nn.ModuleList(
            ResidualUnit(narrow, wide, stride=2)
            for narrow, wide in zip((STEM, *WIDTHS), WIDTHS, strict=False)
        )
        self.laterals = nn.ModuleList(nn.Conv2d(width, NECK, 1) for width in WIDTHS)
        self.head = nn.Sequential(
            nn.ReLU(), *conv_norm_relu(NECK, NECK), nn.Conv2d(NECK, POINTS, 1)
        )
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, squares: Tensor) -> Tensor:
        features = self.stem(squares)
        levels: list[Tensor] = []
        for stage, lateral in zip(self.stages, self.laterals, strict=True):
            features = stage(features)
            levels.append(lateral(features))
        fine, middle, coarse = levels
        maps: Tensor = self.head(fine + self.upsample(middle + self.upsample(coarse)))
        return maps
