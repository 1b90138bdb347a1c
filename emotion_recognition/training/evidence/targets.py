"""What the figures were to reach, and whether they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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


_DEFAULT = ("default", "files", "onnx_int8")
CLASSIFIER_TARGETS = (
    Target("`default`: accuracy", (*_DEFAULT, "accuracy"), 0.935),
    Target("`default`: macro-F1", (*_DEFAULT, "macro_f1"), 0.92),
    Target("`default`: recall of neutral", (*_DEFAULT, "recall_neutral"), 0.80),
    Target("`default`: recall of angry", (*_DEFAULT, "recall_angry"), 0.82),
    Target("`default`: recall of surprised", (*_DEFAULT, "recall_surprised"), 0.80),
    Target("`default`: recall of happy", (*_DEFAULT, "recall_happy"), 0.80),
    Target(
        "`default`: expected calibration error",
        ("default", "calibration", "expected_calibration_error_as_shipped"),
        0.02,
        at_most=True,
    ),
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
