"""Machine-made boxes are redrawn as the annotators of their source draw."""

import pytest

from emotion_recognition.training.box_style import BoxStyle, as_annotated

BOX = [10.0, 20.0, 30.0, 60.0]


def test_a_wider_style_keeps_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    style = {"portraits": BoxStyle(width=1.5, height=1.0, lower=0.0)}
    monkeypatch.setattr("emotion_recognition.training.box_style.STYLES", style)
    assert as_annotated(BOX, "portraits", "pseudo") == pytest.approx([5, 20, 35, 60])


def test_a_style_without_foreheads_is_less_high_and_lower(monkeypatch: pytest.MonkeyPatch) -> None:
    style = {"masks": BoxStyle(width=1.0, height=0.5, lower=0.25)}
    monkeypatch.setattr("emotion_recognition.training.box_style.STYLES", style)
    # 20 high instead of 40, its centre a quarter of that lower than 40.
    assert as_annotated(BOX, "masks", "human+yunet") == pytest.approx([10, 35, 30, 55])


@pytest.mark.parametrize(("source", "label_type"), [("mask853", "human"), ("p1", "human+yunet")])
def test_an_annotators_box_and_one_of_unknown_style_stay(source: str, label_type: str) -> None:
    assert as_annotated(BOX, source, label_type) == BOX
