"""Mutants of images and of models are read or refused; see mutants.py for the long form."""

from __future__ import annotations

import random
from pathlib import Path

import mutant_images
import mutant_models
import pytest
from mutant_images import mutant_jpeg, mutant_png
from mutant_models import mutant_file, mutant_manifest, mutate_json
from mutation import Kind, judge

from emotion_recognition.core.images import compressed
from emotion_recognition.core.manifest import Manifest


def test_mutants_of_images_are_read_or_refused_each_in_a_moment() -> None:
    report = judge(mutant_images.KINDS, 7000)
    assert report.wrong == []
    assert report.total["read"] > 50
    assert report.total["CorruptImageError"] > 50
    assert report.total["ImageSizeError"] > 5


def test_mutants_of_models_are_read_or_refused_each_in_a_moment() -> None:
    report = judge(mutant_models.kinds(), 3000)
    assert report.wrong == []
    for kind in ("manifest", "model file"):
        assert report.outcomes[kind]["read"] > 5
        assert report.outcomes[kind]["ModelError"] > 50
    assert report.outcomes["network"]


def test_mutants_are_the_same_for_the_same_seed() -> None:
    for make in (mutant_jpeg, mutant_png, mutant_manifest, mutant_file):
        first, again, other = (make(random.Random(seed)) for seed in (1, 1, 2))
        assert first == again != other


def test_a_mutant_is_the_same_whatever_came_before_it() -> None:
    seen: list[object] = []
    kind = Kind("jpeg", mutant_jpeg, seen.append, ())
    judge([kind], 3)
    judge([kind], 1, first=2)
    assert seen[2] == seen[3] != seen[1]


def test_mutants_leave_the_odd_values_that_they_are_made_from_as_they_are() -> None:
    before = repr(mutant_models.ODD_VALUES)
    for seed in range(300):
        mutate_json([0], random.Random(seed))
    assert repr(mutant_models.ODD_VALUES) == before


def test_a_decoder_that_lets_an_error_through_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(codec: str, essence: bytes) -> None:
        raise ValueError(codec)

    monkeypatch.setattr(compressed, "_decode", careless)
    assert judge(mutant_images.KINDS, 100).wrong


def test_a_loader_that_does_not_look_at_the_hash_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(self: Manifest, kind: str) -> bytes:
        name, _ = self.files[kind]  # type: ignore[index]
        return Path(self.folder, name).read_bytes()

    monkeypatch.setattr(Manifest, "verified_content", careless)
    kinds = [kind for kind in mutant_models.kinds() if kind.name == "model file"]
    assert judge(kinds, 20).wrong
