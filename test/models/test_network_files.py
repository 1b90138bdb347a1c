"""A file that matches its hash but is another network than its manifest says is refused."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import emotion_recognition.core.manifest as manifest_module
from emotion_recognition import pipeline
from emotion_recognition.backends import BACKENDS, open_model
from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.core.manifest import MODELS, FileKind, Kind, read_manifest
from emotion_recognition.training.ncnn_export import export_ncnn
from emotion_recognition.training.onnx_export import export_onnx

FILE_OF_BACKEND: dict[str, FileKind] = {
    "onnxruntime": "onnx_int8",
    "ncnn": "ncnn_float",
    "torch": "torchscript_int8",
    "opencv": "onnx_float",
}
INPUT_SHAPES: dict[Kind, tuple[int, ...]] = {
    "detector": (1, 3, 288, 288),
    "landmarker": FaceLandmarker.INPUT_SHAPE,
    "classifier": (1, 1, 64, 64),
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of the packaged models that a test may change."""
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def grid_of_7() -> nn.Module:
    return nn.Conv2d(3, 11, 1, stride=47)


def one_class() -> nn.Module:
    # The convolution tells pnnx which axis is the batch, which an ncnn file does not have.
    return nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten(), nn.Linear(64 * 64, 1))


def one_for_crops() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 1, 1), nn.Flatten(), nn.Linear(64 * 64, 4))


def write_network(network: nn.Module, example: torch.Tensor, path: Path) -> None:
    """A network as the file that a backend runs, by the ending of its name."""
    if path.suffix == ".onnx":
        export_onnx(network, example, path)
    elif path.suffix == ".ncnn":
        export_onnx(network, example, path.with_suffix(".source.onnx"))
        export_ncnn(path.with_suffix(".source.onnx"), path)
    else:
        torch.jit.trace(network, example).save(str(path))  # type: ignore[no-untyped-call]


def replace_file(models: Path, kind: Kind, file: FileKind, network: nn.Module) -> None:
    """Another network in place of a packaged file, with its hash in the manifest."""
    takes_crops = any(isinstance(layer, nn.Linear) for layer in network.modules())
    example = torch.zeros(INPUT_SHAPES["classifier" if takes_crops else "detector"])
    path = models / f"{kind}_paper" / "manifest.json"
    content = json.loads(path.read_text())
    item = content["files"][file]
    write_network(network.eval(), example, path.parent / item["name"])
    item["sha256"] = hashlib.sha256((path.parent / item["name"]).read_bytes()).hexdigest()
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("kind", "network", "expected"),
    [
        ("detector", grid_of_7, r"has the shape \(1, 11, 7, 7\).* says \(1, 11, 9, 9\)"),
        ("classifier", one_class, r"has the shape \(1, 1\).* says \(1, 4\)"),
        ("detector", one_for_crops, r"does not run .*input_shape \(1, 3, 288, 288\)"),
    ],
)
def test_a_network_of_other_shapes_is_refused_in_one_line(
    models: Path, backend: str, kind: Kind, network: Callable[[], nn.Module], expected: str
) -> None:
    replace_file(models, kind, FILE_OF_BACKEND[backend], network())
    with pytest.raises(ModelError, match=expected) as caught:
        open_model(read_manifest(kind, "paper", models), backend)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_file_that_is_no_network_is_refused_in_one_line(models: Path, backend: str) -> None:
    path = models / "detector_paper" / "manifest.json"
    content = json.loads(path.read_text())
    item = content["files"][FILE_OF_BACKEND[backend]]
    (path.parent / item["name"]).write_bytes(b"not a network")
    item["sha256"] = hashlib.sha256(b"not a network").hexdigest()
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="cannot load it") as caught:
        open_model(read_manifest("detector", "paper", models), backend)
    assert "\n" not in str(caught.value)


def without_input_shape(content: bytes) -> bytes:
    return content.replace(b" 0=64 1=64 2=1\n", b"\n", 1)


def without_half_of_its_weights(content: bytes) -> bytes:
    return content[: len(content) // 2]


def without_its_layers(content: bytes) -> bytes:
    return content.partition(b"\0")[2]


def with_an_unknown_layer(content: bytes) -> bytes:
    return content.replace(b"\nPooling ", b"\nTeleporting ", 1)


@pytest.mark.parametrize(
    "damage",
    [without_input_shape, without_half_of_its_weights, without_its_layers, with_an_unknown_layer],
)
def test_a_damaged_ncnn_file_is_refused_and_ends_no_process(
    models: Path, damage: Callable[[bytes], bytes]
) -> None:
    path = models / "classifier_paper" / "manifest.json"
    content = json.loads(path.read_text())
    item = content["files"]["ncnn_float"]
    before = (path.parent / item["name"]).read_bytes()
    assert damage(before) != before
    (path.parent / item["name"]).write_bytes(damage(before))
    item["sha256"] = hashlib.sha256(damage(before)).hexdigest()
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="backend 'ncnn' cannot load it"):
        open_model(read_manifest("classifier", "paper", models), "ncnn")


@pytest.mark.parametrize("shape", [(1, 1, 64, 32), (1, 3, 64, 64), (2, 1, 64, 64), (1, 64, 64)])
def test_ncnn_is_not_given_an_input_that_its_network_would_read_beyond(
    shape: tuple[int, ...],
) -> None:
    network = open_model(read_manifest("classifier", "paper"), "ncnn")
    with pytest.raises(ValueError, match=r"has the shape .*, expected \(1, 1, 64, 64\)"):
        network(np.zeros(shape, np.float32))


def test_a_manifest_for_shapes_that_the_detector_cannot_decode_is_refused(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_file(models, "detector", "onnx_int8", grid_of_7())
    path = models / "detector_paper" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"output_shape": [1, 11, 7, 7]}))
    monkeypatch.setattr(
        pipeline, "read_manifest", lambda kind, name: read_manifest(kind, name, models)
    )
    with pytest.raises(ModelError, match=r"output_shape is \(1, 11, 7, 7\), expected"):
        pipeline.load_detector("paper", "onnxruntime")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_file_exchanged_after_it_was_verified_is_not_loaded(
    models: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    manifest = read_manifest("classifier", "paper", models)
    kind = FILE_OF_BACKEND[backend]
    crop = np.full(INPUT_SHAPES["classifier"], 0.5, np.float32)
    expected = open_model(manifest, backend)(crop)
    other = one_for_crops()
    name, _ = manifest.files[kind]
    replacement = models / f"other{Path(name).suffix}"
    write_network(other.eval(), torch.from_numpy(crop), replacement)
    sha256 = hashlib.sha256

    def hash_and_exchange(content: bytes) -> object:
        shutil.copy(replacement, manifest.folder / name)
        return sha256(content)

    monkeypatch.setattr(manifest_module.hashlib, "sha256", hash_and_exchange)
    assert open_model(manifest, backend)(crop) == pytest.approx(expected, abs=1e-6)
    assert (manifest.folder / name).read_bytes() == replacement.read_bytes()
