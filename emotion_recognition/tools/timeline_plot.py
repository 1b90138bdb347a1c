"""The timeline of a video as a picture: a bar a track, in the colours of its emotions.

It needs matplotlib, which is imported here and nowhere else on the way of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from emotion_recognition.core.images.overlay import COLORS
from emotion_recognition.tools.track_times import Track

#: Endings of the files that can be written.
SUFFIXES = (".png", ".pdf", ".svg")
#: Tracks in one picture at most; those that were there for the longest.
LARGEST = 40

_WIDTH = 10.0  # inches
_ROW = 0.42  # inches a track
_MARGIN = 1.3  # inches for the axis and the legend
_LETTER = 0.075  # inches that one takes


def plot_timeline(tracks: Sequence[Track], labels: Iterable[str], title: str, path: Path) -> None:
    """Writes the picture; an emotion's name stands on its bars where there is room.

    labels: of the classifier, in the order of the legend. Raises OSError.
    """
    longest = sorted(tracks, key=lambda track: track.first_seen - track.last_seen)[:LARGEST]
    rows = [track for track in tracks if track in longest]
    figure = Figure((_WIDTH, _MARGIN + _ROW * max(len(rows), 2)), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    end = max((track.last_seen for track in rows), default=1.0)
    letters_per_second = _WIDTH * 0.85 / _LETTER / max(end, 1e-9)
    for row, track in enumerate(rows):
        for span in track.spans:
            length = span.end - span.start
            axes.barh(row, length, 0.72, span.start, color=_color(span.label), edgecolor="none")
            if len(span.label) + 2 <= length * letters_per_second:
                middle = span.start + length / 2
                axes.text(middle, row, span.label, ha="center", va="center", fontsize=8)
    axes.set_yticks(range(len(rows)), [f"#{track.id}" for track in rows])
    axes.set_ylim(max(len(rows), 2) - 0.5, -0.5)
    axes.set_xlim(0, max(end, 1e-3))
    axes.set_xlabel("seconds")
    axes.set_ylabel("track")
    left_out = f", {len(tracks) - len(rows)} short tracks left out" if len(tracks) > LARGEST else ""
    axes.set_title(f"{title}{left_out}", fontsize=10, parse_math=False)  # a $ is one in a name
    axes.spines[["top", "right"]].set_visible(False)
    shown = {span.label for track in rows for span in track.spans}
    legend = [label for label in (*labels, "unknown") if label in shown]
    if legend:
        handles = [Patch(facecolor=_color(label), label=label) for label in legend]
        columns = min(len(handles), 9)
        figure.legend(
            handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8
        )
    figure.savefig(path)


def _color(label: str) -> tuple[float, float, float]:
    blue, green, red = COLORS.get(label, COLORS["unknown"])
    return red / 255, green / 255, blue / 255
