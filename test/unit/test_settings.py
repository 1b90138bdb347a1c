"""The settings that can change at run time are valid as a whole, or refused."""

import math

import pytest

from emotion_recognition.ros.parameters.settings import SETTINGS, Settings

VALUES: dict[str, float] = {
    name: 0.5 if setting.default is None else setting.default for name, setting in SETTINGS.items()
}


def test_every_value_finds_its_place() -> None:
    changed = {name: (value + 1 if value >= 1 else 0.375) for name, value in VALUES.items()}
    settings = Settings.from_parameters(changed)
    assert settings.score_threshold == changed["score_threshold"]
    assert settings.max_rate == changed["max_rate"]
    assert settings.max_age == changed["max_age"]
    assert settings.stall_timeout == changed["stall_timeout"]
    assert settings.gone_after == changed["events.gone_after"]
    following = settings.following
    assert following.facing.max_yaw == changed["facing.max_yaw"]
    assert following.facing.margin == changed["facing.margin"]
    assert following.decision.reject_threshold == changed["reject_threshold"]
    assert following.decision.reject_margin == changed["smoothing.reject_margin"]
    assert following.decision.switch_margin == changed["smoothing.switch_margin"]
    assert following.smoothing.time_constant == changed["smoothing.time_constant"]
    for name in ("birth_hits", "death_misses", "max_leap"):
        assert getattr(following.tracking, name) == changed[f"tracking.{name}"]


def test_defaults_are_valid_and_within_their_ranges() -> None:
    Settings.from_parameters(VALUES)


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_out_of_range_or_no_number_is_refused_by_name(name: str) -> None:
    setting = SETTINGS[name]
    for wrong in (setting.minimum - 0.01, setting.maximum + 0.01, math.nan, math.inf):
        with pytest.raises(ValueError, match=name):
            Settings.from_parameters(VALUES | {name: wrong})


def test_the_limits_themselves_are_valid() -> None:
    for limit in ("minimum", "maximum"):
        Settings.from_parameters({name: getattr(SETTINGS[name], limit) for name in SETTINGS})
