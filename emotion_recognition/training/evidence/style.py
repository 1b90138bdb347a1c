"""The look of all charts: legible at half a page, and for colour-blind people."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from emotion_recognition.core.images.overlay import COLORS

#: Of Okabe and Ito (2008), as the classes' colours.
BLUE, VERMILION, GREEN, GRAY, ORANGE = "#0072B2", "#D55E00", "#009E73", "#999999", "#E69F00"
LINES = (BLUE, VERMILION, GREEN, ORANGE)
MARKERS = ("o", "s", "^", "D")

plt.rcParams.update(
    {
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": "medium",
        "figure.dpi": 110,
        "grid.alpha": 0.3,
        "legend.frameon": False,
        "lines.linewidth": 2,
    }
)


def class_color(label: str) -> tuple[float, float, float]:
    """A class's colour in the overlay, as RGB in [0, 1]."""
    blue, green, red = COLORS[label]
    return red / 255, green / 255, blue / 255


def panels(columns: int, rows: int = 1, width: float = 4.6) -> tuple[Figure, list[Axes]]:
    """A figure with so many axes, row by row."""
    figure, axes = plt.subplots(
        rows, columns, figsize=(width * columns, 4.0 * rows), squeeze=False, layout="constrained"
    )
    return figure, [axis for row in axes for axis in row]


def save(figure: Figure, path: Path) -> None:
    figure.savefig(path)
    plt.close(figure)
