"""The nodes whose page is looked at in a browser, each a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conftest import isolation
from node_process import NodeProcess


@contextmanager
def nodes_with_page() -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """emotion_node and web_view beside a video_source of 640x480 at 15 Hz, in their own domain."""
    with isolation(), tempfile.TemporaryDirectory() as folder:

        def start(name: str, **options: object) -> NodeProcess:
            command = ["-m", f"emotion_recognition.ros.{name}"]
            return NodeProcess(command, Path(folder, f"{name}.log"), **options)

        with (
            start("video_source", rate=15.0, width=640),
            start("emotion_node") as node,
            start("web_view", port=0) as page,
        ):
            yield node, page
