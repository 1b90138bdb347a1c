"""Packaged models that are missing, altered or wrong are refused with a reason."""

import dataclasses
import json
import os
import re
import shutil
import tracemalloc
from pathlib import Path
from typing import get_args

import pytest

from emotion_recognition.backends import BACKENDS, open_model
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.manifest import (
    DEFAULT_CLASSIFIER,
    DEFAULT_DETECTOR,
    LARGEST_FILE,
    LARGEST_MANIFEST,
    MODELS,
    FileKind,
    Kind,
    model_names,
    read_manifest,
)
from emotion_recognition.core.types import EMOTIONS


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A copy of two of the packaged models that a test may damage."""
    for kind in ("detector", "classifier"):
        (tmp_path / "models" / f"{kind}_paper").mkdir(parents=True)
        for name in ("manifest.json", "int8.onnx"):
            shutil.copy(MODELS / f"{kind}_paper" / name, tmp_path / "models" / f"{kind}_paper")
    return tmp_path / "models"


def edit(models: Path, model: Kind, /, **changes: object) -> None:
    path = models / f"{model}_paper" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_packaged_file_has_the_hash_of_its_manifest(kind: Kind) -> None:
    assert model_names(kind)
    for name in model_names(kind):
        manifest = read_manifest(kind, name)
        for file in manifest.files:
            assert len(manifest.verified_content(file)) > 0


def test_models_are_listed_by_the_whole_of_their_names() -> None:
    assert model_names("classifier") == ["default", "eight", "paper", "paper_fer2013"]


def test_the_models_loaded_by_default_are_small() -> None:
    kinds: tuple[FileKind, ...] = ("onnx_int8", "onnx_float")  # as onnxruntime prefers them
    detector = read_manifest("detector", DEFAULT_DETECTOR)
    assert detector.landmarker is not None
    landmarker = read_manifest("landmarker", detector.landmarker)
    classifier = read_manifest("classifier", DEFAULT_CLASSIFIER)
    sizes = [
        len(item.verified_content(next(kind for kind in kinds if kind in item.files)))
        for item in (detector, landmarker, classifier)
    ]
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


def test_a_classifier_may_tell_all_emotions_in_its_own_order(models: Path) -> None:
    labels = list(reversed(EMOTIONS))
    edit(models, "classifier", labels=labels, output_shape=[1, 8])
    assert read_manifest("classifier", "paper", models).labels == tuple(labels)
    edit(models, "classifier", labels=labels, output_shape=[1, 4])
    with pytest.raises(ModelError, match=r"a column for each label: \(1, 8\)"):
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


#: A manifest's part of the same name, with what is put into it, and what the error says of it.
WRONG_PARTS: list[tuple[Kind, str, object, str]] = [
    *(
        ("classifier", "settings", {"temperature": value, "crop_scale": 1.0}, expected)
        for value, expected in [
            (-1, "temperature must be a finite number from 0.05 to 20.0, got -1"),
            (0, "temperature"),
            (1e300, "temperature"),
            (10**400, "temperature"),
            (True, "temperature"),
            ("0.65", "temperature"),
            (None, "temperature"),
            ([1.0], "temperature"),
        ]
    ),
    *(
        ("classifier", "settings", {"temperature": 1.0, "crop_scale": value}, "crop_scale must be")
        for value in (0, -1, 1e4)
    ),
    ("classifier", "settings", {"crop_scale": 1.0}, r"settings lacks \['temperature'\]"),
    ("classifier", "settings", {"temperature": 1.0}, r"settings lacks \['crop_scale'\]"),
    (
        "classifier",
        "settings",
        {"temperature": 1.0, "crop_scale": 1.0, "reject_treshold": 0.5},
        r"settings has \['reject_treshold'\], which nobody reads; expected \['crop_scale', "
        r"'reject_threshold', 'temperature'\]$",
    ),
    (
        "classifier",
        "settings",
        {"temperature": 1.0, "crop_scale": 1.0, "reject_threshold": 1.5},
        "reject_threshold must be",
    ),
    ("detector", "settings", {}, r"settings lacks \['score_threshold'\]"),
    ("detector", "settings", {"score_threshold": 1.01}, "score_threshold must be"),
    ("detector", "settings", [0.5], r"settings must be an object, got \[0.5\]$"),
    ("detector", "kind", "classifier", "kind is 'classifier', expected 'detector'"),
    ("detector", "labels", ["cat"], r"labels are \['cat'\], expected"),
    ("classifier", "labels", ["neutral"], "labels are"),
    ("classifier", "labels", "neutral", "labels are"),
    ("classifier", "labels", [*EMOTIONS[:7], "happy"], "labels are"),
    ("classifier", "labels", [*EMOTIONS[:7], 5], "labels are"),
    ("classifier", "labels", EMOTIONS[:7], r"or all of \['neutral', .*'contemptuous'\]"),
    ("detector", "labels", EMOTIONS, r"expected \['face'\] in this order$"),
    (
        "classifier",
        "output_shape",
        [1, 1],
        r"output_shape is \(1, 1\), expected a column for each label",
    ),
    (
        "detector",
        "input_shape",
        [2, 3, 288, 288],
        r"input_shape is \[2, 3, 288, 288\], expected 2 to 4 whole numbers up to 65536, "
        "the first of them 1$",
    ),
    ("detector", "input_shape", [1, 3, 288, (1 << 16) + 1], "whole numbers"),
    ("detector", "input_shape", [1, 3, 288, 288.0], "whole numbers"),
    ("detector", "input_shape", [1, 3, 0, 288], "whole numbers"),
    ("detector", "input_shape", [1, 3, 1 << 30, 1 << 30], "whole numbers"),
    ("detector", "input_shape", [1], "2 to 4"),
    ("detector", "input_shape", [1, 3, 288, 288, 1], "2 to 4"),
    ("detector", "output_shape", [1, 11, 9, 9, 1], "output_shape is .* expected 2 to 4"),
    ("detector", "output_shape", "(1, 11, 9, 9)", "whole numbers"),
    ("detector", "metrics", None, "metrics must be an object, got None$"),
    ("detector", "misspelt", 1, r"the manifest has \['misspelt'\]"),
    ("detector", "landmarker", 5, "landmarker is 5, expected the name of a packaged one"),
    ("classifier", "landmarker", "default", r"the manifest has \['landmarker'\]"),
    ("detector", "files", {}, r"files: none given, expected some of \('onnx_int8', "),
    ("detector", "files", {"tflite": {}}, r"files has \['tflite'\]"),
    ("detector", "files", {"onnx_int8": "int8.onnx"}, "files: onnx_int8 must be an object"),
    ("detector", "files", {"onnx_int8": {"name": "int8.onnx"}}, r"lacks \['sha256'\]"),
    (
        "detector",
        "files",
        {"onnx_int8": {"name": "int8.onnx", "sha256": "0" * 64, "size": 9}},
        r"files: onnx_int8 has \['size'\]",
    ),
    *(
        (
            "detector",
            "files",
            {"onnx_int8": {"name": name, "sha256": "0" * 64}},
            f"named {re.escape(repr(name))}, expected the plain name of a file in the model's "
            "folder$",
        )
        for name in ("../x", "/etc/passwd", "..", "", "a/b", "a\\b", "int8.onnx\n", "a\0b", 5)
    ),
    *(
        (
            "detector",
            "files",
            {"onnx_int8": {"name": "int8.onnx", "sha256": digest}},
            f"has the sha256 {digest!r}, expected 64 hex digits$",
        )
        for digest in ("", "0" * 63, "g" * 64, None)
    ),
]


@pytest.mark.parametrize(("kind", "part", "value", "expected"), WRONG_PARTS)
def test_a_manifest_with_a_wrong_part_is_refused(
    models: Path, kind: Kind, part: str, value: object, expected: str
) -> None:
    edit(models, kind, **{part: value})
    with pytest.raises(ModelError, match=expected) as caught:
        read_manifest(kind, "paper", models)
    assert f"{kind}_paper/manifest.json is not a valid manifest" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_manifest_may_go_to_its_limits(models: Path) -> None:
    edit(
        models,
        "detector",
        input_shape=[1, 1 << 16],
        output_shape=[1, 1, 1, 1],
        settings={"score_threshold": 1, "input_width": 32},
        files={"onnx_int8": {"name": "Weights_1-a.ONNX", "sha256": "0" * 64}},
    )
    manifest = read_manifest("detector", "paper", models)
    assert (manifest.input_shape, manifest.output_shape) == ((1, 1 << 16), (1, 1, 1, 1))
    assert manifest.settings == {"score_threshold": 1.0, "input_width": 32.0}
    assert manifest.files == {"onnx_int8": ("Weights_1-a.ONNX", "0" * 64)}


@pytest.mark.parametrize(
    "part", ["kind", "input_shape", "output_shape", "labels", "settings", "files", "metrics"]
)
def test_a_manifest_that_lacks_a_part_is_refused(models: Path, part: str) -> None:
    path = models / "detector_paper" / "manifest.json"
    content = json.loads(path.read_text())
    del content[part]
    path.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=rf"the manifest lacks \['{part}'\]"):
        read_manifest("detector", "paper", models)


@pytest.mark.parametrize("content", ["[]", "5", "[" * 100_000, "\xff"])
def test_a_manifest_of_another_form_is_refused(models: Path, content: str) -> None:
    path = models / "detector_paper" / "manifest.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(ModelError, match="not a valid manifest"):
        read_manifest("detector", "paper", models)


def test_a_manifest_of_absurd_size_is_refused(models: Path) -> None:
    path = models / "detector_paper" / "manifest.json"
    path.write_text(path.read_text().ljust(LARGEST_MANIFEST))
    assert read_manifest("detector", "paper", models).kind == "detector"
    path.write_text(path.read_text() + " ")
    with pytest.raises(ModelError, match="expected at most"):
        read_manifest("detector", "paper", models)


def test_a_file_of_absurd_size_is_refused_unread(models: Path) -> None:
    manifest = read_manifest("detector", "paper", models)
    os.truncate(models / "detector_paper" / "int8.onnx", LARGEST_FILE + 1)
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match="expected at most"):
            manifest.verified_content("onnx_int8")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_a_link_out_of_the_folder_is_refused(models: Path, tmp_path: Path) -> None:
    manifest = read_manifest("detector", "paper", models)
    path = models / "detector_paper" / "int8.onnx"
    outside = path.rename(tmp_path / "int8.onnx")
    path.symlink_to(outside)
    with pytest.raises(ModelError, match="leads out of the model's folder"):
        manifest.verified_content("onnx_int8")


@pytest.mark.parametrize("name", ["int8.onnx", "manifest.json"])
def test_a_pipe_in_place_of_a_file_is_refused(models: Path, name: str) -> None:
    manifest = read_manifest("detector", "paper", models)
    path = models / "detector_paper" / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ModelError, match=": not a regular file"):
        manifest.verified_content("onnx_int8") if name == "int8.onnx" else read_manifest(
            "detector", "paper", models
        )


def test_a_file_that_matches_its_hash_but_is_no_network_is_refused(models: Path) -> None:
    import hashlib

    (models / "detector_paper" / "int8.onnx").write_bytes(b"not a network")
    digest = hashlib.sha256(b"not a network").hexdigest()
    edit(models, "detector", files={"onnx_int8": {"name": "int8.onnx", "sha256": digest}})
    with pytest.raises(ModelError, match="cannot load"):
        open_model(read_manifest("detector", "paper", models), "onnxruntime")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_without_a_file_of_that_precision_says_so(backend: str) -> None:
    precision = {"onnxruntime": "half", "ncnn": "int8", "torch": "float", "opencv": "int8"}[backend]
    with pytest.raises(BackendError, match=precision):
        open_model(read_manifest("detector", "paper"), backend, precision=precision)  # type: ignore[arg-type]


def test_a_kind_of_file_that_a_model_has_not_is_refused_with_those_it_has(models: Path) -> None:
    manifest = dataclasses.replace(read_manifest("detector", "paper", models), files={})
    with pytest.raises(ModelError, match=r"^detector 'paper' has no onnx_int8 file, only \[\]$"):
        manifest.verified_content("onnx_int8")


@pytest.mark.parametrize(("length", "told"), [(98, "'{}'"), (99, "'{}...")])
def test_of_a_long_value_a_hundred_characters_are_told(
    models: Path, length: int, told: str
) -> None:
    edit(models, "detector", kind="k" * length)
    with pytest.raises(ModelError) as caught:
        read_manifest("detector", "paper", models)
    assert f"kind is {told.format('k' * length)}, expected" in str(caught.value)
