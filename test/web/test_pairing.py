"""Answers get the images that they belong to, in whatever order both come."""

from __future__ import annotations

import random

import pytest

from emotion_recognition.web.pairing import ANSWERS, BYTES, IMAGES, Pairing

Pairs = list[tuple[str, str | None]]


def pairing() -> Pairing[str, str]:
    return Pairing()


def test_an_answer_gets_its_image_and_no_other() -> None:
    pairs = pairing()
    for stamp in (1, 2, 3):
        assert pairs.add_image(stamp, f"image {stamp}", 1) == []
    assert pairs.add_answer(2, "answer 2") == [("answer 2", "image 2")]
    assert pairs.add_answer(1, "answer 1") == [], "its image was passed over"
    assert pairs.add_answer(3, "answer 3") == [("answer 1", None), ("answer 3", "image 3")]


def test_an_image_is_given_once() -> None:
    pairs = pairing()
    pairs.add_image(1, "image 1", 1)
    assert pairs.add_answer(1, "answer 1") == [("answer 1", "image 1")]
    assert pairs.add_answer(1, "answer 1 again") == []


def test_an_image_that_comes_after_its_answer_is_waited_for() -> None:
    pairs = pairing()
    assert pairs.add_answer(1, "answer 1") == []
    assert pairs.add_image(1, "image 1", 1) == [("answer 1", "image 1")]
    assert pairs.add_answer(1, "answer 1 again") == []


def test_answers_without_images_go_on_without() -> None:
    pairs = pairing()
    given = [pair for stamp in range(1, 21) for pair in pairs.add_answer(stamp, f"answer {stamp}")]
    assert given == [(f"answer {stamp}", None) for stamp in range(1, 21 - ANSWERS)]


def test_without_stamps_no_answer_gets_an_image_that_may_be_that_of_another() -> None:
    pairs = pairing()
    assert pairs.add_image(0, "an image", 1) == []
    assert pairs.add_answer(0, "an answer") == [("an answer", None)]
    assert pairs.add_answer(1, "waits") == []
    assert pairs.add_image(0, "another image", 1) == []
    assert pairs.add_answer(0, "another answer") == [("waits", None), ("another answer", None)]


def test_answers_keep_their_order() -> None:
    pairs = pairing()
    pairs.add_image(1, "image 1", 1)
    pairs.add_answer(2, "answer 2")
    pairs.add_answer(3, "answer 3")
    assert pairs.add_image(3, "image 3", 1) == [("answer 2", None), ("answer 3", "image 3")]


@pytest.mark.parametrize("first", [3, 4])
def test_answers_to_images_from_before_the_first_are_not_shown(first: int) -> None:
    pairs = pairing()
    for stamp in (1, 2, 4):
        assert pairs.add_answer(stamp, f"answer {stamp}") == []
    shown = pairs.add_image(first, f"image {first}", 1)
    if first != 4:
        shown += pairs.add_image(4, "image 4", 1)
    assert shown == [("answer 4", "image 4")]


def test_images_without_answers_are_bounded_in_number_and_size() -> None:
    pairs = pairing()
    for stamp in range(1, 1000):
        pairs.add_image(stamp, f"image {stamp}", 1)
    assert len(pairs._images) == IMAGES
    for stamp in range(1000, 1010):
        pairs.add_image(stamp, f"image {stamp}", BYTES // 4)
    assert len(pairs._images) == 4
    for stamp in range(1010, 1020):
        pairs.add_image(stamp, f"image {stamp}", BYTES)
    assert list(pairs._images) == [1018, 1019], "however large, an image and the one before"


def test_stamps_that_repeat_or_jump_back_mix_nothing_up() -> None:
    pairs, chance = pairing(), random.Random(1)
    for i in range(5000):
        stamp = chance.choice((0, i, i - chance.randrange(40), chance.randrange(100)))
        found = (
            pairs.add_image(stamp, str(stamp), chance.randrange(BYTES // 10))
            if chance.random() < 0.6
            else pairs.add_answer(stamp, str(stamp))
        )
        assert all(image in (None, answer) for answer, image in found)
        assert len(pairs._images) <= IMAGES
        assert len(pairs._answers) <= ANSWERS
        assert pairs._bytes == sum(size for _, size in pairs._images.values()) <= BYTES
