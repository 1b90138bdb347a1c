"""Charts of a classifier's figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray

from emotion_recognition.core.types import EMOTIONS
from emotion_recognition.training.confidence import MOST_RISK, TARGET_RISK
from emotion_recognition.training.evidence.classifier import Calibration, ClassifierEvidence
from emotion_recognition.training.evidence.reliability import BINS, Reliability
from emotion_recognition.training.evidence.report import accuracy, classification_report
from emotion_recognition.training.evidence.style import (
    BLUE,
    GRAY,
    LINES,
    MARKERS,
    VERMILION,
    class_color,
    panels,
    save,
)
from emotion_recognition.training.perturbations import PERTURBATIONS

HATCHES = {"precision": "//", "recall": "", "f1": ".."}


def save_classifier_charts(name: str, evidence: ClassifierEvidence, folder: Path) -> None:
    """Writes classifier_<name>_*.png."""
    figure, (left, right) = panels(2, width=5)
    draw_confusion(left, evidence.confusion, "FER+ valid")
    draw_confusion(right, evidence.wild_confusion, "wild, held-out people")
    save(figure, folder / f"classifier_{name}_confusion.png")

    figure, (left, right) = panels(2, width=5)
    draw_report(left, evidence.confusion, "FER+ valid")
    draw_report(right, evidence.wild_confusion, "wild, held-out people")
    patterns = [
        Patch(facecolor="white", edgecolor="black", hatch=hatch, label=key)
        for key, hatch in HATCHES.items()
    ]
    figure.legend(handles=patterns, ncols=3, loc="outside lower center")
    save(figure, folder / f"classifier_{name}_classes.png")

    figure, (left, right) = panels(2)
    calibration = evidence.calibration
    draw_reliability(left, calibration.before, "temperature 1")
    draw_reliability(right, calibration.after, f"temperature {calibration.temperature:g}")
    save(figure, folder / f"classifier_{name}_reliability.png")

    figure, (axis,) = panels(1, width=6)
    draw_risk_coverage(axis, calibration)
    save(figure, folder / f"classifier_{name}_risk_coverage.png")


def save_robustness(
    robustness: Mapping[str, Mapping[str, Mapping[float, Mapping[str, float]]]],
    key: str,
    path: Path,
) -> None:
    """One panel a perturbation, one line a model.

    robustness: by model, perturbation, level. key: 'accuracy', 'coverage' or 'risk'.
    """
    columns = 4
    figure, axes = panels(columns, -(-len(PERTURBATIONS) // columns), width=4)
    for axis in axes[len(PERTURBATIONS) :]:
        axis.set_axis_off()
    for axis, perturbation in zip(axes, PERTURBATIONS, strict=False):
        for index, (model, curves) in enumerate(robustness.items()):
            curve = curves[perturbation.name]
            color, marker = LINES[index % len(LINES)], MARKERS[index % len(MARKERS)]
            values = [figures[key] for figures in curve.values()]
            axis.plot(list(curve), values, color=color, marker=marker, label=model)
        if perturbation.unchanged is not None:
            axis.axvline(perturbation.unchanged, color=GRAY, linestyle=":", linewidth=1)
        if key == "risk":
            axis.axhline(MOST_RISK, color=GRAY, linestyle="--", linewidth=1)
        if perturbation.levels[0] > 0 and perturbation.levels[-1] / perturbation.levels[0] > 4:
            axis.set_xscale("log")
            shown = (
                perturbation.levels[::2] if len(perturbation.levels) > 6 else perturbation.levels
            )
            axis.set_xticks(shown, [f"{level:g}" for level in shown])
            axis.minorticks_off()
        limits = (0, 0.5) if key == "risk" else (0.2, 1)
        axis.set(xlabel=perturbation.axis, ylim=limits, title=perturbation.name)
    for axis in axes[::columns]:
        axis.set_ylabel("wrong answers" if key == "risk" else key)
    axes[0].legend(loc="upper left" if key == "risk" else "lower left")
    save(figure, path)


def draw_confusion(axis: Axes, counts: NDArray[np.int64], title: str) -> None:
    labels = EMOTIONS[: len(counts)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(labels)):
        for column in range(len(labels)):
            share = shares[row, column]
            axis.text(
                column,
                row,
                f"{share:.0%}\n{counts[row, column]}",
                ha="center",
                va="center",
                color="white" if share > 0.55 else "black",
            )
    axis.set_xticks(range(len(labels)), labels, rotation=0 if len(labels) < 5 else 45)
    axis.set_yticks(range(len(labels)), labels)
    axis.grid(False)
    axis.set(xlabel="answer", ylabel="label")
    axis.set_title(f"{title}: accuracy {accuracy(counts):.3f} of {counts.sum()}")


def draw_report(axis: Axes, counts: NDArray[np.int64], title: str) -> None:
    labels = EMOTIONS[: len(counts)]
    report = classification_report(counts)
    positions = np.arange(len(labels))
    for index, (key, hatch) in enumerate(HATCHES.items()):
        axis.bar(
            positions + 0.27 * (index - 1),
            [report[label][key] for label in labels],
            0.25,
            color=[class_color(label) for label in labels],
            edgecolor="black",
            linewidth=0.6,
            hatch=hatch,
        )
    axis.grid(False, axis="x")
    axis.set_xticks(positions, [f"{label}\n{report[label]['support']:.0f}" for label in labels])
    axis.set(ylim=(0, 1), title=f"{title}: macro-F1 {report['macro average']['f1']:.3f}")


def draw_reliability(axis: Axes, measured: Reliability, title: str) -> None:
    filled = measured.count > 0
    centers = (np.arange(BINS) + 0.5) / BINS
    axis.bar(
        centers[filled],
        measured.accuracy[filled],
        0.94 / BINS,
        color=BLUE,
        alpha=0.75,
        label="accuracy",
    )
    axis.plot([0, 1], [0, 1], color="black", linestyle="--", linewidth=1, label="calibrated")
    axis.plot(
        measured.confidence[filled],
        measured.accuracy[filled],
        color=VERMILION,
        marker="o",
        markersize=4,
        linestyle="none",
        label="at the bin's mean confidence",
    )
    shares = measured.count / measured.count.sum()
    axis.step(centers, shares, where="mid", color=GRAY, label="share of faces")
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    axis.set_title(f"{title}: ECE {measured.expected_calibration_error:.3f}")
    axis.legend(loc="upper left", fontsize="small")


def draw_risk_coverage(axis: Axes, calibration: Calibration) -> None:
    curve = calibration.risk_coverage
    chosen = curve.at(calibration.threshold)
    axis.plot(curve.coverage, curve.risk, color=BLUE)
    axis.axhline(TARGET_RISK, color=GRAY, linestyle=":", label=f"target risk {TARGET_RISK:.0%}")
    axis.plot(
        chosen["coverage"],
        chosen["risk"],
        color=VERMILION,
        marker="o",
        linestyle="none",
        label=f"unknown below {calibration.threshold:.2f}: {chosen['coverage']:.0%} answered, "
        f"{chosen['risk']:.1%} of these wrong",
    )
    axis.set(xlim=(0, 1), ylim=(0, None), xlabel="coverage (share of faces answered)")
    axis.set(ylabel="risk (share of answers that are wrong)")
    axis.set_title(f"Area under the curve {curve.area:.3f}")
    axis.legend(loc="upper left")
