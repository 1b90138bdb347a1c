"""What a viewer is sent: an answer with its picture, and how well the source of them does."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emotion_recognition.core.images.overlay import COLORS, label_text
from emotion_recognition.core.types import Face

#: The levels of a status, best first, as /diagnostics has them.
LEVELS = ("ok", "warn", "error", "stale")


@dataclass(frozen=True)
class Update:
    """The faces of one image, and that image.

    width, height: of the image in pixels, in which the faces' boxes are. labels: of the faces'
    probabilities, in their order. latency: seconds from the image to its answer. model: that gave
    it. picture: makes the JPEG to show; it is called once, from any thread, and only if someone is
    there to see it. None where the answer's image did not arrive.
    """

    faces: tuple[Face, ...]
    width: int
    height: int
    labels: tuple[str, ...]
    latency: float = 0.0
    model: str = ""
    picture: Callable[[], bytes] | None = None

    def message(self) -> bytes:
        """The length of the JSON as four bytes, most significant first; the JSON; the JPEG.

        They are one message so that no box can be drawn on the picture of another answer.
        """
        text = _json({"kind": "answer", **self.description()})
        return struct.pack(">I", len(text)) + text + (self.picture() if self.picture else b"")

    def description(self) -> dict[str, Any]:
        """All but the picture, as it goes into the JSON."""
        return {
            "width": self.width,
            "height": self.height,
            "labels": list(self.labels),
            "latency": round(self.latency, 4),
            "model": self.model,
            "faces": [_describe(face) for face in self.faces],
        }


@dataclass(frozen=True)
class Status:
    """How well the source of the answers does.

    level: one of LEVELS. values: figures by name. has_ended: no answer is missing any more.
    """

    level: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)
    has_ended: bool = False

    def message(self) -> str:
        """As JSON."""
        figures = {"values": dict(self.values), "ended": self.has_ended}
        return _json({"kind": "status", "level": self.level, "text": self.text, **figures}).decode()


def greeting(cameras: tuple[str, ...], camera: str) -> str:
    """The first message to a viewer, as JSON: cameras, the chosen one, colours of emotions."""
    colors = {label: f"#{r:02x}{g:02x}{b:02x}" for label, (b, g, r) in COLORS.items()}
    return _json(
        {"kind": "hello", "cameras": list(cameras), "camera": camera, "colors": colors}
    ).decode()


def _describe(face: Face) -> dict[str, Any]:
    box = face.box
    return {
        "id": face.track_id,
        "text": label_text(face),
        "label": face.emotion.label,
        "confidence": _number(face.emotion.confidence, 3),
        "score": _number(face.score, 3),
        "box": [_number(value, 1) for value in (box.x1, box.y1, box.x2, box.y2)],
        "landmarks": [[_number(x, 1), _number(y, 1)] for x, y in face.landmarks],
        "smoothed": [_number(value, 3) for value in face.probabilities],
        "facing": face.facing,
        "yaw": None if face.yaw is None else _number(face.yaw, 3),
        "raw": [_number(value, 3) for value in face.raw_probabilities or face.probabilities],
    }


def _number(value: float, digits: int) -> float:
    """Rounded; 0 for what JSON has no number for."""
    return round(float(value), digits) if math.isfinite(value) else 0.0


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
