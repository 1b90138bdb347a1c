"""What the command line tells of a whole video: the table, and the picture."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli import StandInPipeline, folder, photo, picture, stand_in, video  # noqa: F401

from emotion_recognition.core.images.overlay import COLORS
from emotion_recognition.core.images.sources import SourceError
from emotion_recognition.core.types import EMOTIONS, LABELS, Box, Emotion, Face
from emotion_recognition.tools import cli
from emotion_recognition.tools.answers import answers
from emotion_recognition.tools.summary import summary
from emotion_recognition.tools.track_times import Span, Track, TrackTimes


def face(track_id: int, label: str) -> Face:
    emotion = Emotion(EMOTIONS.index(label), label, 0.9)
    return Face(Box(0, 0, 9, 9), 0.9, emotion=emotion, track_id=track_id)


def test_spans_are_the_times_until_the_next_image() -> None:
    times = TrackTimes()
    for time, labels in ((0.0, "happy"), (0.5, "happy"), (1.5, "sad"), (2.0, ""), (2.5, "sad")):
        times.add([face(7, labels)] if labels else [], time)
    (track,) = times.tracks()
    assert track.spans == (Span(0.0, 1.5, "happy"), Span(1.5, 2.0, "sad"), Span(2.5, 3.0, "sad"))
    assert (track.first_seen, track.last_seen) == (0.0, 3.0)
    assert track.shares == {"happy": 0.6, "sad": 0.4}
    assert times.tracks() == [track], "asked twice"


def test_faces_without_a_track_and_videos_without_faces_have_no_lines() -> None:
    times = TrackTimes()
    times.add([face(0, "happy")], 0.0)
    assert list(times.tracks()) == []
    assert summary([], LABELS) == "no face was followed\n"


def test_one_image_is_a_track_of_no_length() -> None:
    times = TrackTimes()
    times.add([face(1, "happy")], 0.0)
    (track,) = times.tracks()
    assert track.shares == {"happy": 1.0}


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.lists(
        st.tuples(
            st.floats(0, 5),
            st.dictionaries(st.integers(1, 3), st.sampled_from(["happy", "sad"])),
        ),
        max_size=20,
    )
)
def test_shares_are_parts_of_the_time_that_a_face_was_seen(
    images: list[tuple[float, dict[int, str]]],
) -> None:
    times, now = TrackTimes(), 0.0
    for interval, labels in images:
        now += interval
        times.add([face(track_id, label) for track_id, label in labels.items()], now)
    tracks = times.tracks()
    assert {track.id for track in tracks} == {i for _, labels in images for i in labels}
    for track in tracks:
        assert sum(track.shares.values()) == pytest.approx(1.0)
        ends = [edge for span in track.spans for edge in (span.start, span.end)]
        assert ends == sorted(ends)


def test_the_table_has_a_line_a_track_and_a_column_an_emotion() -> None:
    tracks = [
        Track(1, (Span(0.0, 3.0, "happy"), Span(3.0, 4.0, "neutral"))),
        Track(12, (Span(59.96, 61.5, "unknown"),)),
    ]
    assert summary(tracks, LABELS).splitlines() == [
        "track  first seen  last seen  neutral  happy  unknown",
        "   #1      0:00.0     0:04.0      25%    75%       0%",
        "  #12      1:00.0     1:01.5       0%     0%     100%",
    ]


@pytest.fixture(autouse=True)
def labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StandInPipeline, "labels", LABELS, raising=False)


def test_the_summary_of_a_video_takes_the_place_of_its_json(
    video: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main([str(video), "--summary"]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split()[:5] == ["track", "first", "seen", "last", "seen"]
    assert line.split()[:3] == ["#1", "0:00.2", "0:01.2"], "from the third image on"
    assert cli.main([str(video), "--summary", "--json", "-"]) == 0
    output = capsys.readouterr()
    assert output.err.splitlines()[-2:] == [head, line]
    assert all(text.startswith("{") for text in output.out.splitlines())
    assert cli.main([str(video), "--summary", "--json", str(tmp_path / "faces.jsonl")]) == 0
    assert capsys.readouterr().out.splitlines() == [head, line]


def test_of_a_source_that_breaks_off_is_told_what_there_was_until_then(
    video: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def breaking(*arguments: Any) -> Iterator[Any]:  # noqa: ANN401
        yield from islice(answers(*arguments), 10)
        raise SourceError("the webcam is gone")

    monkeypatch.setattr(cli, "answers", breaking)
    assert cli.main([str(video), "--summary"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[1].split()[:3] == ["#1", "0:00.2", "0:01.0"]
    assert "the webcam is gone" in said.err


@pytest.mark.parametrize("option", ["--summary", "--plot"])
def test_images_have_no_tracks(
    folder: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
) -> None:
    rest = [str(tmp_path / "plot.png")] if option == "--plot" else []
    assert cli.main([str(folder), option, *rest]) == 1
    assert f"{option} is for videos and webcams" in capsys.readouterr().err


def test_the_picture_has_the_colours_of_the_overlay(video: Path, tmp_path: Path) -> None:  # noqa: F811
    pytest.importorskip("matplotlib", reason="--plot needs matplotlib")
    path = tmp_path / "plot.png"
    assert cli.main([str(video), "--plot", str(path)]) == 0
    image = cv2.imread(str(path))
    assert image is not None
    bar = (image == np.array(COLORS["happy"], np.uint8)).all(axis=2)
    assert bar.mean() > 0.02
    other = (image == np.array(COLORS["angry"], np.uint8)).all(axis=2)
    assert not other.any()


def test_a_name_with_dollars_is_a_title(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="--plot needs matplotlib")
    from emotion_recognition.tools.timeline_plot import plot_timeline

    path = tmp_path / "out.png"
    plot_timeline([], EMOTIONS, "x$^$y.mp4", path)
    assert cv2.imread(str(path)) is not None


def test_many_tracks_and_none_can_be_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="--plot needs matplotlib")
    from emotion_recognition.tools.timeline_plot import LARGEST, plot_timeline

    tracks = [Track(i, (Span(i, i + 1.0, "sad"),)) for i in range(1, LARGEST + 20)]
    for number, shown in enumerate((tracks, [])):
        path = tmp_path / f"{number}.svg"
        plot_timeline(shown, EMOTIONS, "clip.mp4", path)
        assert "</svg>" in path.read_text()


@pytest.mark.parametrize(
    ("name", "reason"), [("plot.txt", "should end in"), ("nowhere/plot.png", "there is no folder")]
)
def test_a_picture_that_cannot_be_written_is_refused_before_the_work(
    video: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    reason: str,
) -> None:
    pytest.importorskip("matplotlib", reason="--plot needs matplotlib")
    assert cli.main([str(video), "--plot", str(tmp_path / name), "--json", "-"]) == 1
    output = capsys.readouterr()
    assert reason in output.err
    assert output.out == ""


def test_without_matplotlib_it_says_what_to_install(video: Path, tmp_path: Path) -> None:  # noqa: F811
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from emotion_recognition.tools.cli import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", program, str(video), "--plot", str(tmp_path / "plot.png")]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert finished.stderr.splitlines() == [
        "emotion_recognition: --plot needs matplotlib: "
        "apt install python3-matplotlib, or pip install matplotlib"
    ]
