"""The training commands, from scratch on a few images made here, killed and taken up again."""

import csv
import json
import shutil
import signal
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from ferplus_archive import write_ferplus
from training_process import train
from untrained_detector import untrained

from emotion_recognition.backends import open_model
from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.core.manifest import MODELS, read_manifest
from emotion_recognition.training import publish, publish_default_detector, publish_landmarker
from emotion_recognition.training.landmarker_network import LandmarkerNetwork
from emotion_recognition.training.networks import PaperClassifier

COLUMNS = "file,source,split,width,height,x1,y1,x2,y2,label_type,ignore"
LANDMARK_COLUMNS = (
    "file,x1,y1,x2,y2,label_type,score,"
    "eye1_x,eye1_y,eye2_x,eye2_y,nose_x,nose_y,mouth1_x,mouth1_y,mouth2_x,mouth2_y"
)
POINTS = (34, 27, 46, 27, 40, 31, 36, 36, 44, 36)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """faces/ with 16 pictures of a disc, half of them with landmarks, and 200 without one;
    emotion/ferplus.npz."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    (root / "faces").mkdir()
    with open(root / "faces" / "annotations.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS.split(","))
        for index in range(216):
            split = "val" if index < 4 else "train"
            image = rng.integers(0, 80, (60, 80, 3), np.uint8)
            box = ["", "", "", ""]
            if index < 16:  # the rest are negatives, 200 of which are held aside
                cv2.circle(image, (40, 30), 12, (60, 120, 220), -1)
                box = ["28", "18", "52", "42"]
            cv2.imwrite(str(root / "faces" / f"{index}.png"), image)
            table.writerow([f"{index}.png", "test", split, 80, 60, *box, "human", 0])
    with open(root / "faces" / "landmarks.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(LANDMARK_COLUMNS.split(","))
        for index in range(0, 16, 2):
            table.writerow([f"{index}.png", 28, 18, 52, 42, "human", "", *POINTS])
    crops = rng.integers(0, 256, (48, 48, 48), np.uint8)
    (root / "emotion").mkdir()
    splits = ["train"] * 40 + ["valid"] * 8
    write_ferplus(root / "emotion" / "ferplus.npz", list(crops), np.arange(48) % 4, splits)
    return root


def train_briefly(net: str, data: Path, output: Path, *more: str, killed: bool = False) -> None:
    """Two epochs; or, killed, the first of them."""
    path = data if net == "classifier" else data / "faces"
    arguments = ("--data", path, "--output", output, *more)
    brief = ("--epochs", 2, "--batch-size", 4, "--workers", 0)
    size = ("--size", 96) if net == "default_detector" else ()
    code = train(net, *arguments, *brief, *size, killed=killed)
    assert code == (-signal.SIGKILL if killed else 0)


#: The default detector's rate falls in the second of the epochs.
PLANS = {
    "detector": (),
    "default_detector": ("--decay-epochs", "1"),
    "landmarker": (),
    "classifier": (),
}


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The weights of a run by its plan that nothing interrupted."""

    @cache
    def whole(net: str) -> Path:
        output = tmp_path_factory.mktemp(f"whole_{net}")
        train_briefly(net, data, output, *PLANS[net])
        return output / "float.pt"

    return whole


@pytest.mark.parametrize("net", PLANS)
def test_a_killed_run_goes_on_and_ends_with_the_weights_of_one_that_was_not(
    net: str, data: Path, trained: Callable[[str], Path], tmp_path: Path
) -> None:
    plan, output = PLANS[net], tmp_path / "killed"
    train_briefly(net, data, output, *plan, killed=True)
    assert not (output / "float.pt").exists()
    train_briefly(net, data, output, *plan)
    whole, resumed = (
        torch.load(weights, weights_only=True) for weights in (trained(net), output / "float.pt")
    )
    assert whole.keys() == resumed.keys()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_a_run_of_constant_rate_goes_on_to_decay_as_if_that_had_been_planned(
    data: Path, trained: Callable[[str], Path], tmp_path: Path
) -> None:
    net = "default_detector"
    train_briefly(net, data, tmp_path, "--decay-epochs", "0", killed=True)
    train_briefly(net, data, tmp_path, *PLANS[net])
    whole, later = (
        torch.load(weights, weights_only=True) for weights in (trained(net), tmp_path / "float.pt")
    )
    for name, value in whole.items():
        assert torch.equal(value, later[name]), name


@pytest.mark.parametrize("net", ["detector", "classifier"])
def test_training_with_rounding_leaves_weights_to_publish(
    net: str, data: Path, trained: Callable[[str], Path], tmp_path: Path
) -> None:
    initial = ("--initial", str(trained(net)), "--quantization-aware")
    train_briefly(net, data, tmp_path / "rounded", *initial, "--learning-rate", "1e-4")
    before = torch.load(trained(net), weights_only=True)
    fused = torch.load(tmp_path / "rounded" / "fused.pt", weights_only=True)
    assert not any("running_mean" in name for name in fused)
    last = "head.weight" if net == "detector" else "linear.weight"
    assert not torch.equal(before[last], fused[last])
    assert torch.allclose(before[last], fused[last], atol=0.02)


def test_weights_of_the_default_detector_become_a_packaged_model(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(MODELS / "landmarker_default", tmp_path / "landmarker_default")
    torch.save(untrained().state_dict(), tmp_path / "float.pt")
    arguments = ["--weights", tmp_path / "float.pt", "--data", data, "--models", tmp_path]
    monkeypatch.setattr(sys, "argv", ["publish", *map(str, arguments), "--score-threshold", "0.7"])
    publish_default_detector.main()
    manifest = read_manifest("detector", "default", tmp_path)
    assert manifest.landmarker == "default"
    assert len(manifest.verified_content("onnx_float")) < 1_100_000
    assert manifest.settings == {"score_threshold": 0.7, "input_width": 320}
    assert manifest.files.keys() == {"onnx_float", "ncnn_float", "torchscript_float"}
    for figures in manifest.metrics.values():
        assert figures.keys() >= {"ap50_5", "ap50_10"}
    assert manifest.metrics.keys() == manifest.files.keys()
    content = json.loads((tmp_path / "detector_default" / "manifest.json").read_text())
    assert content["small_faces_and_landmarks"].keys() >= {"ap50_3", "landmark_error"}


def test_weights_of_the_landmarker_become_files_for_every_backend(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    torch.save(LandmarkerNetwork().state_dict(), tmp_path / "float.pt")
    arguments = ["--weights", tmp_path / "float.pt", "--data", data, "--models", tmp_path]
    monkeypatch.setattr(sys, "argv", ["publish", *map(str, arguments)])
    publish_landmarker.main()
    manifest = read_manifest("landmarker", "default", tmp_path)
    assert manifest.files.keys() == {"onnx_float", "ncnn_float", "torchscript_float"}
    assert manifest.metrics.keys() == manifest.files.keys()
    square = np.random.default_rng(0).random(FaceLandmarker.INPUT_SHAPE, np.float32)
    expected = open_model(manifest, "onnxruntime")(square)
    for backend in ("ncnn", "opencv", "torch"):
        assert open_model(manifest, backend)(square) == pytest.approx(expected, abs=0.01)


def test_weights_of_a_classifier_become_files_for_every_backend(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    torch.save(PaperClassifier().state_dict(), tmp_path / "float.pt")
    arguments = ["--weights", tmp_path / "float.pt", "--data", data, "--models", tmp_path]
    monkeypatch.setattr(sys, "argv", ["publish", "classifier_paper", *map(str, arguments)])
    publish.main()
    manifest = read_manifest("classifier", "paper", tmp_path)
    assert manifest.files.keys() == {"onnx_int8", "onnx_float", "ncnn_float", "torchscript_int8"}
    assert manifest.metrics.keys() == manifest.files.keys()
    crop = np.random.default_rng(0).random((1, 1, 64, 64), np.float32)
    expected = open_model(manifest, "onnxruntime", precision="float")(crop)
    for backend in ("ncnn", "opencv", "torch"):
        assert open_model(manifest, backend)(crop) == pytest.approx(expected, abs=0.05)
