"""Packaged models that are missing, altered or wrong are refused with a reason."""

import json
import shutil
from pathlib import Path

import pytest

from emotion_recognition.backends import BACKENDS, open_model
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.manifest import (
    DEFAULT_CLASSIFIER,
    DEFAULT_DETECTOR,
    MODELS,
    Kind,
    model_names,
    read_manifest,
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the packaged models that a test may damage."""
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def edit(models: Path, kind: Kind, **changes: object) -> None:
    path = models / f"{kind}_paper" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("kind", ["detector", "classifier"])
def test_every_packaged_file_has_the_hash_of_its_manifest(kind: Kind) -> None:
    assert "paper" in model_names(kind)
    for name in model_names(kind):
        manifest = read_manifest(kind, name)
        for file in manifest.files:
            assert manifest.verified_file(file).stat().st_size > 0


def test_the_models_loaded_by_default_are_small() -> None:
    detector = read_manifest("detector", DEFAULT_DETECTOR)
    classifier = read_manifest("classifier", DEFAULT_CLASSIFIER)
    sizes = [item.verified_file("onnx_int8").stat().st_size for item in (detector, classifier)]
    assert sum(sizes) <= 2_000_000


def test_an_unknown_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(ModelError, match=r"no detector 'yolo'.*'paper'"):
        read_manifest("detector", "yolo")


@pytest.mark.parametrize("damage", ["altered", "truncated", "missing"])
def test_a_damaged_file_is_refused(models: Path, damage: str) -> None:
    path = models / "detector_paper" / "int8.onnx"
    content = path.read_bytes()
    if damage == "altered":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.unlink()
    expected = "cannot read" if damage == "missing" else "damaged or was altered"
    with pytest.raises(ModelError, match=expected):
        open_model(read_manifest("detector", "paper", models), "onnxruntime")


def test_labels_in_another_order_are_refused(models: Path) -> None:
    edit(models, "classifier", labels=["angry", "neutral", "surprised", "happy"])
    with pytest.raises(ModelError, match="in this order"):
        read_manifest("classifier", "paper", models)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_settings_that_are_not_finite_are_refused(models: Path, value: float) -> None:
    edit(models, "classifier", settings={"temperature": value, "crop_scale": 1.0})
    with pytest.raises(ModelError, match="finite"):
        read_manifest("classifier", "paper", models)


def test_a_manifest_that_is_no_json_is_refused(models: Path) -> None:
    (models / "detector_paper" / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match="not a valid manifest"):
        read_manifest("detector", "paper", models)


def test_a_file_that_matches_its_hash_but_is_no_network_is_refused(models: Path) -> None:
    import hashlib

    (models / "detector_paper" / "int8.onnx").write_bytes(b"not a network")
    digest = hashlib.sha256(b"not a network").hexdigest()
    edit(models, "detector", files={"onnx_int8": {"name": "int8.onnx", "sha256": digest}})
    with pytest.raises(ModelError, match="cannot load"):
        open_model(read_manifest("detector", "paper", models), "onnxruntime")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_without_a_file_of_that_precision_says_so(backend: str) -> None:
    precision = {"onnxruntime": "half", "torch": "float", "opencv": "int8"}[backend]
    with pytest.raises(BackendError, match=precision):
        open_model(read_manifest("detector", "paper"), backend, precision=precision)  # type: ignore[arg-type]
