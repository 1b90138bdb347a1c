"""What is measured of the default detector, and that it is packaged as it was measured."""

import hashlib
import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.optim.swa_utils import AveragedModel
from untrained_detector import untrained

from emotion_recognition import load_detector, pipeline
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.manifest import MODELS, read_manifest
from emotion_recognition.core.multilevel import MultilevelDetector, fit_input
from emotion_recognition.core.types import Box, Face
from emotion_recognition.training.default_detector import DefaultDetector, taking_pixels
from emotion_recognition.training.evaluate_default_detector import (
    figures,
    landmark_error,
    read_weights,
)
from emotion_recognition.training.evidence.detector import measure_detector
from emotion_recognition.training.evidence.tables import detector_tables
from emotion_recognition.training.face_landmarks import LandmarkedImage
from emotion_recognition.training.ncnn_export import export_ncnn
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.package_files import write_manifest
from emotion_recognition.training.quantize import fuse
from emotion_recognition.training.runtime import as_network

BOXES = np.array([[20, 20, 60, 70], [100, 20, 140, 70]], np.float32)
#: Eyes 20 pixels apart.
POINTS = np.array([[30, 40], [50, 40], [40, 50], [33, 60], [47, 60]], np.float32)


@pytest.fixture
def image(tmp_path: Path) -> LandmarkedImage:
    """Two faces, of which the first has landmarks of an annotator, the second of a machine."""
    path = tmp_path / "image.png"
    cv2.imwrite(str(path), np.zeros((100, 200, 3), np.uint8))
    return LandmarkedImage(
        path,
        "p1",
        200,
        BOXES,
        np.zeros(2, bool),
        landmarks=np.stack([POINTS, POINTS + np.array([80, 0])]).astype(np.float32),
        human=np.array([True, False]),
    )


def answering(*faces: Face) -> object:
    def detect(_: NDArray[np.uint8], threshold: float) -> list[Face]:
        return [face for face in faces if face.score >= threshold]

    return detect


def face(box: NDArray[np.float32], points: NDArray[np.float32], score: float = 0.9) -> Face:
    return Face(Box(*box.tolist()), score, landmarks=tuple(map(tuple, points.tolist())))


def test_landmark_error_is_in_distances_between_the_eyes(image: LandmarkedImage) -> None:
    moved = POINTS + np.array([[3, 4], [0, 0], [0, 0], [0, 0], [0, 5]], np.float32)
    measured = landmark_error(answering(face(BOXES[0], moved)), [image], 0.5)
    assert measured == {"landmark_error": pytest.approx((5 + 5) / 5 / 20), "landmark_faces": 1}


def test_only_faces_with_an_annotators_landmarks_that_are_found_count(
    image: LandmarkedImage,
) -> None:
    machine = face(BOXES[1], POINTS)
    elsewhere = face(BOXES[0] + 35, POINTS)
    unsure = face(BOXES[0], POINTS, score=0.4)
    measured = landmark_error(answering(machine, elsewhere, unsure), [image], 0.5)
    assert measured["landmark_faces"] == 0
    assert np.isnan(measured["landmark_error"])
    none = replace(image, human=np.zeros(2, bool))
    assert landmark_error(answering(machine), [none], 0.5)["landmark_faces"] == 0


def test_figures_of_a_known_case(image: LandmarkedImage) -> None:
    detect = answering(face(BOXES[0], POINTS), face(BOXES[1], POINTS))
    measured = figures(detect, [image], [image, image], 0.5)
    assert measured["ap50_3"] == measured["ap50_10"] == measured["mean_iou_p1"] == 1
    assert measured["detections_on_no_face"] == 2


def test_weights_are_read_of_finished_runs_and_of_checkpoints(tmp_path: Path) -> None:
    network = untrained()
    torch.save(network.state_dict(), tmp_path / "float.pt")
    average = AveragedModel(network)
    average.update_parameters(network)
    other = DefaultDetector().state_dict()
    torch.save({"model": other, "average": average.state_dict()}, tmp_path / "checkpoint.pt")
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = network(images)
        for name in ("float.pt", "checkpoint.pt"):
            assert torch.equal(read_weights(tmp_path / name)(images), expected)


def test_tables_of_a_detector_that_needs_no_square_have_no_squashed_column(
    image: LandmarkedImage,
) -> None:
    detector = MultilevelDetector(as_network(taking_pixels(untrained())), 0.5)
    measured = measure_detector(detector, [image], []).figures()
    assert measured["val_squashed"] == {}
    tables = detector_tables("test", {"files": {}, **measured})
    assert "| figure | letterboxed |\n" in tables
    assert "squashed" not in tables


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a packaged detector 'default' of random weights."""
    models = tmp_path_factory.mktemp("models")
    folder = models / "detector_default"
    folder.mkdir()
    network = fuse(taking_pixels(untrained()))
    export_onnx(network, torch.zeros(1, 3, 256, 320), folder / "float.onnx", any_size=True)
    export_ncnn(folder / "float.onnx", folder / "float.ncnn")
    content = {
        "input_shape": [1, 3, 256, 320],
        "output_shape": [1, 5, 40 * 32 + 20 * 16 + 10 * 8],
        "settings": {"score_threshold": 0.5, "input_width": 160},
        "labels": ["face"],
        "metrics": {},
    }
    write_manifest("detector", folder, content)
    return models


@pytest.fixture
def models(packaged: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(packaged, tmp_path / "models"))


def test_a_manifest_names_only_the_files_there_are(models: Path) -> None:
    manifest = json.loads((models / "detector_default" / "manifest.json").read_text())
    assert manifest["files"] == {
        kind: {"name": name, "sha256": hashlib.sha256(content).hexdigest()}
        for kind, name in (("onnx_float", "float.onnx"), ("ncnn_float", "float.ncnn"))
        for content in ((models / "detector_default" / name).read_bytes(),)
    }


@pytest.mark.parametrize("backend", ["onnxruntime", "opencv", "ncnn"])
def test_a_packaged_detector_computes_what_its_weights_compute(
    models: Path, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "read_manifest", partial(read_manifest, root=models))
    network = as_network(taking_pixels(untrained()))
    pixels = np.random.default_rng(0).integers(0, 256, (120, 200, 3), np.uint8)
    for width in (None, 224):
        detect = load_detector("default", backend, input_width=width)
        assert isinstance(detect, MultilevelDetector)
        assert detect.input_width == (width or 160)
        fitted, _ = fit_input(pixels, detect.input_width)
        tensor = fitted.transpose(2, 0, 1)[None].astype(np.float32)
        tolerance = 0.05 if backend == "ncnn" else 1e-3  # its weights have 16 bits
        assert detect.network(tensor) == pytest.approx(network(tensor), abs=tolerance)
        assert detect(pixels)


def test_a_backend_without_a_file_of_it_says_so(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "read_manifest", partial(read_manifest, root=models))
    with pytest.raises(BackendError, match="'torch' has no auto file of detector 'default'"):
        load_detector("default", "torch")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("input_shape", [1, 3, 256, 310], "all multiples of 32"),
        ("input_shape", [1, 3, 256], "all multiples of 32"),
        ("input_shape", [1, 1, 256, 320], "input_shape is"),
        ("output_shape", [1, 5, 1681], "output_shape is"),
        ("settings", {"score_threshold": 0.5, "input_width": 161}, "all multiples of 32"),
        ("settings", {"score_threshold": 0.5, "input_width": 0}, "input_width must be"),
    ],
)
def test_shapes_that_the_levels_do_not_divide_are_refused(
    models: Path, monkeypatch: pytest.MonkeyPatch, key: str, value: object, message: str
) -> None:
    path = models / "detector_default" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    monkeypatch.setattr(pipeline, "read_manifest", partial(read_manifest, root=models))
    with pytest.raises(ModelError, match=message):
        load_detector("default", "onnxruntime")


def test_a_landmarker_that_is_not_there_or_of_other_shapes_is_refused(models: Path) -> None:
    path = models / "detector_default" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"landmarker": "default"}))
    manifest = read_manifest("detector", "default", models)
    with pytest.raises(ModelError, match="there is no landmarker 'default'"):
        pipeline.open_detector(manifest, "onnxruntime", models=models)
    other = Path(shutil.copytree(MODELS / "landmarker_default", models / "landmarker_default"))
    content = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(content | {"output_shape": [1, 10]}))
    with pytest.raises(ModelError, match=r"output_shape is \(1, 10\), expected \(1, 5, 12, 12\)"):
        pipeline.open_detector(manifest, "onnxruntime", models=models)


def test_a_width_for_a_detector_of_fixed_size_is_refused() -> None:
    with pytest.raises(ValueError, match="'paper' has an input of fixed size"):
        load_detector("paper", "onnxruntime", input_width=320)
