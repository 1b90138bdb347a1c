"""The figures as Markdown, for a model card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

REPORTED = ("precision", "recall", "f1", "support")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Floats are given with three decimals."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def artefact_table(metrics: dict[str, dict[str, float]]) -> str:
    """One row a headline figure, one column a file."""
    names = list(next(iter(metrics.values()), {}))
    rows = [[name, *(metrics[kind].get(name, "") for kind in metrics)] for name in names]
    return markdown_table(["figure", *metrics], rows)


def label_table(agreement: dict[str, float]) -> str:
    """agreement: see `labelled_faces.label_agreement`."""
    rows = [
        ["faces of valid with one of the four in both", agreement["faces"]],
        ["share of them on which both agree", agreement["agreement"]],
    ]
    return "### FER+'s labels and FER2013's\n\n" + markdown_table(["figure", "value"], rows)


def classifier_tables(name: str, figures: dict[str, Any]) -> str:
    valid, wild = figures["ferplus_valid"], figures["wild_held_out"]
    agreed, masked = figures["annotators_agree"], figures["masked_faces"]
    calibration = figures["calibration"]
    reject, default = calibration["reject"], calibration["reject_at_the_default_of_the_node"]
    per_class = [
        [
            label,
            *(valid["report"][label][key] for key in REPORTED),
            *(wild["report"].get(label, {}).get(key, "") for key in REPORTED),
        ]
        for label in valid["report"]
    ]
    summary = [
        ["accuracy on FER+ valid", _accuracy(valid)],
        ["macro-F1 on FER+ valid", valid["macro_f1"]],
        [
            f"accuracy on the {agreed['faces']} faces on which eight of ten annotators agree",
            _accuracy(agreed),
        ],
        ["accuracy on the half that nothing was fitted on", _accuracy(calibration["other_half"])],
        ["macro-F1 there", calibration["other_half"]["macro_f1"]],
        ["recall of angry there", calibration["other_half"]["report"]["angry"]["recall"]],
        ["accuracy on wild, held-out people", _accuracy(wild)],
        ["macro-F1 on wild, held-out people", wild["macro_f1"]],
        *(
            [f"accuracy on {source} of wild ({item['faces']} faces)", _accuracy(item)]
            for source, item in wild["accuracy_by_source"].items()
        ),
        ["temperature, fitted on half of valid", calibration["temperature"]],
        ["ECE on the other half", calibration["expected_calibration_error"]],
        [
            "ECE there at temperature 1",
            calibration["expected_calibration_error_at_temperature_1"],
        ],
        [
            f"ECE there at the shipped temperature {calibration['shipped_temperature']:g}",
            calibration["expected_calibration_error_as_shipped"],
        ],
        ["ECE on wild, held-out people", wild["expected_calibration_error"]],
        [
            "ECE over all changed crops below, as shipped",
            figures["expected_calibration_error_over_all_levels"],
        ],
        ["largest share of wrong answers at any level below", figures["largest_risk"]],
        [f"share of {masked['faces']} faces in masks that get an answer", masked["answered"]],
        ["... and another one than neutral", masked["other_than_neutral"]],
        ["area under risk-coverage", calibration["area_under_risk_coverage"]],
        [
            f"reject threshold for {reject['target_risk']:.0%} risk: coverage",
            f"{reject['threshold']:.3f}: {reject['coverage']:.3f}",
        ],
        ["... and risk", reject["risk"]],
        [f"reject below {default['threshold']:g}: coverage", default["coverage"]],
        ["... and risk", default["risk"]],
    ]
    robustness = [
        [kind, *(", ".join(_levels(curve, key)) for key in ("accuracy", "coverage", "risk"))]
        for kind, curve in figures["robustness"].items()
    ]
    return "\n\n".join(
        [
            f"### Classifier `{name}`",
            artefact_table(figures["files"]),
            markdown_table(["figure", "value"], summary),
            markdown_table(
                [
                    "class",
                    *(f"valid {key}" for key in ("precision", "recall", "F1", "faces")),
                    *(f"wild {key}" for key in ("precision", "recall", "F1", "faces")),
                ],
                per_class,
            ),
            markdown_table(
                [
                    "crops of that half changed by",
                    "accuracy by level",
                    "share answered",
                    "of these wrong",
                ],
                robustness,
            ),
        ]
    )


def detector_tables(name: str, figures: dict[str, Any]) -> str:
    ways = {"letterboxed": figures["val"], "squashed": figures["val_squashed"]}
    ways = {way: item for way, item in ways.items() if item}
    negatives = figures["negatives"]
    sizes = [
        [f"{item['low']:.1%} to {item['high']:.1%}", item["faces"], item["recall"], item["limit"]]
        for item in figures["recall_by_size"]
    ]
    crowding = [
        [
            f"{item['low']:g}" + ("" if item["high"] == item["low"] + 1 else " or more"),
            item["faces"],
            item["recall"],
            item["limit"],
        ]
        for item in figures["recall_by_faces_in_cell"]
    ]
    columns = ["faces", "recall", "limit of one face a cell"]
    return "\n\n".join(
        [
            f"### Detector `{name}`",
            artefact_table(figures["files"]),
            markdown_table(
                ["figure", *ways],
                [[key, *(item[key] for item in ways.values())] for key in figures["val"]],
            ),
            markdown_table(
                ["source of val", "images", "ap50_10", "mean_iou_10", "recall_10"],
                [[source, *item.values()] for source, item in figures["val_by_source"].items()],
            ),
            markdown_table(
                ["false positives on val", "detections"],
                [
                    [key.replace("_", " "), n]
                    for key, n in figures["false_positives_on_val"].items()
                ],
            ),
            markdown_table(
                ["negative images held aside", "false positives per image"],
                [[negatives["images"], negatives["false_positives_per_image"]]],
            ),
            markdown_table(["longer side of the face / of the image", *columns], sizes),
            markdown_table(["faces in the same cell (from 5 % of the image)", *columns], crowding),
        ]
    )


def _levels(curve: dict[str, dict[str, float]], key: str) -> list[str]:
    return [f"{float(level):g}: {values[key]:.3f}" for level, values in curve.items()]


def _accuracy(figures: dict[str, Any]) -> str:
    low, high = figures["accuracy_interval"]
    return f"{figures['accuracy']:.3f} (95 %: {low:.3f} to {high:.3f})"


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
