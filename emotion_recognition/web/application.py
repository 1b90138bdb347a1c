"""What the server answers to each request. Needs aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import WSCloseCode, WSMsgType, web

from emotion_recognition.web.access import is_own_host, is_own_origin, is_token
from emotion_recognition.web.connections import Connections
from emotion_recognition.web.update import Status, greeting
from emotion_recognition.web.viewers import PATIENCE, Audience, Viewer

#: Viewers at the same time, of all cameras together.
MOST_VIEWERS = 16

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
#: What the page consists of, by name.
_FILES = {
    path.name: path for path in Path(__file__).with_name("page").iterdir() if path.suffix in _TYPES
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_HEARTBEAT = 5.0  # seconds between two looks at whether a viewer is still there
_CLOSING_TIMEOUT = 1.0  # seconds that a viewer gets to say goodbye
_LONGEST_MESSAGE = 64  # bytes that a viewer may say at once
SEEN = "seen"  # what it says when it has drawn a picture

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Site:
    """What there is to see, and for whom.

    audiences: by the names of the cameras. token: empty if none is needed. is_open, on_audience,
    log: as WebServer has them.
    """

    audiences: dict[str, Audience]
    token: str
    is_open: bool
    on_audience: Callable[[str, bool], None]
    log: Callable[[str], None]
    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    connections: Connections = field(default_factory=Connections)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page itself, for who has the token."""
        self._check_token(request)
        return _file("index.html")

    async def file(self, request: web.Request) -> web.StreamResponse:
        """What the page consists of; the same everywhere, so that no token is needed."""
        return _file(request.match_info["name"])

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The WebSocket of a viewer: answers and status to it, `seen` from it."""
        self._check_token(request)
        if not is_own_origin(request.headers.get("Origin"), _host(request)):
            raise web.HTTPForbidden(text="A page from elsewhere may not watch.\n")
        camera = request.query.get("camera") or next(iter(self.audiences))
        if camera not in self.audiences:
            raise web.HTTPNotFound(text="There is no such camera.\n")
        if len(self.sockets) >= MOST_VIEWERS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_VIEWERS} viewers are watching already.\n")
        socket = web.WebSocketResponse(
            timeout=_CLOSING_TIMEOUT,
            heartbeat=_HEARTBEAT,
            compress=False,
            max_msg_size=_LONGEST_MESSAGE,
        )
        self.sockets.add(socket)
        try:
            await socket.prepare(request)
            await socket.send_str(greeting(tuple(self.audiences), camera))
            await self._show(socket, camera, request)
        except ConnectionError:  # it has left in the middle of a message
            pass
        finally:
            self.sockets.discard(socket)
        return socket

    async def close(self, application: web.Application) -> None:
        """Says goodbye to all viewers."""
        await asyncio.gather(*(_goodbye(socket, WSCloseCode.GOING_AWAY) for socket in self.sockets))

    async def _show(self, socket: web.WebSocketResponse, camera: str, request: web.Request) -> None:
        viewer, audience = Viewer(), self.audiences[camera]
        audience.add(viewer)
        if len(audience) == 1:
            self.on_audience(camera, True)
        sender = asyncio.create_task(self._send(socket, viewer, request))
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT or message.data != SEEN:
                    break
                viewer.confirm()
        finally:
            sender.cancel()
            audience.remove(viewer)
            if not len(audience):
                self.on_audience(camera, False)

    async def _send(
        self, socket: web.WebSocketResponse, viewer: Viewer, request: web.Request
    ) -> None:
        """Sends what is new until the viewer leaves, or is too slow to be there."""
        try:
            while True:
                item = await viewer.next()
                if isinstance(item, Status):
                    sending = socket.send_str(item.message())
                else:
                    sending = socket.send_bytes(await item.message())
                await asyncio.wait_for(sending, PATIENCE)
        except (TimeoutError, asyncio.TimeoutError, ConnectionError):
            pass
        except Exception as error:
            self.log(f"A viewer could not be sent a picture: {error!r}")
        await _goodbye(socket, WSCloseCode.TRY_AGAIN_LATER)
        if request.transport:
            request.transport.abort()  # what it did not read so far, it need not read any more

    def _check_token(self, request: web.Request) -> None:
        if not is_token(request.query.get("token", ""), self.token):
            raise web.HTTPForbidden(
                text="This address lacks the right token. The log of web_view has the address "
                "with it; it changes at each start unless one was set.\n"
            )


def make_application(site: Site) -> web.Application:
    """The application of aiohttp."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_own_host(_host(request), site.is_open):
            raise web.HTTPForbidden(
                text="This name does not belong to the machine that shows the page. Open it by "
                "localhost, or, if it is open to the network, by the machine's address.\n"
            )
        try:
            with site.connections.busy(_file_number(request)):
                return await handler(request)
        except (web.HTTPException, asyncio.CancelledError):
            raise
        except Exception as error:
            site.log(f"A request failed: {error!r}")
            raise web.HTTPInternalServerError() from error

    application = web.Application(middlewares=[guard], client_max_size=_LONGEST_MESSAGE)
    application.add_routes(
        [
            web.get("/", site.page),
            web.get("/live", site.live),
            web.get("/{name}", site.file),
        ]
    )
    application.on_response_prepare.append(_add_headers)
    application.on_shutdown.append(site.close)
    return application


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


async def _goodbye(socket: web.WebSocketResponse, code: int) -> None:
    with suppress(asyncio.TimeoutError, ConnectionError, RuntimeError):
        await asyncio.wait_for(socket.close(code=code), _CLOSING_TIMEOUT)


def _file(name: str) -> web.Response:
    path = _FILES.get(name)
    if path is None:
        raise web.HTTPNotFound(text="There is no such page.\n")
    text = path.read_text(encoding="utf-8")
    return web.Response(text=text, content_type=_TYPES[path.suffix])


def _host(request: web.Request) -> str:
    """The header; where it is missing, old versions of aiohttp would ask the network for a name."""
    return request.headers.get("Host", "")


def _file_number(request: web.Request) -> int:
    """Of the connection; -1 where it has ended."""
    connection = request.transport and request.transport.get_extra_info("socket")
    return connection.fileno() if connection else -1
