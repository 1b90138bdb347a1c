"""The command that recomputes the published figures."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from emotion_recognition.core.manifest import MODELS, model_names, read_manifest
from emotion_recognition.training.evaluate import main
from emotion_recognition.training.evidence.targets import CLASSIFIER_TARGETS, DETECTOR_TARGETS

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
PUBLISHED = ROOT / "docs" / "evaluation" / "evaluation.json"
BLANK = np.zeros((1, 1), np.uint8)

needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the evaluation images are not part of the project: no {DATA}"
)


def test_a_folder_without_the_data_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        main(["--data", str(tmp_path), "--output", str(tmp_path / "output")])
    assert "expected a folder with faces/annotations.csv" in capsys.readouterr().err


@pytest.mark.parametrize(
    "part", [["--limit", "12"], ["--detectors"], ["--classifiers", "paper"]], ids=" ".join
)
def test_a_card_is_not_written_from_a_part_of_the_figures(
    part: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit):
        main(["--data", str(tmp_path), "--output", str(tmp_path / "output"), "--cards", *part])
    assert "--cards: the cards are of all models and images" in capsys.readouterr().err


@pytest.mark.parametrize("name", model_names("classifier", MODELS))
def test_the_published_risk_is_at_the_reject_threshold_that_the_node_takes(name: str) -> None:
    published = json.loads(PUBLISHED.read_text())["classifiers"][name]["calibration"]
    settings = read_manifest("classifier", name).settings
    rejected = published["reject_at_the_default_of_the_node"]
    assert rejected["threshold"] == settings["reject_threshold"]
    assert published["shipped_temperature"] == settings["temperature"]


@needs_data
def test_one_command_writes_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the charts look like is a matter of the tests of evidence; drawing takes half a minute.
    monkeypatch.setattr(Figure, "savefig", lambda _, path: cv2.imwrite(str(path), BLANK))
    main(["--data", str(DATA), "--output", str(tmp_path), "--limit", "12"])
    report = json.loads((tmp_path / "evaluation.json").read_text())
    assert list(report["classifiers"]) == model_names("classifier", MODELS)
    assert list(report["detectors"]) == model_names("detector", MODELS)
    for figures in report["classifiers"].values():
        assert figures["ferplus_valid"]["faces"] == 12
        headline = figures["files"]["onnx_int8"]["accuracy"]
        assert figures["ferplus_valid"]["accuracy"] == headline
    for figures in report["detectors"].values():
        assert figures["val"] == next(iter(figures["files"].values()))
        assert figures["negatives"]["images"] == 12
    tables = (tmp_path / "tables.md").read_text()
    for target in (*CLASSIFIER_TARGETS, *DETECTOR_TARGETS):
        assert f"| {target.name} |" in tables
    for picture in tmp_path.rglob("*.png"):
        assert cv2.imread(str(picture)) is not None, picture
    charts = {path.name for path in tmp_path.glob("*.png")}
    published = {path.name for path in PUBLISHED.parent.glob("*.png")}
    assert charts == published - {"accuracy_cost.png"}  # of a command of its own
    assert capsys.readouterr().out == tables
