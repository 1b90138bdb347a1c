"""Confidence against accuracy, and when not to answer, on cases whose figures are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.classifier import softmax
from emotion_recognition.training.confidence import (
    fit_class_offsets,
    fit_temperature,
    risk_coverage,
    split_halves,
    temper,
    threshold_for_all,
)
from emotion_recognition.training.evidence.reliability import reliability


def answers(confidence: list[float], correct: list[bool]) -> tuple[NDArray, NDArray]:
    """Probabilities whose top class is 0, and labels that make the answers right or wrong."""
    top = np.array(confidence, np.float32)
    rest = np.repeat((1 - top[:, None]) / 3, 3, axis=1)
    return np.hstack([top[:, None], rest]), np.where(correct, 0, 1)


def drawn(count: int, overconfidence: float) -> tuple[NDArray, NDArray]:
    """Labels drawn from probabilities, which are then made more extreme than they were."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (count, 4)).astype(np.float32)
    labels = (softmax(logits).cumsum(axis=1) < rng.random((count, 1))).sum(axis=1).clip(max=3)
    return softmax(logits * np.float32(overconfidence)), labels


def test_calibration_error_of_a_known_case() -> None:
    # Two bins: 0.9 confident and half right, 0.6 confident and all right.
    probabilities, labels = answers([0.9] * 6 + [0.6] * 2, [True, False] * 3 + [True] * 2)
    expected = (6 * abs(0.9 - 0.5) + 2 * abs(0.6 - 1)) / 8
    measured = reliability(probabilities, labels)
    assert measured.expected_calibration_error == pytest.approx(expected, abs=1e-6)
    assert measured.count.sum() == 8
    assert sorted(measured.count)[-2:] == [2, 6]


def test_certain_and_right_answers_have_no_calibration_error() -> None:
    probabilities, labels = answers([1.0, 1.0], [True, True])
    measured = reliability(probabilities, labels)
    assert measured.count[-1] == 2
    assert measured.expected_calibration_error == 0


def test_bins_average_what_they_hold() -> None:
    probabilities, labels = answers([0.81, 0.85], [True, False])
    measured = reliability(probabilities, labels, bins=5)
    assert measured.confidence[4] == pytest.approx(0.83)
    assert measured.accuracy[4] == pytest.approx(0.5)


@pytest.mark.parametrize("overconfidence", [0.5, 1.0, 2.0])
def test_the_fitted_temperature_undoes_overconfidence(overconfidence: float) -> None:
    probabilities, labels = drawn(4000, overconfidence)
    temperature = fit_temperature(probabilities, labels)
    assert temperature == pytest.approx(overconfidence, rel=0.1)
    calibrated = temper(probabilities, temperature)
    assert (calibrated.argmax(axis=1) == probabilities.argmax(axis=1)).all()
    assert reliability(calibrated, labels).expected_calibration_error < 0.03


@pytest.mark.parametrize("overconfidence", [0.5, 1.0, 2.0])
def test_fitted_offsets_undo_a_reluctance_to_name_a_class(overconfidence: float) -> None:
    probabilities, labels = drawn(4000, overconfidence)
    reluctance = np.array([0.3, -0.6, 0.0, 0.3], np.float32)
    reluctant = softmax(np.log(probabilities) + reluctance)
    offsets = fit_class_offsets(reluctant, labels, deviation=10)
    assert offsets == pytest.approx(-reluctance, abs=0.15 * max(1, overconfidence))
    named = (softmax(np.log(reluctant) + offsets).argmax(axis=1) == 1).sum()
    assert abs(named - (labels == 1).sum()) < abs((reluctant.argmax(axis=1) == 1).sum() - named)


def test_few_faces_move_the_offsets_less_than_many() -> None:
    probabilities, labels = drawn(4000, 1.0)
    reluctant = softmax(np.log(probabilities) + np.array([0, -0.6, 0, 0], np.float32))
    few = fit_class_offsets(reluctant[:100], labels[:100])[1]
    many = fit_class_offsets(reluctant, labels)[1]
    assert 0 < few < 0.5 * many


def test_answers_that_name_every_class_as_often_as_it_is_true_need_no_offsets() -> None:
    probabilities, labels = drawn(20_000, 1.0)
    assert fit_class_offsets(probabilities, labels) == pytest.approx(np.zeros(4), abs=0.06)


def test_a_temperature_divides_the_logits() -> None:
    logits = np.array([[1.0, 2.0, -1.0, 0.5]], np.float32)
    assert temper(softmax(logits), 2.0) == pytest.approx(softmax(logits / 2), abs=1e-6)


def test_halves_are_disjoint_complete_and_always_the_same() -> None:
    fit, rest = split_halves(101)
    assert sorted([*fit, *rest]) == list(range(101))
    assert abs(len(fit) - len(rest)) == 1
    assert (split_halves(101)[0] == fit).all()


def test_risk_and_coverage_of_a_known_case() -> None:
    probabilities, labels = answers([0.6, 0.9, 0.7, 0.8], [False, True, False, True])
    curve = risk_coverage(probabilities, labels)
    assert curve.coverage == pytest.approx([0.25, 0.5, 0.75, 1])
    assert curve.risk == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert curve.area == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)
    assert curve.at(0.75) == pytest.approx({"coverage": 0.5, "risk": 0})
    assert curve.at(0.95) == {"coverage": 0, "risk": 0}


def test_faces_of_equal_confidence_are_answered_or_rejected_together() -> None:
    probabilities, labels = answers([0.9, 0.8, 0.8], [True, True, False])
    curve = risk_coverage(probabilities, labels)
    assert curve.coverage == pytest.approx([1 / 3, 1])


def test_the_reject_threshold_answers_as_many_as_the_risk_allows() -> None:
    probabilities, labels = answers([0.95, 0.9, 0.8, 0.7, 0.6], [True, True, False, True, False])
    curve = risk_coverage(probabilities, labels)
    assert curve.threshold_for(0.25) == pytest.approx(0.7, abs=1e-6)
    assert curve.threshold_for(0.1) == pytest.approx(0.9, abs=1e-6)
    assert curve.threshold_for(1.0) == pytest.approx(0.6, abs=1e-6)


def test_where_no_answer_is_good_enough_all_are_rejected() -> None:
    probabilities, labels = answers([0.9, 0.8], [False, False])
    assert risk_coverage(probabilities, labels).threshold_for(0.1) == 1


def test_the_threshold_holds_the_risk_under_every_condition() -> None:
    labels = np.zeros(20, np.intp)

    def half_right(right: float, wrong: float) -> NDArray[np.float32]:
        """Half of the faces right with a confidence, half wrong with another."""
        rows = [[right, 1 - right]] * 10 + [[1 - wrong, wrong]] * 10
        return np.array(rows, np.float32)

    clear, dark = half_right(0.9, 0.6), half_right(0.95, 0.8)
    assert threshold_for_all([clear], labels, 0.08, 0.5) == pytest.approx(0.6, abs=0.005)
    assert threshold_for_all([clear, dark], labels, 0.08, 0.5) == pytest.approx(0.8, abs=0.005)
    assert threshold_for_all([half_right(0.7, 0.9999)], labels, 0.08, 0.5) == 1.0


@pytest.mark.parametrize(("faces", "threshold"), [(20, 0.7), (200, 0.5)])
def test_the_threshold_leaves_room_where_few_faces_say_what_the_risk_is(
    faces: int, threshold: float
) -> None:
    probabilities = np.tile(np.array([[0.7, 0.3]], np.float32), (faces, 1))
    labels = np.zeros(faces, np.intp)
    labels[::20] = 1  # so many are wrong
    found = threshold_for_all([probabilities], labels, 0.08, 0.5)
    assert found == pytest.approx(threshold, abs=0.005)
