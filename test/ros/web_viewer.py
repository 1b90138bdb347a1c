"""A viewer of the page, without a browser."""

from __future__ import annotations

import asyncio
import json
import re
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import cv2
import numpy as np
from node_process import TIMEOUT, NodeProcess
from numpy.typing import NDArray


@dataclass(frozen=True)
class Seen:
    """An answer as the page gets it, and its picture, uint8 (H, W, 3) BGR, or None."""

    answer: dict[str, Any]
    picture: NDArray[np.uint8] | None


def page_address(web_view: NodeProcess) -> str:
    """Where the page is, as the node's log says."""
    web_view.wait_for_log("http://")
    found = re.search(r"http://\S+", web_view.log)
    assert found
    return found[0]


class WebViewer:
    """Watches a camera in the background; statuses, answers: all so far."""

    def __init__(self, address: str, camera: str = "") -> None:
        parts = urlsplit(address)
        self._url = f"http://127.0.0.1:{parts.port}/live?{parts.query}&camera={camera}"
        self.answers: list[Seen] = []
        self.statuses: list[dict[str, Any]] = []
        self.hello: dict[str, Any] = {}
        self._changed = Condition()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = Thread(target=self._run)

    def wait_for_answer(self, wanted: Callable[[Seen], bool] = lambda seen: True) -> Seen:
        """The first that is wanted, of those so far and to come."""
        return self._wait(lambda: next(filter(wanted, self.answers), None), "answer")

    def wait_for_status(self, text: str) -> dict[str, Any]:
        """The first whose text begins like this."""
        return self._wait(
            lambda: next((item for item in self.statuses if item["text"].startswith(text)), None),
            f"'{text}' among {self.statuses}",
        )

    def _wait(self, find: Callable[[], Any], what: str) -> Any:  # noqa: ANN401
        with self._changed:
            assert self._changed.wait_for(lambda: find() is not None, TIMEOUT), f"no {what}"
            return find()

    def _run(self) -> None:
        self._task = self._loop.create_task(self._watch())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)

    async def _watch(self) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(self._url, max_msg_size=0) as socket,
        ):
            async for message in socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    await socket.send_str("seen")
                with self._changed:
                    self._note(message.data)
                    self._changed.notify_all()

    def _note(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            (length,) = struct.unpack(">I", data[:4])
            jpeg = np.frombuffer(data[4 + length :], np.uint8)
            picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR) if len(jpeg) else None
            self.answers.append(Seen(json.loads(data[4 : 4 + length]), picture))  # type: ignore[arg-type]
            return
        message = json.loads(data)
        if message["kind"] == "hello":
            self.hello = message
        else:
            self.statuses.append(message)

    def __enter__(self) -> WebViewer:
        self._thread.start()
        self._wait(lambda: self.hello or None, "connection")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._task
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
        self._loop.close()
