"""Charts of a detector's figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from emotion_recognition.training.evidence.detector import THRESHOLDS, DetectorEvidence
from emotion_recognition.training.evidence.recall import RecallBin
from emotion_recognition.training.evidence.report import wilson_interval
from emotion_recognition.training.evidence.style import BLUE, GRAY, VERMILION, panels, save
from emotion_recognition.training.metrics import Matches


def save_detector_charts(name: str, evidence: DetectorEvidence, folder: Path) -> None:
    """Writes detector_<name>_*.png."""
    threshold = evidence.score_threshold
    figure, (left, right) = panels(2, width=5)
    for percent, color in ((10, BLUE), (5, VERMILION)):
        draw_precision_recall(left, evidence.matches[percent], threshold, percent, color)
    left.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
    left.set_title(f"IoU 0.5; dots: shipped score threshold {threshold:g}")
    left.legend(loc="lower left")
    draw_thresholds(right, evidence)
    save(figure, folder / f"detector_{name}_precision_recall.png")

    figure, (axis,) = panels(1, width=6)
    draw_overlap(axis, evidence.matches[5], threshold)
    save(figure, folder / f"detector_{name}_iou.png")

    figure, (left, right) = panels(2, width=5.5)
    draw_recall(left, evidence.by_size, [_percent(item) for item in evidence.by_size])
    left.set(title="Recall by size", xlabel="longer side of the face, % of the image's (and faces)")
    left.tick_params(axis="x", labelsize="small")
    draw_recall(right, evidence.by_crowding, [_count(item) for item in evidence.by_crowding])
    right.set(title="Recall by crowding, faces from 5 % of the image")
    right.set_xlabel("faces centred in the same cell of the 9x9 grid (and faces)")
    figure.legend(*left.get_legend_handles_labels(), ncols=2, loc="outside lower center")
    save(figure, folder / f"detector_{name}_recall.png")


def draw_precision_recall(
    axis: Axes, matches: Matches, threshold: float, percent: int, color: str
) -> None:
    hits = np.cumsum(matches.ious > 0)
    recall = hits / max(matches.face_count, 1)
    precision = hits / np.arange(1, len(hits) + 1)
    label = f"faces from {percent} % of the image: AP {matches.average_precision():.3f}"
    axis.plot(recall, precision, color=color, label=label)
    chosen = matches.at(threshold)
    axis.plot(chosen["recall"], chosen["precision"], color=color, marker="o", markersize=8)


def draw_thresholds(axis: Axes, evidence: DetectorEvidence) -> None:
    recall = [evidence.matches[5].at(threshold)["recall"] for threshold in THRESHOLDS]
    alarms = [evidence.false_positives_at(threshold) for threshold in THRESHOLDS]
    axis.plot(THRESHOLDS, recall, color=BLUE, marker="o", label="recall, faces from 5 %")
    axis.plot(
        THRESHOLDS, alarms, color=VERMILION, marker="s", label="false positives / negative image"
    )
    axis.axvline(evidence.score_threshold, color=GRAY, linestyle=":", label="shipped threshold")
    axis.set(xlabel="score threshold", xlim=(0, 1), ylim=(0, 1), title="Choice of the threshold")
    # Where neither curve passes: recall is above, false positives are below.
    axis.legend(loc="center left", bbox_to_anchor=(0.02, 0.6))


def draw_overlap(axis: Axes, matches: Matches, threshold: float) -> None:
    ious = matches.ious[(matches.scores >= threshold) & (matches.ious > 0)]
    axis.hist(ious, bins=np.linspace(0.5, 1, 26).tolist(), color=BLUE, edgecolor="white")
    if len(ious):
        axis.axvline(ious.mean(), color=VERMILION, label=f"mean {ious.mean():.3f}")
        axis.legend(loc="upper left")
    axis.set(xlabel="IoU with the annotated box", ylabel="faces", xlim=(0.5, 1))
    axis.set_title(f"{len(ious)} found faces at score {threshold:g}, faces from 5 % of the image")


def draw_recall(axis: Axes, bins: list[RecallBin], names: list[str]) -> None:
    """Bars of recall with 95 % intervals, and the limit of one face a cell."""
    positions = np.arange(len(bins))
    low, high = np.array([wilson_interval(item.recall, item.faces) for item in bins]).T
    recall = np.array([item.recall for item in bins])
    axis.bar(
        positions,
        recall,
        0.75,
        color=BLUE,
        alpha=0.8,
        yerr=[recall - low, high - recall],
        error_kw={"capsize": 3},
        label="recall, with 95 % interval",
    )
    axis.plot(
        positions,
        [item.limit for item in bins],
        color=VERMILION,
        marker="_",
        markersize=28,
        markeredgewidth=2.5,
        linestyle="none",
        label="limit of one face a cell",
    )
    axis.grid(False, axis="x")
    ticks = [f"{name}\n({item.faces})" for name, item in zip(names, bins, strict=True)]
    axis.set_xticks(positions, ticks)
    axis.set(ylim=(0, 1.05), ylabel="recall")


def _percent(item: RecallBin) -> str:
    return f"{item.low * 100:g}-{min(item.high, 1) * 100:g}"


def _count(item: RecallBin) -> str:
    return f"{item.low:g}" if item.high - item.low == 1 else f"{item.low:g} or more"
