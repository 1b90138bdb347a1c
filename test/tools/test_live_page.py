"""`emotion_recognition SOURCE --web`: what a viewer sees, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.types import Box, Emotion, Face
from emotion_recognition.tools import cli

TIMEOUT = 30.0
FRAMES = 6


class StandInPipeline:
    """Finds a happy face in every image."""

    reject_threshold = 0.0

    def __init__(self, *arguments: object, input_width: int | None) -> None: ...

    def __call__(self, image: NDArray[np.uint8]) -> tuple[Face, ...]:
        row = (0.1, 0.0, 0.1, 0.8)
        return (Face(Box(10, 20, 50, 60), 0.9, row, Emotion.from_probabilities(row)),)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts, also where the tests run in a script's background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def video(folder: Path) -> Path:
    path = folder / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (160, 120))
    for _ in range(FRAMES):
        writer.write(np.full((120, 160, 3), 99, np.uint8))
    writer.release()
    return path


def photo(folder: Path) -> Path:
    path = folder / "photo.png"
    cv2.imwrite(str(path), np.full((120, 160, 3), 99, np.uint8))
    return path


async def watch(port: int, seen: list[Any]) -> None:
    """Everything until the text that the source has ended, from when the page is there."""
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                viewer = await session.ws_connect(f"http://127.0.0.1:{port}/live")
                break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.02)
        async for message in viewer:
            if message.type is aiohttp.WSMsgType.TEXT:
                seen.append(json.loads(message.data))
            else:
                await viewer.send_str("seen")
                (length,) = struct.unpack(">I", message.data[:4])
                answer = json.loads(message.data[4 : 4 + length])
                jpeg = np.frombuffer(message.data[4 + length :], np.uint8)
                seen.append({"answer": answer, "picture": cv2.imdecode(jpeg, cv2.IMREAD_COLOR)})
            has_ended = any("has ended" in item.get("text", "") for item in seen)
            if has_ended and any("answer" in item for item in seen):
                return


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize(("make_source", "images"), [(photo, 1), (video, FRAMES)])
def test_the_page_shows_the_answers_and_stays_until_an_interrupt(
    make_source: Callable[[Path], Path],
    images: int,
    tmp_path: Path,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "EmotionPipeline", StandInPipeline)
    source = make_source(tmp_path)
    seen: list[Any] = []
    ended = threading.Event()

    def look_and_interrupt() -> None:
        try:
            asyncio.run(asyncio.wait_for(watch(port, seen), TIMEOUT))
        finally:
            if not ended.is_set():
                os.kill(os.getpid(), signal.SIGINT)

    viewer = threading.Thread(target=look_and_interrupt)
    viewer.start()
    exit_code = cli.main([str(source), "--web", "--web-port", str(port)])
    ended.set()
    viewer.join()
    assert exit_code == 0
    assert seen[0]["cameras"] == [str(source)]
    (end,) = [item for item in seen if "has ended" in item.get("text", "")]
    assert (end["level"], end["values"]["answered"]) == ("ok", str(images))
    assert end["ended"], "the page would say that answers are missing"
    shown = [item for item in seen if "answer" in item]
    assert shown
    assert shown[-1]["picture"].shape == (120, 160, 3)
    assert shown[-1]["answer"]["faces"][0]["label"] == "happy"
    said = capsys.readouterr()
    assert f"the page is at http://127.0.0.1:{port}/" in said.err
    assert said.out == "", "no JSON unless it is asked for"


def test_a_port_in_use_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    earlier = tmp_path / "earlier.jsonl"
    earlier.write_text("answers")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        arguments = [str(photo(tmp_path)), "--web", "--web-port", str(port)]
        assert cli.main([*arguments, "--json", str(earlier)]) == 1
    assert f"port {port} is in use" in capsys.readouterr().err
    assert earlier.read_text() == "answers"


def test_without_aiohttp_one_line_tells_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['aiohttp'] = None; "
        "from emotion_recognition.tools.cli import main; sys.exit(main())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(photo(tmp_path)), "--web"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "--web needs aiohttp: apt install python3-aiohttp" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
