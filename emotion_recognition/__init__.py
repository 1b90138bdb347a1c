"""Finds the faces of an image and the emotion that each of them shows."""

from __future__ import annotations

from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emotion_recognition.core.types import LABELS, Box, Emotion, Face
    from emotion_recognition.pipeline import EmotionPipeline, load_classifier, load_detector

__version__ = "0.1.0"

__all__ = [
    "LABELS",
    "Box",
    "Emotion",
    "EmotionPipeline",
    "Face",
    "load_classifier",
    "load_detector",
]

# The build generates emotion_recognition.msg into the installed package. Looking for submodules in
# every emotion_recognition on sys.path finds it from the source tree as well.
__path__ = extend_path(__path__, __name__)

_TYPES = frozenset({"LABELS", "Box", "Emotion", "Face"})


def __getattr__(name: str) -> object:
    """Imports an exported name on first use, so that importing the messages stays cheap."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "core.types" if name in _TYPES else "pipeline"
    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
