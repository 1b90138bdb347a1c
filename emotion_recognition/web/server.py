"""Serves the page, and sends every viewer what is published. Needs aiohttp."""

from __future__ import annotations

import asyncio
import concurrent.futures
import errno
import logging
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Thread
from typing import Any
from urllib.parse import quote

from aiohttp import web

from emotion_recognition.web.access import SHORTEST_TOKEN
from emotion_recognition.web.application import Site, make_application
from emotion_recognition.web.connections import BACKLOG, LOCAL, ListeningSocket
from emotion_recognition.web.update import Status, Update
from emotion_recognition.web.viewers import Audience, Picture

#: Where the page is, unless another port is asked for.
PORT = 8090

_CLOSING_TIMEOUT = 3.0  # seconds
_SWEEP_PERIOD = 1.0  # seconds between two looks for idle connections

#: aiohttp tells of every malformed request, and whoever is on the network can send those.
_SILENT = logging.Logger("emotion_recognition.web", logging.CRITICAL + 1)


class WebError(RuntimeError):
    """The page cannot be served; the message says why and what to do."""


@dataclass(frozen=True)
class ServerSettings:
    """Where the page is and who may see it.

    port: 0 for any that is free. is_open: to the network, for those who have the token; otherwise
    only to this machine. token: part of the address, at least SHORTEST_TOKEN characters; empty for
    a new one at each start. keeps_newest: shows the newest answer also to who comes later, as of a
    source that does nothing but wait.
    """

    port: int = PORT
    is_open: bool = False
    token: str = ""
    keeps_newest: bool = False


class WebServer:
    """The page, served by a thread of its own.

    cameras: names of those to choose from, at least one. on_audience: called with a camera's name
    and True when its first viewer comes, False when its last leaves, from the server's thread. log:
    called with a line on what went wrong.

    Raises WebError for a token that is too short.
    """

    def __init__(
        self,
        settings: ServerSettings,
        cameras: tuple[str, ...],
        on_audience: Callable[[str, bool], None] = lambda camera, is_watched: None,
        log: Callable[[str], None] = lambda text: None,
    ) -> None:
        if settings.token and len(settings.token) < SHORTEST_TOKEN:
            raise WebError(
                f"the token has {len(settings.token)} characters; expected {SHORTEST_TOKEN} at "
                "least, hard to guess, or none for a new one at each start"
            )
        self._settings = settings
        token = (settings.token or secrets.token_urlsafe(16)) if settings.is_open else ""
        audiences = {camera: Audience(settings.keeps_newest) for camera in cameras}
        self._site = Site(audiences, token, settings.is_open, on_audience, log)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread: Thread | None = None

    def start(self) -> str:
        """Begins to serve, and returns the address to open. Raises WebError if that cannot be."""
        port: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = Thread(target=self._run, args=(port,), name="web", daemon=True)
        self._thread.start()
        try:
            return self._address(port.result())
        except OSError as error:
            raise WebError(self._why_not(error)) from error

    def publish(self, camera: str, item: Update | Status) -> None:
        """Sends something new to the viewers of a camera; from any thread."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(partial(self._offer, camera, item))
        except RuntimeError:  # the loop was closed in the meantime
            return

    def close(self) -> None:
        """Ends all connections, and the thread."""
        loop = self._loop
        if loop is None or self._stop is None or self._thread is None:
            return
        try:
            loop.call_soon_threadsafe(self._stop.set)
        except RuntimeError:
            return
        self._thread.join(_CLOSING_TIMEOUT)

    def _offer(self, camera: str, item: Update | Status) -> None:
        audience = self._site.audiences[camera]
        audience.offer(Picture(item) if isinstance(item, Update) else item)

    def _run(self, port: concurrent.futures.Future[int]) -> None:
        try:
            asyncio.run(self._serve(port))
        except Exception as error:
            if port.done():
                self._site.log(f"The page is no longer served: {error!r}")
            else:
                port.set_exception(error)

    async def _serve(self, port: concurrent.futures.Future[int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._log_failure)
        self._stop = asyncio.Event()
        # One makes all pictures: more would take cores from the networks, and memory each.
        self._loop.set_default_executor(ThreadPoolExecutor(1, "encoder"))
        runner = web.AppRunner(make_application(self._site), access_log=None, logger=_SILENT)
        await runner.setup()
        try:
            settings, connections = self._settings, self._site.connections
            listening = ListeningSocket(settings.port, settings.is_open, connections)
            await web.SockSite(runner, listening, backlog=BACKLOG).start()
            port.set_result(int(listening.getsockname()[1]))
            while not self._stop.is_set():
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), _SWEEP_PERIOD)
                connections.close_idle()
        finally:
            self._loop = None
            await runner.cleanup()

    def _log_failure(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What asyncio itself would log, with a traceback and as often as it happens."""
        self._site.log(f"{context['message']}: {context.get('exception')!r}")

    def _address(self, port: int) -> str:
        if not self._settings.is_open:
            return f"http://{LOCAL}:{port}/"
        return f"http://{_own_address()}:{port}/?token={quote(self._site.token, safe='')}"

    def _why_not(self, error: OSError) -> str:
        port = self._settings.port
        if error.errno == errno.EADDRINUSE:
            return f"port {port} is in use, maybe by another page: choose another port"
        if error.errno == errno.EACCES:
            return f"port {port} is for root only: choose one above 1023"
        return f"cannot listen on port {port}: {error}"


def _own_address() -> str:
    """This machine's address in its network, as far as it can tell; nothing is sent for that."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # of an example network: only the way to it matters
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
