"""The figures in the manifests are those that the packaged files have, and pass their floors."""

from pathlib import Path

import pytest

from emotion_recognition.core.manifest import FileKind, model_names, read_manifest
from emotion_recognition.training.headline import measure

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the evaluation images are not part of the project: no {DATA}"
)

INT8: tuple[FileKind, ...] = ("onnx_int8", "torchscript_int8")


def skip_unless_exact(artefact: FileKind) -> None:
    """The published figures of TorchScript are those of the engines that need VNNI."""
    if artefact == "torchscript_int8":
        torch = pytest.importorskip("torch")
        processor = torch.cpu.get_capabilities()
        if not (processor.get("avx512_vnni") or processor.get("avx_vnni")):
            pytest.skip("torch's engine for processors without VNNI rounds otherwise")


@pytest.mark.parametrize("artefact", INT8)
def test_the_detector_is_as_good_as_its_manifest_says(artefact: FileKind) -> None:
    skip_unless_exact(artefact)
    figures = measure("detector", DATA, artefacts=(artefact,))[artefact]
    published = read_manifest("detector", "paper").metrics[artefact]
    assert figures == pytest.approx(published, abs=0.005)


CLASSIFIERS = [
    (name, artefact)
    for name in model_names("classifier")
    for artefact in INT8
    if artefact in read_manifest("classifier", name).files
]


@pytest.mark.parametrize(("name", "artefact"), CLASSIFIERS)
def test_the_classifier_is_as_good_as_its_manifest_says(name: str, artefact: FileKind) -> None:
    skip_unless_exact(artefact)
    figures = measure("classifier", DATA, artefacts=(artefact,), name=name)[artefact]
    published = read_manifest("classifier", name).metrics[artefact]
    assert figures == pytest.approx(published, abs=0.005)


@pytest.mark.parametrize("artefact", INT8)
def test_int8_costs_the_detector_at_most_a_hundredth(artefact: FileKind) -> None:
    metrics = read_manifest("detector", "paper").metrics
    for figure in ("ap50_5", "ap50_10"):
        assert metrics[artefact][figure] >= metrics["onnx_float"][figure] - 0.01


@pytest.mark.parametrize(("name", "artefact"), CLASSIFIERS)
def test_int8_costs_a_classifier_at_most_half_a_point(name: str, artefact: FileKind) -> None:
    metrics = read_manifest("classifier", name).metrics
    assert metrics[artefact]["accuracy"] >= metrics["onnx_float"]["accuracy"] - 0.005


def test_the_default_models_pass_their_floors() -> None:
    detector = read_manifest("detector", "paper").metrics["onnx_int8"]
    assert detector["ap50_10"] >= 0.89
    assert detector["ap50_5"] >= 0.82
    assert detector["mean_iou_10"] >= 0.78
    classifier = read_manifest("classifier", "default").metrics["onnx_int8"]
    assert classifier["accuracy"] >= 0.92
    assert classifier["macro_f1"] >= 0.905
    assert classifier["recall_angry"] >= 0.8
