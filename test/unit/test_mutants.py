"""Mutants of images are read or refused; see mutants.py for the long form."""

from __future__ import annotations

import random

import pytest
from mutants import decode_mutants, mutant_jpeg, mutant_png

from emotion_recognition.core.images import compressed


def test_mutants_are_read_or_refused_each_in_a_moment() -> None:
    report = decode_mutants(5000)
    assert report.wrong == []
    assert report.outcomes["read"] > 50
    assert report.outcomes["CorruptImageError"] > 50
    assert report.outcomes["ImageSizeError"] > 5


def test_mutants_are_the_same_for_the_same_seed() -> None:
    for make in (mutant_jpeg, mutant_png):
        first, again, other = (make(random.Random(seed)) for seed in (1, 1, 2))
        assert first == again != other


def test_a_decoder_that_lets_an_error_through_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(codec: str, essence: bytes) -> None:
        raise ValueError(codec)

    monkeypatch.setattr(compressed, "_decode", careless)
    assert decode_mutants(100).wrong
