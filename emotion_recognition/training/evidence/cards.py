"""The figures in a model card or a page, which the command that measures them writes itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

BEGIN = "<!-- figures: written by emotion_recognition.training.evaluate -->"
END = "<!-- end of the figures -->"


def write_figures(card: Path, tables: Sequence[str], begin: str = BEGIN, end: str = END) -> None:
    """Puts the tables between the card's two markers. Raises ValueError if it lacks them."""
    text = card.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"{card}: expected one line {begin!r} and one line {end!r}")
    before, after = text.split(begin)[0], text.split(end)[1]
    content = "\n\n".join(tables)
    card.write_text(f"{before}{begin}\n\n{content}\n\n{end}{after}", encoding="utf-8")
