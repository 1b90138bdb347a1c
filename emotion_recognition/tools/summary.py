"""A table of the faces of a video: a line a track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emotion_recognition.tools.track_times import Track


def summary(tracks: Sequence[Track], labels: Iterable[str]) -> str:
    """When each track was first and last seen, and the share of its time for each emotion.

    labels: of the classifier; one that no track has shown has no column. Each line ends with "\\n".
    """
    if not tracks:
        return "no face was followed\n"
    shown = {label for track in tracks for label in track.shares}
    columns = [label for label in (*labels, "unknown") if label in shown]
    rows = [["track", "first seen", "last seen", *columns]]
    for track in tracks:
        shares = [f"{track.shares.get(label, 0.0):.0%}" for label in columns]
        rows.append([f"#{track.id}", _time(track.first_seen), _time(track.last_seen), *shares])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + "\n"
        for row in rows
    )


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds * 10), 600)
    return f"{minutes}:{rest / 10:04.1f}"
