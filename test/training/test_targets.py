"""Whether figures reach their targets is computed, not written by hand."""

from emotion_recognition.training.evidence.targets import (
    CLASSIFIER_TARGETS,
    DETECTOR_TARGETS,
    Target,
    targets_table,
)

ACCURACY = Target("accuracy", ("default", "accuracy"), 0.9)
ERROR = Target("error", ("default", "error"), 0.02, at_most=True)


def test_a_figure_that_only_rounds_to_its_target_misses_it() -> None:
    table = targets_table((ACCURACY,), {"default": {"accuracy": 0.8999}})
    assert "| accuracy | 0.9 | 0.8999 | missed by 0.0001 |" in table


def test_figures_on_the_right_side_of_their_bound_reach_it() -> None:
    table = targets_table((ACCURACY, ERROR), {"default": {"accuracy": 0.9, "error": 0.01}})
    assert "| accuracy | 0.9 | 0.9000 | reached |" in table
    assert "| error | at most 0.02 | 0.0100 | reached |" in table


def test_a_bound_from_above_is_missed_by_what_is_over_it() -> None:
    table = targets_table((ERROR,), {"default": {"error": 0.03}})
    assert "| error | at most 0.02 | 0.0300 | missed by 0.0100 |" in table


def test_what_was_not_measured_has_no_row() -> None:
    measured = {"default": {"error": 0.01}}
    assert "accuracy" not in targets_table((ACCURACY, ERROR), measured)
    assert targets_table((ACCURACY,), measured) == ""


def test_the_targets_are_told_apart_by_name() -> None:
    names = [target.name for target in (*CLASSIFIER_TARGETS, *DETECTOR_TARGETS)]
    assert len(set(names)) == len(names)
