"""Measures on video how steady ids and labels are, and what the steadiness costs.

    python test/models/stability.py ../shared/data/video

prints for good light and for little a table of every clip, at its own rate and at that of a small
board, and then how late a changed label comes.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion_recognition import EmotionPipeline
from emotion_recognition.core.following.decision import DecisionSettings
from emotion_recognition.core.following.follower import FaceFollower, FollowingSettings
from emotion_recognition.core.following.smoothing import SmoothingSettings
from emotion_recognition.core.images.sources import open_source
from emotion_recognition.core.types import Box, Face

FindFaces = Callable[[NDArray[np.uint8]], tuple[Face, ...]]

#: For each clip the place of each person's face from beginning to end, in fractions of the image,
#: as seen by eye. Nobody leaves the picture, so that each should have one id.
PERSONS = {
    "intel_asl_again.mkv": (Box(0.3, 0.0, 0.7, 0.45),),
    "intel_asl_no.mkv": (Box(0.3, 0.0, 0.7, 0.45),),
    "intel_face-demographics-walking-and-pause.mp4": (
        Box(0.0, 0.0, 0.35, 1.0),
        Box(0.35, 0.0, 0.58, 1.0),
        Box(0.58, 0.0, 1.0, 1.0),
    ),
    "intel_head-pose-face-detection-female.mp4": (Box(0.0, 0.0, 1.0, 0.7),),
    "intel_head-pose-face-detection-male.mp4": (Box(0.0, 0.0, 1.0, 0.7),),
}

#: Images a second of a small board.
BOARD_RATE = 6.0

#: Time in seconds, track id, and the label without and with smoothing.
Sighting = tuple[float, int, str, str]


@dataclass(frozen=True)
class Stability:
    """What came of one clip.

    seconds: of all persons together, while each had an id. ids: of each person. other_ids: of what
    is nobody's face. raw_changes, changes: of the labels without and with smoothing; both may be
    unknown, below the same threshold.
    """

    seconds: float
    ids: tuple[int, ...]
    other_ids: int
    raw_changes: int
    changes: int


@dataclass(frozen=True)
class Clip:
    """A video as the faces that the models find in it. frames: time in seconds, and faces."""

    name: str
    size: tuple[int, int]
    frames: tuple[tuple[float, tuple[Face, ...]], ...]

    def at_rate(self, rate: float) -> Clip:
        """About as many images a second as that, or all if there are fewer."""
        period = self.frames[1][0] - self.frames[0][0]
        return Clip(self.name, self.size, self.frames[:: max(1, round(1 / (rate * period)))])


def read_clip(path: Path, find_faces: FindFaces, is_dark: bool = False) -> Clip:
    """is_dark: as a camera sees it by little light, with the noise of its sensor."""
    source = open_source(str(path))
    noise = np.random.default_rng(1)
    frames, size = [], (0, 0)
    for index, image in enumerate(source):
        size = (image.shape[1], image.shape[0])
        seen = darkened(image, noise) if is_dark else image
        frames.append((index / source.frame_rate, find_faces(seen)))
    return Clip(path.name, size, tuple(frames))


def darkened(image: NDArray[np.uint8], noise: np.random.Generator) -> NDArray[np.uint8]:
    """A third of the light, and noise with a standard deviation of 12 of 255."""
    levels = image * np.float32(1 / 3) + 12 * noise.standard_normal(image.shape, np.float32)
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


def stability(clip: Clip, reject_threshold: float) -> Stability:
    """Follows the faces of a clip as the node does.

    reject_threshold: the classifier's, see DecisionSettings.
    """
    steady, raw_follower = FaceFollower(), FaceFollower()
    settings = FollowingSettings(decision=DecisionSettings(reject_threshold))
    without = FollowingSettings(
        smoothing=SmoothingSettings(time_constant=0),
        decision=DecisionSettings(reject_threshold, switch_margin=0, reject_margin=0),
    )
    persons = PERSONS[clip.name]
    seen: list[list[Sighting]] = [[] for _ in persons]
    others: set[int] = set()
    for time, faces in clip.frames:
        for face, raw in zip(
            steady.update(faces, time, settings),
            raw_follower.update(faces, time, without),
            strict=True,
        ):
            person = _person_of(face, clip.size, persons)
            if face.track_id and person is None:
                others.add(face.track_id)
            elif face.track_id and person is not None:
                seen[person].append((time, face.track_id, raw.emotion.label, face.emotion.label))
    return Stability(
        seconds=sum(track[-1][0] - track[0][0] for track in seen if track),
        ids=tuple(len({track_id for _, track_id, _, _ in track}) for track in seen),
        other_ids=len(others),
        raw_changes=sum(changes(raw for _, _, raw, _ in track) for track in seen),
        changes=sum(changes(label for _, _, _, label in track) for track in seen),
    )


def _person_of(face: Face, size: tuple[int, int], persons: Sequence[Box]) -> int | None:
    x = (face.box.x1 + face.box.x2) / 2 / size[0]
    y = (face.box.y1 + face.box.y2) / 2 / size[1]
    for number, place in enumerate(persons):
        if place.x1 <= x < place.x2 and place.y1 <= y < place.y2:
            return number
    return None


def changes(labels: Iterable[str]) -> int:
    return sum(before != after for before, after in itertools.pairwise(labels))


def label_delay(rate: float, confidence: float) -> float:
    """Seconds that a change of the classifier's answer takes to be published.

    It changes between two images, after a long time, from one emotion to another, each with this
    probability and the others alike. The delay is counted from the first image that shows the new
    one. Raises ValueError if that is never published.
    """
    follower = FaceFollower()
    before, after = (
        tuple(confidence if i == index else (1 - confidence) / 3 for i in range(4))
        for index in (0, 3)
    )
    count = round(10 * rate)
    for i in range(-count, count):
        face = Face(Box(0, 0, 9, 9), 0.9, before if i < 0 else after)
        if follower.update([face], i / rate, FollowingSettings())[0].emotion.id == 3:
            return i / rate
    raise ValueError(f"a probability of {confidence} is not published within 10 s")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how steady ids and labels are on video.")
    parser.add_argument("videos", type=Path, help="folder of the clips")
    parser.add_argument("--backend", default="auto")
    options = parser.parse_args()
    pipeline = EmotionPipeline(backend=options.backend)
    for is_dark in (False, True):
        clips = [read_clip(options.videos / name, pipeline, is_dark) for name in PERSONS]
        print_stability(clips, pipeline.reject_threshold)
    print("| probability of the new label | 5 images a second | 10 | 30 |")
    print("|---|---|---|---|")
    for confidence in (0.9, 0.75, 0.6):
        delays = [f"{label_delay(rate, confidence):.2f} s" for rate in (5, 10, 30)]
        print(f"| {confidence} | {' | '.join(delays)} |")


def print_stability(clips: Iterable[Clip], reject_threshold: float) -> None:
    print("| clip | images | s | ids of each person | others | label changes, raw | smoothed |")
    print("|---|---|---|---|---|---|---|")
    results = []
    for clip in clips:
        for part in (clip, clip.at_rate(BOARD_RATE)):
            result = stability(part, reject_threshold)
            results.append(result)
            print(
                f"| {part.name} | {len(part.frames)} | {result.seconds:.1f} "
                f"| {' '.join(map(str, result.ids))} | {result.other_ids} "
                f"| {result.raw_changes} | {result.changes} |"
            )
    minutes = sum(result.seconds for result in results) / 60
    raw = sum(result.raw_changes for result in results)
    smoothed = sum(result.changes for result in results)
    if minutes:
        print(f"\nlabel changes a minute: raw {raw / minutes:.1f}, ", end="")
        print(f"smoothed {smoothed / minutes:.1f}\n")


if __name__ == "__main__":
    main()
