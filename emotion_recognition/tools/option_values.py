"""What the text of an option means, for argparse.

Each raises ArgumentTypeError with what it expects.
"""

from __future__ import annotations

import argparse
import math
import os

from emotion_recognition.core.arrays import MOST_THREADS
from emotion_recognition.core.detectors import INPUT_WIDTHS


def score(text: str) -> float:
    """A number from 0 to 1."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text}")
    return value


def positive(text: str) -> float:
    """A finite number above 0."""
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text}")
    return value


def width(text: str) -> int:
    """Of a detector's input, one of INPUT_WIDTHS."""
    value = _whole(text)
    if value not in INPUT_WIDTHS:
        raise argparse.ArgumentTypeError(
            f"expected a multiple of {INPUT_WIDTHS.step} from {INPUT_WIDTHS[0]} to "
            f"{INPUT_WIDTHS[-1]}, got {text}"
        )
    return value


def width_or_default(text: str) -> int | None:
    """The same, or 0 for the detector's own, which is None."""
    return width(text) if _whole(text) else None


def threads(text: str) -> int:
    """As many as there are cores at most, at least one."""
    value, cores = _whole(text), os.cpu_count() or 1
    if not 1 <= value <= cores:
        raise argparse.ArgumentTypeError(f"expected 1 to {cores}, the cores here, got {text}")
    return value


def threads_or_default(text: str) -> int:
    """As many as the nodes take, or 0 for the backend's choice."""
    value = _whole(text)
    if not 0 <= value <= MOST_THREADS:
        raise argparse.ArgumentTypeError(f"expected 0 to {MOST_THREADS}, got {text}")
    return value


def port(text: str) -> int:
    """Of TCP; 0 for any that is free."""
    value = _whole(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 (any) to 65535, got {text}")
    return value


def _number(text: str) -> float:
    """Not a number for what is none, which no option takes."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def _whole(text: str) -> int:
    """-1 for what is no whole number, which no option takes."""
    try:
        return int(text)
    except ValueError:
        return -1
