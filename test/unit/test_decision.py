"""What is published of probabilities: with hysteresis, and unknown where they are unsure."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from emotion_recognition.core.following.decision import DecisionSettings, EmotionDecider, decide
from emotion_recognition.core.types import EMOTIONS, UNKNOWN, Box, Emotion, Face

Probabilities = tuple[float, ...]
ANGRY, HAPPY = 1, 3


def sure(index: int, value: float = 0.91) -> Probabilities:
    return tuple(value if i == index else (1 - value) / 3 for i in range(4))


def seen(probabilities: Probabilities, track_id: int = 1) -> Face:
    return Face(Box(0, 0, 9, 9), 0.9, probabilities, UNKNOWN, track_id)


def published(settings: DecisionSettings, values: list[Probabilities]) -> list[str]:
    decider = EmotionDecider(settings)
    return [
        decider.update([seen(value)], 0.1 * i)[0].emotion.label for i, value in enumerate(values)
    ]


def test_the_most_probable_emotion_is_decided_on_from_the_threshold_on() -> None:
    assert decide((0.2, 0.6, 0.1, 0.1), 0.6) == Emotion(ANGRY, "angry", 0.6)
    assert decide((0.2, 0.6, 0.1, 0.1), 0.61) == UNKNOWN
    assert decide((0.25, 0.25, 0.25, 0.25), 0.0) != UNKNOWN, "0 switches it off"


def test_an_emotion_has_the_label_that_its_model_has_there() -> None:
    assert decide((0.1, 0.9), 0.5, ("happy", "sad")) == Emotion(4, "sad", 0.9)


def test_another_emotion_must_lead_by_the_margin() -> None:
    settings = DecisionSettings(reject_threshold=0, reject_margin=0, switch_margin=0.2)
    values = [(0.55, 0.45, 0, 0), (0.45, 0.55, 0, 0), (0.35, 0.65, 0, 0), (0.45, 0.55, 0, 0)]
    assert published(settings, values) == ["neutral", "neutral", "angry", "angry"]


def test_the_confidence_is_the_probability_of_the_published_emotion() -> None:
    decider = EmotionDecider()
    decider.update([seen((0.55, 0.45, 0, 0))], 0.0)
    (face,) = decider.update([seen((0.46, 0.54, 0, 0))], 0.1)
    assert (face.emotion.label, face.emotion.confidence) == ("neutral", 0.46)


def test_below_the_reject_threshold_the_emotion_is_unknown_with_hysteresis() -> None:
    settings = DecisionSettings(reject_threshold=0.6, reject_margin=0.1, switch_margin=0)
    values = [sure(HAPPY, value) for value in (0.58, 0.62, 0.52, 0.58, 0.48, 0.58, 0.62)]
    assert published(settings, values) == [
        "unknown", "happy", "happy", "happy", "unknown", "unknown", "happy",
    ]  # fmt: skip
    (rejected,) = EmotionDecider(settings).update([seen(sure(HAPPY, 0.58))], 0.0)
    assert rejected.emotion == UNKNOWN
    assert rejected.probabilities == sure(HAPPY, 0.58), "what was seen is still told"


def test_a_face_that_is_sure_to_have_changed_is_not_unknown_meanwhile() -> None:
    settings = DecisionSettings(reject_threshold=0.9, reject_margin=0.05, switch_margin=0.1)
    decider, labels = EmotionDecider(settings), []
    for happy in (0.05, 0.3, 0.46, 0.54, 0.6, 0.9):
        face = replace(seen((1 - happy, 0.0, 0.0, happy)), certainty=0.95)
        labels.append(decider.update([face], 0.0)[0].emotion.label)
    assert labels == ["neutral"] * 4 + ["happy"] * 2


def test_a_face_of_which_little_can_be_told_is_unknown_however_steady() -> None:
    decider = EmotionDecider(DecisionSettings(reject_threshold=0.9, reject_margin=0.05))
    labels = [
        decider.update([replace(seen(sure(HAPPY, 0.95)), certainty=value)], 0.0)[0].emotion.label
        for value in (0.89, 0.91, 0.86, 0.84, 0.86)
    ]
    assert labels == ["unknown", "happy", "happy", "unknown", "unknown"]


def test_of_emotions_that_take_turns_none_is_published_unless_it_is_likelier_than_not() -> None:
    face = replace(seen((0.45, 0.0, 0.2, 0.35)), certainty=0.95)
    assert EmotionDecider(DecisionSettings(0.9)).update([face], 0.0)[0].emotion == UNKNOWN
    off = EmotionDecider(DecisionSettings(0.0)).update([face], 0.0)[0].emotion
    assert off == Emotion(0, "neutral", 0.45)


def test_a_face_without_an_id_has_no_past_but_can_be_rejected() -> None:
    decider = EmotionDecider()
    decider.update([seen((0.55, 0.45, 0, 0), 0)], 0.0)
    face, doubtful = decider.update([seen((0.45, 0.55, 0, 0), 0), seen(sure(ANGRY, 0.4), 0)], 0.1)
    assert face.emotion.label == "angry", "no margin over what another face showed"
    assert doubtful.emotion == UNKNOWN


def test_a_published_emotion_is_held_by_its_label_in_the_order_of_the_model() -> None:
    labels = tuple(reversed(EMOTIONS))
    decider = EmotionDecider(DecisionSettings(reject_threshold=0.3, switch_margin=0.2))

    def told(**probabilities: float) -> Emotion:
        values = tuple(probabilities.get(label, 0.0) for label in labels)
        face = replace(seen(values), labels=labels)
        return decider.update([face], 0.0)[0].emotion

    assert told(sad=0.55, fearful=0.45) == Emotion(4, "sad", 0.55)
    assert told(sad=0.45, fearful=0.55) == Emotion(4, "sad", 0.45)
    assert told(sad=0.35, fearful=0.65) == Emotion(5, "fearful", 0.65)


def test_an_emotion_that_the_next_model_does_not_know_is_given_up() -> None:
    decider = EmotionDecider()
    sad = (0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    decider.update([replace(seen(sad), labels=EMOTIONS)], 0.0)
    (face,) = decider.update([seen(sure(ANGRY))], 0.1)
    assert face.emotion.label == "angry"


def test_tracks_are_decided_on_apart() -> None:
    decider = EmotionDecider()
    decider.update([seen((0.55, 0.45, 0, 0), 1), seen((0.45, 0.55, 0, 0), 2)], 0.0)
    both = decider.update([seen((0.5, 0.5, 0, 0), 2), seen((0.5, 0.5, 0, 0), 1)], 0.1)
    assert [face.emotion.label for face in both] == ["angry", "neutral"]


@pytest.mark.parametrize("how", ["reset", "time went back", "not seen for long"])
def test_a_track_that_starts_anew_has_no_past(how: str) -> None:
    decider = EmotionDecider()
    decider.update([seen((0.55, 0.45, 0, 0))], 100.0)
    if how == "reset":
        decider.reset()
    time = {"reset": 100.1, "time went back": 1.0, "not seen for long": 111.0}[how]
    (face,) = decider.update([seen((0.45, 0.55, 0, 0))], time)
    assert face.emotion.label == "angry"


def test_a_face_that_no_classifier_has_seen_is_passed_on() -> None:
    assert EmotionDecider().update([seen(())], 0.0) == (seen(()),)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
@pytest.mark.parametrize("name", ["switch_margin", "reject_threshold", "reject_margin"])
def test_probabilities_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be within \[0, 1\], got {value}"):
        DecisionSettings(**{name: value})


def test_an_emotion_stays_down_to_the_reject_threshold_less_its_margin_itself() -> None:
    settings = DecisionSettings(reject_threshold=0.75, reject_margin=0.25, switch_margin=0)
    values = [(0.75, 0.25, 0.0, 0.0), (0.5, 0.5, 0.0, 0.0)]
    assert published(settings, values) == ["neutral", "neutral"]
