"""What the figures were to reach, and whether they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emotion_recognition.core.types import LABELS
from emotion_recognition.training.confidence import MOST_RISK
from emotion_recognition.training.evidence.tables import markdown_table


@dataclass(frozen=True)
class Target:
    """A bound on one figure of evaluation.json.

    path: the keys that lead to the figure, from its kind of model ('classifiers', 'detectors') on.
    """

    name: str
    path: tuple[str, ...]
    bound: float
    at_most: bool = False

    def row(self, figures: Mapping[str, Any]) -> list[object] | None:
        """For a table; None if the figure was not measured."""
        value: Any = figures
        for key in self.path:
            if key not in value:
                return None
            value = value[key]
        excess = value - self.bound if self.at_most else self.bound - value
        verdict = "reached" if excess <= 0 else f"missed by {excess:.4f}"
        return [self.name, f"{'at most ' * self.at_most}{self.bound:g}", f"{value:.4f}", verdict]


def _honest(name: str) -> tuple[Target, ...]:
    """What a classifier may be wrong in where little can be told."""
    calibration = (name, "calibration", "expected_calibration_error_as_shipped")
    levels = (name, "expected_calibration_error_over_all_levels")
    masked = (name, "masked_faces", "other_than_neutral")
    return (
        Target(f"`{name}`: expected calibration error", calibration, 0.02, at_most=True),
        Target(f"`{name}`: the same over all changed crops", levels, 0.03, at_most=True),
        Target(
            f"`{name}`: wrong answers, however crops are changed",
            (name, "largest_risk"),
            MOST_RISK,
            at_most=True,
        ),
        Target(f"`{name}`: faces in masks not neutral or unknown", masked, 0.15, at_most=True),
    )


_DEFAULT = ("default", "files", "onnx_int8")
CLASSIFIER_TARGETS = (
    Target("`default`: accuracy", (*_DEFAULT, "accuracy"), 0.945),
    Target("`default`: macro-F1", (*_DEFAULT, "macro_f1"), 0.935),
    *(
        Target(f"`default`: recall of {label}", (*_DEFAULT, f"recall_{label}"), 0.86)
        for label in LABELS
    ),
    *_honest("default"),
    Target("`eight`: accuracy", ("eight", "files", "onnx_int8", "accuracy"), 0.87),
    *_honest("eight"),
    Target(
        "`paper`: accuracy, the paper's figure", ("paper", "files", "onnx_int8", "accuracy"), 0.83
    ),
    Target(
        "`paper_fer2013`: accuracy against FER2013's labels, the paper's figure",
        ("paper_fer2013", "files", "onnx_int8", "accuracy_fer2013"),
        0.83,
    ),
)

_DETECTOR = ("paper", "files", "onnx_int8")
DETECTOR_TARGETS = (
    Target("AP50, faces from 10 %", (*_DETECTOR, "ap50_10"), 0.90),
    Target("mean IoU of matched boxes, from 10 %", (*_DETECTOR, "mean_iou_10"), 0.82),
    Target("AP50, from 5 %", (*_DETECTOR, "ap50_5"), 0.75),
    Target(
        "false positives an image, negatives kept aside",
        ("paper", "negatives", "false_positives_per_image"),
        0.02,
        at_most=True,
    ),
    Target(
        "detections on no face an image, val",
        ("paper", "false_positives_on_val", "not_on_a_face_per_image"),
        0.02,
        at_most=True,
    ),
)


def targets_table(targets: tuple[Target, ...], figures: Mapping[str, Any]) -> str:
    """figures: by model, as in evaluation.json. Empty if no target's figure was measured."""
    rows = [row for target in targets if (row := target.row(figures))]
    if not rows:
        return ""
    header = ["of the int8 ONNX file", "target", "measured", ""]
    return "### Against the targets\n\n" + markdown_table(header, rows)
