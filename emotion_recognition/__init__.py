"""Finds the faces of an image and the emotion that each of them shows."""

from __future__ import annotations

from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emotion_recognition.core.pipeline import EmotionPipeline, load_classifier, load_detector
    from emotion_recognition.core.types import LABELS, Box, Emotion, Face

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

_PIPELINE_NAMES = frozenset({"EmotionPipeline", "load_classifier", "load_detector"})


def __getattr__(name: str) -> object:
    """Imports an exported name on first use, so that importing the messages stays cheap."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "pipeline" if name in _PIPELINE_NAMES else "types"
    value: object = getattr(import_module(f"{__name__}.core.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
