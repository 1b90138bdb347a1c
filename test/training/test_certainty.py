"""A classifier learns to be less sure where less can be told, and answers as before."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from ferplus_archive import write_ferplus

from emotion_recognition.backends import open_model
from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.manifest import read_manifest
from emotion_recognition.training import publish, train_certainty
from emotion_recognition.training.hidden_parts import USUAL_LANDMARKS, mask_outline
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.published_weights import read_fused
from emotion_recognition.training.quantize import fuse
from emotion_recognition.training.residual_network import CertaintyClassifier, DefaultClassifier
from emotion_recognition.training.train_certainty import (
    CANNOT_TELL,
    Views,
    certainty_loss,
    fit_certainty,
    random_view,
)


def network(seed: int = 0) -> CertaintyClassifier:
    torch.manual_seed(seed)
    return CertaintyClassifier().eval()


def test_certainty_brings_probabilities_closer_in_their_order() -> None:
    model, crops = network(), torch.rand(16, 1, 64, 64)
    with torch.no_grad():
        scaled, own = model(crops), model.classifier(crops)
    assert torch.equal(scaled.argsort(dim=1), own.argsort(dim=1))
    assert (torch.softmax(scaled, 1).amax(1) < torch.softmax(own, 1).amax(1)).all()


def test_it_is_within_the_budget_of_the_smallest_boards() -> None:
    assert sum(parameter.numel() for parameter in CertaintyClassifier(8).parameters()) <= 300_000


def test_certainty_is_learned_from_where_the_answers_are_right() -> None:
    model, rng = network(), torch.Generator().manual_seed(1)
    means = torch.rand(1024, model.certainty[0].in_features, generator=rng)
    told = means[:, 0] > 0.5  # one of the means tells whether the answer is worth anything
    labels = torch.randint(4, (1024,), generator=rng)
    answers = torch.where(told, labels, torch.randint(4, (1024,), generator=rng))
    logits = 5 * torch.nn.functional.one_hot(answers, 4).float()
    fit_certainty(model, Views(logits, means, labels), 1.0, seed=0, epochs=200)
    with torch.no_grad():
        certainty = model.certainty(means)[:, 0]
    assert certainty[told].mean() > 0.7
    assert certainty[~told].mean() < 0.3


def test_without_a_label_an_answer_shall_be_no_surer_than_the_prior() -> None:
    prior = torch.tensor([0.4, 0.3, 0.2, 0.1])
    order = [2, 0, 3, 1]  # whichever emotion is held likeliest
    unknown, logits = torch.tensor([CANNOT_TELL]), torch.log(prior[order])[None]
    losses = [certainty_loss(scale * logits, unknown, prior).item() for scale in (0.5, 1.0, 2.0)]
    assert min(losses) == losses[1]
    known = certainty_loss(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), torch.tensor([3]), prior)
    assert known.item() == pytest.approx(0.4402, abs=1e-3)


def test_views_say_that_from_a_hidden_mouth_nothing_can_be_told() -> None:
    rng = np.random.default_rng(0)
    crop = rng.integers(100, 156, (48, 48), np.uint8)
    outline = mask_outline(USUAL_LANDMARKS * 48)
    middle = outline.mean(axis=0).astype(int)
    mouth = (slice(34, 39), slice(20, 29))  # where both corners usually are
    told = []
    for _ in range(600):
        view, tellable = random_view(crop, crop, rng)
        told.append(tellable)
        if view.shape == crop.shape and not tellable:
            assert not np.array_equal(view[mouth], crop[mouth])
            assert not np.array_equal(view[middle[1] :, middle[0]], crop[middle[1] :, middle[0]])
    assert 0.7 < np.mean(told) < 0.85


def test_the_classifier_is_found_again_in_a_file_that_tells_certainty(tmp_path: Path) -> None:
    model, plain = network(), DefaultClassifier().eval()
    plain.load_state_dict(model.classifier.state_dict())
    layers = []
    for name, one in (("plain", plain), ("certain", model)):
        path = tmp_path / f"{name}.onnx"
        export_onnx(fuse(one), torch.rand(1, 1, 64, 64), path)
        layers.append(read_fused(path.read_bytes()))
    assert len(layers[0]) == len(layers[1])
    for (weight, bias), (other_weight, other_bias) in zip(*layers, strict=True):
        assert torch.equal(weight, other_weight)
        assert torch.equal(bias, other_bias)


def test_a_published_classifier_gets_certainty_and_files_for_every_backend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    crops = list(rng.integers(0, 256, (48, 48, 48), np.uint8))
    (tmp_path / "emotion").mkdir()
    splits = ["train"] * 24 + ["valid"] * 24
    write_ferplus(tmp_path / "emotion" / "ferplus.npz", crops, np.arange(48) % 4, splits)
    (tmp_path / "faces").mkdir()
    for name in ("annotations", "landmarks"):
        columns = "file,source,split,width,height,x1,y1,x2,y2,label_type,ignore"
        (tmp_path / "faces" / f"{name}.csv").write_text(columns + "\n")
    weights = tmp_path / "float.pt"
    arguments = ["--data", str(tmp_path), "--output", str(weights), "--views", "64"]
    monkeypatch.setattr(sys, "argv", ["train_certainty", *arguments, "--epochs", "1"])
    train_certainty.main()

    arguments = ["--data", str(tmp_path), "--weights", str(weights), "--models", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["publish", "classifier_default", *arguments])
    publish.main()
    manifest = read_manifest("classifier", "default", tmp_path)
    assert manifest.files.keys() == {"onnx_int8", "onnx_float", "ncnn_float", "torchscript_int8"}
    before = read_manifest("classifier", "default")
    crop = rng.random(EmotionClassifier.INPUT_SHAPE, np.float32)
    expected = open_model(manifest, "onnxruntime", precision="float")(crop)
    own = open_model(before, "onnxruntime", precision="float")(crop)
    assert np.array_equal(np.argsort(expected), np.argsort(own))
    for backend in ("ncnn", "opencv", "torch"):
        assert open_model(manifest, backend)(crop) == pytest.approx(expected, abs=0.1)
