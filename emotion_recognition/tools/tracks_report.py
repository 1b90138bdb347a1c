"""What the command line tells of a whole video once it has ended: `--summary` and `--plot`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from emotion_recognition.core.images.sources import FrameSource
from emotion_recognition.tools.answers import Answer
from emotion_recognition.tools.output_path import OutputError, expect_writable
from emotion_recognition.tools.summary import summary
from emotion_recognition.tools.track_times import Track, TrackTimes

Plot = Callable[[Sequence[Track], Iterable[str], str, Path], None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The two options."""
    parser.add_argument(
        "--summary",
        action="store_true",
        help="print a table of the faces of a video: when each was seen, and what it showed",
    )
    parser.add_argument(
        "--plot",
        metavar="FILE",
        type=Path,
        help="picture of the emotions of a video over time: .png, .pdf or .svg; needs matplotlib",
    )


class TracksReport:
    """Collects the tracks of a video, and tells of them at the end.

    table: where the table is printed, plot_path: of the picture; None for none. Raises OutputError
    for images, which have no tracks, and for a picture that could not be written.
    """

    def __init__(self, source: FrameSource, table: TextIO | None, plot_path: Path | None) -> None:
        if source.images:
            option = "--plot" if table is None else "--summary"
            raise OutputError(f"{option} is for videos and webcams: images have no tracks")
        self._title = Path(source.name).name
        self._table = table
        self._plot_path = plot_path
        self._plot = None if plot_path is None else _plot(plot_path, source)
        self._times = TrackTimes()

    def add(self, answer: Answer) -> None:
        """Takes the answer to the next image."""
        self._times.add(answer.faces, answer.time)

    def finish(self, labels: Iterable[str]) -> None:
        """Prints the table and writes the picture. labels: of the classifier. Raises OSError."""
        tracks = self._times.tracks()
        if self._table is not None:
            self._table.write(summary(tracks, labels))
        if self._plot is not None and self._plot_path is not None:
            self._plot(tracks, labels, self._title, self._plot_path)


def _plot(path: Path, source: FrameSource) -> Plot:
    """What draws it, once it is known that it can: not only at the end of a long video."""
    try:
        from emotion_recognition.tools.timeline_plot import SUFFIXES, plot_timeline
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "matplotlib":
            raise
        advice = "apt install python3-matplotlib, or pip install matplotlib"
        raise OutputError(f"--plot needs matplotlib: {advice}") from error
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path} should end in {', '.join(SUFFIXES)}")
    expect_writable(path, source)
    return plot_timeline
