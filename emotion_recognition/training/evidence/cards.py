"""The figures in a model card, which the command that measures them writes itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

BEGIN = "<!-- figures: written by emotion_recognition.training.evaluate -->"
END = "<!-- end of the figures -->"


def write_figures(card: Path, tables: Sequence[str]) -> None:
    """Puts the tables between the card's two markers. Raises ValueError if it lacks them."""
    text = card.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{card}: expected one line {BEGIN!r} and one line {END!r}")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    content = "\n\n".join(tables)
    card.write_text(f"{before}{BEGIN}\n\n{content}\n\n{END}{after}", encoding="utf-8")
