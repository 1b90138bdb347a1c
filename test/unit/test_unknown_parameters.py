"""What is said of parameters that nobody reads."""

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

from emotion_recognition.ros.parameters.unknown_parameters import describe_unknown

KNOWN = ["max_rate", "max_age", "tracking.birth_hits", "threads"]


def test_misspelt_names_are_told_with_the_likely_one() -> None:
    assert describe_unknown(["tracking.birth_hit", "max_rte"], KNOWN) == (
        "Parameters that this node does not have: 'max_rte' (did you mean 'max_rate'?), "
        "'tracking.birth_hit' (did you mean 'tracking.birth_hits'?)"
    )


def test_a_name_like_none_is_told_alone() -> None:
    assert describe_unknown(["zoom"], KNOWN).endswith(": 'zoom'")


@pytest.mark.parametrize(
    "name", ["use_sim_time", "qos_overrides./image_raw.subscription.depth", ""]
)
def test_nothing_is_said_of_what_rclpy_reads(name: str) -> None:
    assert describe_unknown([name] if name else [], KNOWN) == ""
