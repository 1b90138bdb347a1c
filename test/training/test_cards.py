"""Model cards: the figures are put between their markers, and nothing else is touched."""

from pathlib import Path

import pytest

from emotion_recognition.core.manifest import MODELS, Kind, model_names, read_manifest
from emotion_recognition.training.evidence.cards import BEGIN, END, write_figures


def test_figures_replace_the_old_ones_and_nothing_else(tmp_path: Path) -> None:
    card = tmp_path / "CARD.md"
    card.write_text(f"# Card\n\n{BEGIN}\nold\n{END}\n\nthe end\n", encoding="utf-8")
    write_figures(card, ["| one |", "| two |"])
    write_figures(card, ["| three |"])
    assert card.read_text(encoding="utf-8") == (
        f"# Card\n\n{BEGIN}\n\n| three |\n\n{END}\n\nthe end\n"
    )


def test_a_card_without_markers_is_left_alone(tmp_path: Path) -> None:
    card = tmp_path / "CARD.md"
    card.write_text("# Card\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected one line"):
        write_figures(card, ["| one |"])
    assert card.read_text(encoding="utf-8") == "# Card\n"


@pytest.mark.parametrize("kind", ["detector", "classifier"])
def test_the_card_has_the_figures_of_every_manifest(kind: Kind) -> None:
    card = (MODELS / f"{kind.upper()}.md").read_text(encoding="utf-8")
    for name in model_names(kind):
        section = card.split(f"### {kind.capitalize()} `{name}`")[1].split("###")[0]
        metrics = read_manifest(kind, name).metrics
        for figure in next(iter(metrics.values())):
            cells = (f"{metrics[artefact][figure]:.3f}" for artefact in metrics)
            assert f"| {figure} | {' | '.join(cells)} |" in section, (name, figure)


def test_the_readme_has_the_figures_of_the_manifests() -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    detectors = [
        read_manifest("detector", "paper").metrics["onnx_int8"],
        read_manifest("detector", "default").metrics["onnx_float"],
    ]
    for row, figure in {
        "AP at IoU 0.5": "ap50",
        "AP at IoU 0.4": "ap40",
        "mean IoU of the matched boxes": "mean_iou",
        "recall": "recall",
    }.items():
        for detector in detectors:
            cells = (f"{detector[f'{figure}_{percent}']:.3f}" for percent in (10, 5))
            assert f"| {row} | {' | '.join(cells)} |" in readme
    classifiers = [
        read_manifest("classifier", name).metrics["onnx_int8"]
        for name in ("default", "paper", "paper_fer2013")
    ]
    for row, figure in {
        "accuracy": "accuracy",
        "macro-F1": "macro_f1",
        "recall: angry": "recall_angry",
        "accuracy against FER2013's original labels": "accuracy_fer2013",
    }.items():
        cells = (f"{metrics[figure]:.3f}" for metrics in classifiers)
        assert f"| {row} | {' | '.join(cells)} |" in readme
    of_eight = readme.split("| classifier `eight`")[1]
    metrics = read_manifest("classifier", "eight").metrics["onnx_int8"]
    for row, figure in {
        "accuracy": "accuracy",
        "macro-F1": "macro_f1",
        "recall: sad": "recall_sad",
        "recall: fearful": "recall_fearful",
        "recall: disgusted": "recall_disgusted",
        "recall: contemptuous": "recall_contemptuous",
        "accuracy on the four, asked about these alone": "accuracy_four",
    }.items():
        assert f"| {row} | {metrics[figure]:.3f} |" in of_eight
