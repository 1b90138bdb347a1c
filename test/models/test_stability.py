"""On real video each person keeps one id, and labels flicker far less than the classifier's."""

from pathlib import Path

import pytest
from stability import BOARD_RATE, PERSONS, Clip, changes, label_delay, read_clip, stability

from emotion_recognition import EmotionPipeline
from emotion_recognition.core.manifest import DEFAULT_CLASSIFIER, DEFAULT_DETECTOR, read_manifest

VIDEOS = Path(__file__).resolve().parents[3] / "shared" / "data" / "video"

needs_videos = pytest.mark.skipif(
    not VIDEOS.is_dir(), reason=f"the clips are not part of the project: no {VIDEOS}"
)


def threshold(classifier: str) -> float:
    return read_manifest("classifier", classifier).settings["reject_threshold"]


@pytest.fixture(scope="module")
def clips() -> dict[tuple[str, bool], Clip]:
    return read_clips(DEFAULT_CLASSIFIER)


def read_clips(
    classifier: str, detector: str = DEFAULT_DETECTOR, lights: tuple[bool, ...] = (False, True)
) -> dict[tuple[str, bool], Clip]:
    """Every clip, in its own light and in little. lights: whether it is dark."""
    pipeline = EmotionPipeline(detector, classifier)
    return {
        (name, is_dark): read_clip(VIDEOS / name, pipeline, is_dark)
        for name in PERSONS
        for is_dark in lights
    }


@needs_videos
@pytest.mark.parametrize("rate", [30.0, BOARD_RATE])
@pytest.mark.parametrize("name", PERSONS)
def test_every_person_has_one_id_throughout(
    clips: dict[tuple[str, bool], Clip], name: str, rate: float
) -> None:
    result = stability(clips[name, False].at_rate(rate), threshold(DEFAULT_CLASSIFIER))
    assert result.ids == (1,) * len(PERSONS[name])


@needs_videos
def test_labels_change_at_least_five_times_less_than_without_smoothing() -> None:
    # With the models that flicker, in little light and at a threshold that lets it be seen: the
    # others give smoothing little to do here.
    clips = read_clips("paper_fer2013", "paper", lights=(True,)).values()
    results = [stability(clip, 0.5) for clip in clips]
    raw = sum(result.raw_changes for result in results)
    assert raw >= 50, "the classifier's own labels flicker, so that there is something to see"
    assert sum(result.changes for result in results) * 5 <= raw


@needs_videos
def test_labels_of_the_default_classifier_do_not_flicker(
    clips: dict[tuple[str, bool], Clip],
) -> None:
    for (_, is_dark), clip in clips.items():
        # In the dark some faces are so hard to tell that they become unknown, and known again.
        at_most = 2 if is_dark else 1
        assert stability(clip, threshold(DEFAULT_CLASSIFIER)).changes <= at_most


@pytest.mark.parametrize("rate", [5.0, 10.0, 30.0])
def test_a_change_is_published_within_half_a_second_if_it_is_clear(rate: float) -> None:
    assert 0 < label_delay(rate, 0.9) <= 0.5
    assert label_delay(rate, 0.6) <= 0.8
    with pytest.raises(ValueError, match="not published"):
        label_delay(rate, 0.4)


def test_changes_are_counted_between_neighbours() -> None:
    assert changes(["happy", "happy", "neutral", "happy"]) == 2
    assert changes([]) == 0
