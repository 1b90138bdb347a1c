"""Every backend, and the torch network that the files were made from, give the same answers."""

import platform
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from emotion_recognition import EmotionPipeline, Face, backends, load_classifier, load_detector
from emotion_recognition.backends import (
    BACKENDS,
    Precision,
    onnxruntime_backend,
    open_model,
    resolve,
)
from emotion_recognition.backends.onnxruntime_backend import has_vnni
from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.core.errors import BackendError
from emotion_recognition.core.images.sources import open_source
from emotion_recognition.core.manifest import (
    DEFAULT_CLASSIFIER,
    DEFAULT_DETECTOR,
    Kind,
    model_names,
    read_manifest,
)
from emotion_recognition.core.types import UNKNOWN
from emotion_recognition.training.publish import RELEASES, network_of
from emotion_recognition.training.quantize import fuse
from emotion_recognition.training.runtime import as_network

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def images() -> list[Image]:
    """Views of one photograph: faces of many sizes and places, in light and in dusk."""
    views = list(open_source("astronaut"))[::30]
    return views + [cv2.convertScaleAbs(view, alpha=0.4) for view in views[:4]]


@pytest.fixture(scope="module")
def crops(images: list[Image]) -> list[Image]:
    return [image[80:360, 160:440] for image in images]


def trained(kind: Kind, name: str) -> torch.nn.Module:
    """The network in torch, batch normalization folded, with the weights of the float file."""
    content = read_manifest(kind, name).verified_content("onnx_float")
    weights = {
        item.name: torch.from_numpy(numpy_helper.to_array(item).copy())
        for item in onnx.load_from_string(content).graph.initializer
    }
    model = fuse(network_of(RELEASES[f"{kind}_{name}"], weights))
    model.load_state_dict(weights)
    return model


def runnable() -> list[tuple[str, str]]:
    """The backends, each with every detector that it has a file of."""
    pairs = []
    for backend in BACKENDS:
        files = import_module(f"emotion_recognition.backends.{backend}_backend").FILES
        for name in model_names("detector"):
            if set(files) & read_manifest("detector", name).files.keys():
                pairs.append((backend, name))
    return pairs


def assert_same_faces(first: Sequence[Face], second: Sequence[Face], pixels: float) -> None:
    """Every face has a partner whose edges are all within this many pixels."""
    assert len(first) == len(second)
    for face in first:
        partner = max(second, key=lambda other: other.box.iou(face.box))
        corners = np.array([[b.x1, b.y1, b.x2, b.y2] for b in (face.box, partner.box)])
        assert np.abs(corners[0] - corners[1]).max() <= pixels


#: Pixels of a box by which a backend may differ from the trained network: ncnn's weights have 16
#: bits.
FLOAT_BACKENDS = {"onnxruntime": 0.1, "opencv": 0.1, "ncnn": 0.5}


@pytest.mark.parametrize("backend", FLOAT_BACKENDS)
def test_the_float_detector_computes_what_the_trained_network_computes(
    images: list[Image], backend: str
) -> None:
    expected = FaceDetector(as_network(trained("detector", "paper")), 0.3)
    detect = load_detector("paper", backend, precision="float")
    for image in images:
        assert_same_faces(detect(image, 0.3), expected(image), pixels=FLOAT_BACKENDS[backend])


@pytest.mark.parametrize("backend", FLOAT_BACKENDS)
@pytest.mark.parametrize("name", model_names("classifier"))
def test_a_float_classifier_computes_what_the_trained_network_computes(
    crops: list[Image], name: str, backend: str
) -> None:
    temperature = read_manifest("classifier", name).settings["temperature"]
    expected = EmotionClassifier(as_network(trained("classifier", name)), temperature)(crops)
    classify = load_classifier(name, backend, precision="float")
    assert classify(crops) == pytest.approx(expected, abs=5e-3 if backend == "ncnn" else 1e-3)


def test_int8_files_agree_with_each_other(images: list[Image], crops: list[Image]) -> None:
    detect, reference = (load_detector("paper", name) for name in ("torch", "onnxruntime"))
    assert sum(len(reference(image)) for image in images) >= len(images)
    for image in images:
        assert_same_faces(detect(image), reference(image), pixels=2)
    probabilities = [load_classifier(backend=name)(crops) for name in ("torch", "onnxruntime")]
    assert probabilities[0] == pytest.approx(probabilities[1], abs=0.05)


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_int8_answers_as_float_does_on_every_processor(backend: str, crops: list[Image]) -> None:
    """Some kernels saturate on processors without VNNI, and then probabilities differ by 0.2."""
    rng = np.random.default_rng(1)
    faces = [
        crop[y : y + 200, x : x + 200] for crop in crops for y, x in rng.integers(0, 80, (4, 2))
    ]
    int8 = load_classifier(backend=backend, precision="int8")(faces)
    exact = load_classifier(backend="onnxruntime", precision="float")(faces)
    assert np.abs(int8 - exact).mean() < 0.01
    assert np.abs(int8 - exact).max() < 0.1


@pytest.mark.parametrize(
    ("cpuinfo", "expected"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni\n", True),
        ("flags\t\t: avx2 avx_vnni amx_int8\n", True),
        ("flags\t\t: fpu avx2 avx512f\n", False),
        ("CPU part\t: 0xd08\n", False),
    ],
    ids=["AVX-512", "AVX", "neither", "Arm"],
)
def test_a_processor_with_vnni_is_told(cpuinfo: str, expected: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert has_vnni(tmp_path / "cpuinfo") is expected


def test_a_processor_that_nothing_tells_of_counts_as_one_without_vnni(tmp_path: Path) -> None:
    assert has_vnni(tmp_path / "missing") is False


def test_int8_takes_the_exact_kernels_only_where_the_fast_ones_saturate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen: list[dict[str, str]] = []

    class Options(onnxruntime_backend.onnxruntime.SessionOptions):  # type: ignore[misc]
        def add_session_config_entry(self, key: str, value: str) -> None:
            chosen[-1][key] = value
            super().add_session_config_entry(key, value)

    monkeypatch.setattr(onnxruntime_backend.onnxruntime, "SessionOptions", Options)
    for has in (True, False):
        chosen.append({})
        monkeypatch.setattr(onnxruntime_backend, "has_vnni", lambda has=has: has)
        load_classifier(backend="onnxruntime", precision="int8")
    with_vnni, without = (options.get("session.x64quantprecision") for options in chosen)
    assert (with_vnni, without) == (None, "1")


@pytest.mark.parametrize("name", ["score_threshold", "reject_threshold"])
@pytest.mark.parametrize("threshold", [-0.1, 50, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused_at_once(name: str, threshold: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be within"):
        EmotionPipeline(backend="onnxruntime", **{name: threshold})
    pipeline = EmotionPipeline(backend="onnxruntime")
    with pytest.raises(ValueError, match=f"{name} must be within"):
        setattr(pipeline, name, threshold)


@pytest.mark.parametrize("engine", torch.backends.quantized.supported_engines)
def test_the_torchscript_file_runs_on_every_engine(engine: str, images: list[Image]) -> None:
    expected = load_detector("paper", "onnxruntime")(images[0])
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        found = load_detector("paper", "torch")(images[0])
    finally:
        torch.backends.quantized.engine = before
    assert_same_faces(found, expected, pixels=2)


def test_every_backend_runs_a_detector() -> None:
    assert {backend for backend, _ in runnable()} == set(BACKENDS)
    assert ("onnxruntime", DEFAULT_DETECTOR) in runnable()


@pytest.mark.parametrize(("backend", "detector"), runnable())
def test_the_pipeline_finds_the_face_of_the_photograph(
    backend: str, detector: str, images: list[Image]
) -> None:
    pipeline = EmotionPipeline(detector, backend=backend, reject_threshold=0.0)
    assert pipeline.backend_name == backend
    for image in images[:6]:
        faces = pipeline(image)
        assert len(faces) == 1
        assert sum(faces[0].probabilities) == pytest.approx(1, abs=1e-5)
        assert faces[0].emotion.confidence == max(faces[0].probabilities)


def test_the_pipeline_says_unknown_below_the_reject_threshold(images: list[Image]) -> None:
    manifest = read_manifest("classifier", DEFAULT_CLASSIFIER)
    assert EmotionPipeline().reject_threshold == manifest.settings["reject_threshold"] > 0
    (sure,) = EmotionPipeline()(images[0])
    assert sure.emotion.label == "happy"
    (doubtful,) = EmotionPipeline(reject_threshold=1.0)(images[0])
    assert doubtful.emotion == UNKNOWN
    assert doubtful.probabilities == sure.probabilities


@pytest.mark.parametrize("value", [0, 114, 255])
def test_the_pipeline_finds_nothing_in_an_even_picture(value: int) -> None:
    assert EmotionPipeline()(np.full((480, 640, 3), value, np.uint8)) == ()


def test_one_thread_gives_the_same_answer(images: list[Image]) -> None:
    threads = cv2.getNumThreads(), torch.get_num_threads()
    try:
        for backend, detector in runnable():
            single = EmotionPipeline(detector, backend=backend, threads=1)(images[0])
            several = EmotionPipeline(detector, backend=backend)(images[0])
            assert single
            assert_same_faces(single, several, pixels=0.1)
    finally:
        cv2.setNumThreads(threads[0])
        torch.set_num_threads(threads[1])


def test_networks_in_opencv_take_every_core_all_the_same() -> None:
    threads = cv2.getNumThreads()
    try:
        cv2.setNumThreads(1)
        load_detector("default", "opencv")
        assert cv2.getNumThreads() == cv2.getNumberOfCPUs()
        load_detector("default", "opencv", threads=1)
        assert cv2.getNumThreads() == 1
    finally:
        cv2.setNumThreads(threads)


def test_a_missing_backend_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(BACKENDS, "torch", ("no_such_module", "pip install torch"))
    with pytest.raises(BackendError, match="pip install torch"):
        EmotionPipeline(backend="torch")
    with pytest.raises(BackendError, match="unknown backend 'tensorrt'"):
        resolve("tensorrt")


@pytest.mark.parametrize(
    ("machine", "order"),
    [
        ("x86_64", ["onnxruntime", "ncnn", "torch", "opencv"]),
        ("aarch64", ["ncnn", "onnxruntime", "torch", "opencv"]),
        ("another", ["onnxruntime", "ncnn", "torch", "opencv"]),
    ],
)
def test_auto_takes_the_first_that_is_installed(
    machine: str, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    for name in order:
        assert resolve("auto") == name
        monkeypatch.setitem(BACKENDS, name, ("no_such_module", f"pip install {name}"))


@pytest.mark.parametrize("precision", ["int8", "float"])
def test_a_precision_can_be_asked_for(precision: Precision, crops: list[Image]) -> None:
    assert load_classifier(precision=precision)(crops).shape == (len(crops), 4)


def test_a_backend_that_is_installed_but_broken_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(name: str) -> None:
        raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(backends.importlib, "import_module", broken)
    with pytest.raises(BackendError, match=r"'ncnn' is installed but cannot be .*: libgomp\.so\.1"):
        open_model(read_manifest("classifier", "default"), "ncnn")
