"""Mutants of packaged models: their manifests, and the files of their networks.

A manifest's values are dropped, renamed and exchanged, or its text is cut and overwritten. A file's
parts are treated in the same way; its hash is then that of the manifest no longer, or, for
`network`, is made to fit again, so that it reaches what runs it.
"""

from __future__ import annotations

import hashlib
import json
import random
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeAlias

from mutation import EDGES, Kind, mutate_parts
from network_opener import NetworkOpener

from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.manifest import MODELS, Manifest, read_manifest
from emotion_recognition.core.manifest import Kind as ModelKind

Json: TypeAlias = Any

#: The smallest of the packaged models, and where its mutants lie.
MODEL: tuple[ModelKind, str] = ("classifier", "paper")
SOURCE = MODELS / "_".join(MODEL)
MANIFESTS = [
    (kind, (MODELS / f"{kind}_{name}" / "manifest.json").read_bytes())
    for kind, name in (("detector", "default"), ("classifier", "eight"), MODEL)
]
FILES = {"onnxruntime": "onnx_int8", "opencv": "onnx_float", "ncnn": "ncnn_float"}
#: In how many pieces a file is taken apart.
PIECES = 40
ODD_VALUES: tuple[object, ...] = (
    *EDGES,
    -1,
    0.5,
    1e308,
    float("nan"),
    float("inf"),
    10**400,
    "",
    "..",
    "/etc/passwd",
    "a\0b",
    "\ud800",
    "x" * 10_000,
    None,
    True,
    [],
    {},
    [[]] * 3,
    {"name": "manifest.json", "sha256": "0" * 64},
)


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Every container in a JSON value with a key or an index of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value)  # type: ignore[call-overload]
    for key, item in items:
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


def mutate_json(value: Json, chance: random.Random) -> Json:
    """A copy of a JSON value with one to three of its places changed."""
    value = deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        found = list(places(value))
        if not found:
            break
        (container, key), (other, its_key) = chance.choices(found, k=2)
        match chance.randrange(5):
            case 0:
                del container[key]
            case 1 if isinstance(container, dict):
                container[chance.choice(("", key + "s", key.upper(), "sha256"))] = container[key]
            case 2:
                container[key] = deepcopy(other[its_key])
            case _:
                container[key] = deepcopy(chance.choice(ODD_VALUES))
    return value


def mutate_content(content: bytes, chance: random.Random, pieces: int = PIECES) -> bytes:
    """A file that is cut into pieces at random places, some of which are changed."""
    cuts = sorted(chance.sample(range(len(content)), min(pieces, len(content)) - 1))
    parts = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    return b"".join(mutate_parts(parts, chance))


def mutant_manifest(chance: random.Random) -> tuple[ModelKind, bytes]:
    """What it is a manifest of, and its content."""
    kind, content = chance.choice(MANIFESTS)
    if chance.random() < 0.8:
        return kind, json.dumps(mutate_json(json.loads(content), chance)).encode()
    if chance.random() < 0.1:
        return kind, chance.choice((b"[", b'{"a":')) * 100_000
    return kind, mutate_content(content, chance)


def mutant_file(chance: random.Random) -> tuple[str, bytes]:
    """A backend, and the content that it is given for its file."""
    backend = chance.choice(list(FILES))
    content = (SOURCE / _item(backend)["name"]).read_bytes()
    if backend != "ncnn":
        return backend, mutate_content(content, chance)
    layers, _, weights = content.partition(b"\0")  # the layers are text: words, not bytes
    lines = [
        b" ".join(mutate_parts(line.split(b" "), chance)) if chance.random() < 0.05 else line
        for line in layers.split(b"\n")
    ]
    if chance.random() < 0.3:
        lines = mutate_parts(lines, chance)
    if chance.random() < 0.3:
        weights = mutate_content(weights, chance)
    return backend, b"\n".join(lines) + b"\0" + weights


def _item(backend: str) -> dict[str, str]:
    items = json.loads((SOURCE / "manifest.json").read_bytes())["files"]
    item: dict[str, str] = items[FILES[backend]]
    return item


class Models:
    """A folder in which mutants take the place of a packaged model's files."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mutant_models_")
        self._root = Path(self._folder.name)
        self._opener = NetworkOpener()
        for kind in ("detector", "classifier"):
            (self._root / f"{kind}_mutant").mkdir()

    def read_manifest(self, mutant: tuple[ModelKind, bytes]) -> None:
        """Raises ModelError."""
        kind, content = mutant
        self._write(kind, "manifest.json", content)
        read_manifest(kind, "mutant", self._root)

    def verify(self, mutant: tuple[str, bytes]) -> None:
        """Raises ModelError; AssertionError for a file that is let through and differs."""
        backend, content = mutant
        manifest = self._place(backend, content, _item(backend)["sha256"])
        verified = manifest.verified_content(FILES[backend])  # type: ignore[arg-type]
        assert verified == (SOURCE / _item(backend)["name"]).read_bytes()

    def open(self, mutant: tuple[str, bytes]) -> str:
        """What became of it in a process of its own: see NetworkOpener."""
        backend, content = mutant
        self._place(backend, content, hashlib.sha256(content).hexdigest())
        return f"{backend}: {self._opener.open(MODEL[0], 'mutant', self._root, backend)}"

    def _place(self, backend: str, content: bytes, digest: str) -> Manifest:
        item = _item(backend)
        manifest = json.loads((SOURCE / "manifest.json").read_bytes())
        manifest["files"] = {FILES[backend]: item | {"sha256": digest}}
        self._write(MODEL[0], "manifest.json", json.dumps(manifest).encode())
        self._write(MODEL[0], item["name"], content)
        return read_manifest(MODEL[0], "mutant", self._root)

    def _write(self, kind: ModelKind, name: str, content: bytes) -> None:
        (self._root / f"{kind}_mutant" / name).write_bytes(content)


def kinds() -> tuple[Kind, ...]:
    """The kinds, with a folder of their own."""
    models = Models()
    refused: tuple[type[Exception], ...] = (ModelError,)
    return (
        Kind("manifest", mutant_manifest, models.read_manifest, refused),
        Kind("model file", mutant_file, models.verify, refused, 0.2),
        Kind("network", mutant_file, models.open, refused, 0.004),
    )
