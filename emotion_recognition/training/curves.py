"""Training curves as a picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def save_curves(history: list[dict[str, float]], path: Path) -> None:
    """One panel for each quantity in the history, over epochs."""
    names = list(dict.fromkeys(name for record in history for name in record if name != "epoch"))
    figure, axes = plt.subplots(1, len(names), figsize=(4 * len(names), 3), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        points = [(record["epoch"], record[name]) for record in history if name in record]
        axis.plot(*zip(*points, strict=True), marker=".")
        axis.set(title=name, xlabel="epoch")
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)
