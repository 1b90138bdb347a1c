"""Files that a user asks for: refused before the work rather than after it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from emotion_recognition.core.images.sources import FrameSource


class OutputError(RuntimeError):
    """A file that cannot be written; the message names it and says what was expected."""


def expect_writable(path: Path, source: FrameSource | None = None) -> None:
    """Raises OutputError unless a file can be written there, and is not one of the source."""
    reason = ""
    if not path.parent.is_dir():
        reason = f"there is no folder '{path.parent}'"
    elif path.is_dir():
        reason = "it is a folder"
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        reason = "you may not"
    if reason:
        raise OutputError(f"cannot write '{path}': {reason}")
    own = () if source is None else (Path(source.name), *source.images)
    if path.resolve() in {file.resolve() for file in own}:
        raise OutputError(f"'{path}' would overwrite its source; name another path")


def expect_different(paths: Iterable[Path]) -> None:
    """Raises OutputError where two outputs, or an output and an input, would be one file."""
    for path, count in Counter(path.resolve() for path in paths).items():
        if count > 1:
            raise OutputError(f"'{path}' is named twice; name another path for one output")
