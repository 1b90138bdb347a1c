"""What can be changed while the node runs, as one value that is valid as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emotion_recognition.core.following.decision import DecisionSettings
from emotion_recognition.core.following.facing import FacingSettings
from emotion_recognition.core.following.follower import FollowingSettings
from emotion_recognition.core.following.smoothing import SmoothingSettings
from emotion_recognition.core.following.tracking import TrackingSettings


@dataclass(frozen=True)
class Setting:
    """A parameter: its description, range and default; None where the model has the default."""

    description: str
    minimum: float
    maximum: float
    default: int | float | None = None


#: The parameters behind Settings.
SETTINGS = {
    "score_threshold": Setting("Detection score from which on a face counts.", 0.0, 1.0),
    "reject_threshold": Setting(
        "Probability that the emotion of an image needs, on average over those of a face; below it "
        "'unknown' is published. 0: off.",
        0.0,
        1.0,
    ),
    "max_rate": Setting(
        "Images per second that are processed at most, to leave the processor to others. 0: all. "
        "At 0.1 and below faces are not followed from one to the next.",
        0.0,
        1000.0,
        0.0,
    ),
    "max_age": Setting(
        "Seconds since its stamp after which an image is not worth processing. 0: never.",
        0.0,
        3600.0,
        0.0,
    ),
    "stall_timeout": Setting(
        "Seconds without an image after which the stream is reported as stalled.", 0.1, 3600.0, 1.5
    ),
    "tracking.birth_hits": Setting(
        "Images in a row that must show a face before it gets a track id.",
        1,
        1000,
        TrackingSettings.birth_hits,
    ),
    "tracking.death_misses": Setting(
        "Images in a row that may lack a face before its track id is given up.",
        0,
        10000,
        TrackingSettings.death_misses,
    ),
    "tracking.max_leap": Setting(
        "How far from where it was expected a face may be found, in sizes of the face.",
        0.0,
        100.0,
        TrackingSettings.max_leap,
    ),
    "smoothing.time_constant": Setting(
        "Seconds after which a change of expression has come through by 63 %. 0: no smoothing.",
        0.0,
        60.0,
        SmoothingSettings.time_constant,
    ),
    "smoothing.switch_margin": Setting(
        "Lead in probability that another emotion needs to take the place of the published one.",
        0.0,
        1.0,
        DecisionSettings.switch_margin,
    ),
    "smoothing.reject_margin": Setting(
        "How far that average may fall below reject_threshold while an emotion is published.",
        0.0,
        1.0,
        DecisionSettings.reject_margin,
    ),
    "events.gone_after": Setting(
        "Seconds that images must lack a face before emotion_events says that it left.",
        0.0,
        3600.0,
        1.0,
    ),
    "facing.max_yaw": Setting(
        "Radians by which a face may be turned to a side and counts as turned to the camera.",
        0.0,
        1.57,
        FacingSettings.max_yaw,
    ),
    "facing.margin": Setting(
        "Radians by which it may turn further before it no longer does.",
        0.0,
        1.57,
        FacingSettings.margin,
    ),
}


@dataclass(frozen=True)
class Settings:
    """Fields are named and described as in SETTINGS; gone_after is that of the events.

    `following` takes the others with a dot.
    """

    score_threshold: float
    max_rate: float
    max_age: float
    stall_timeout: float
    gone_after: float
    following: FollowingSettings

    @classmethod
    def from_parameters(cls, values: Mapping[str, Any]) -> Settings:
        """values: one for each of SETTINGS, by its name; others are ignored.

        Raises ValueError if one is out of range.
        """
        for name, setting in SETTINGS.items():
            # Said so that nan, which is neither below nor above a limit, is refused.
            if not setting.minimum <= values[name] <= setting.maximum:
                raise ValueError(
                    f"{name} must be a number within [{setting.minimum:g}, {setting.maximum:g}], "
                    f"got {values[name]}"
                )
        return cls(
            score_threshold=values["score_threshold"],
            max_rate=values["max_rate"],
            max_age=values["max_age"],
            stall_timeout=values["stall_timeout"],
            gone_after=values["events.gone_after"],
            following=FollowingSettings(
                TrackingSettings(
                    birth_hits=values["tracking.birth_hits"],
                    death_misses=values["tracking.death_misses"],
                    max_leap=values["tracking.max_leap"],
                ),
                SmoothingSettings(time_constant=values["smoothing.time_constant"]),
                DecisionSettings(
                    reject_threshold=values["reject_threshold"],
                    reject_margin=values["smoothing.reject_margin"],
                    switch_margin=values["smoothing.switch_margin"],
                ),
                FacingSettings(max_yaw=values["facing.max_yaw"], margin=values["facing.margin"]),
            ),
        )
