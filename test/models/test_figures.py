"""The figures in the manifests are those that the packaged files have, and pass their floors."""

from pathlib import Path

import pytest

from emotion_recognition.core.manifest import FileKind, read_manifest
from emotion_recognition.training.evaluate import measure

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the evaluation images are not part of the project: no {DATA}"
)

INT8: tuple[FileKind, ...] = ("onnx_int8", "torchscript_int8")


@pytest.mark.parametrize("artefact", INT8)
def test_the_detector_is_as_good_as_its_manifest_says(artefact: FileKind) -> None:
    figures = measure("detector", DATA, artefacts=(artefact,))[artefact]
    published = read_manifest("detector", "paper").metrics[artefact]
    assert figures == pytest.approx(published, abs=0.005)
    assert figures["ap50_10"] >= 0.78
    assert figures["mean_iou_10"] >= 0.74


@pytest.mark.parametrize("artefact", INT8)
def test_the_classifier_is_as_good_as_its_manifest_says(artefact: FileKind) -> None:
    figures = measure("classifier", DATA, artefacts=(artefact,))[artefact]
    published = read_manifest("classifier", "paper").metrics[artefact]
    assert figures == pytest.approx(published, abs=0.005)
    assert figures["accuracy"] >= 0.82
