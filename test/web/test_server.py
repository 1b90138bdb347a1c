"""The server of the page: who may see it, and what each viewer is sent."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from emotion_recognition.core.images.overlay import COLORS
from emotion_recognition.core.types import EMOTIONS, Box, Emotion, Face
from emotion_recognition.web.application import MOST_VIEWERS
from emotion_recognition.web.server import ServerSettings, WebError, WebServer
from emotion_recognition.web.update import Status, Update
from emotion_recognition.web.viewers import Picture, Viewer

TIMEOUT = 20.0
TOKEN = "a-token-of-the-tests"

Live = aiohttp.ClientWebSocketResponse


def update(number: int, picture: bytes = b"jpeg") -> Update:
    """An answer whose faces' track id is a number, and its picture begins with it."""
    face = Face(Box(1, 2, 3, 4), 0.5, (0.25, 0.75), Emotion(3, "happy", 0.75), track_id=number)
    return Update((face,), 64, 48, ("neutral", "happy"), picture=lambda: b"%d " % number + picture)


def split(message: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack(">I", message[:4])
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def number_of(message: bytes) -> int:
    """Of an update, as the answer and the picture have it."""
    answer, picture = split(message)
    number = answer["faces"][0]["id"]
    assert picture.startswith(b"%d " % number), "the picture of another answer"
    return int(number)


class Served:
    """A server, what it has said, and a client for it."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401
        self.audience: list[tuple[str, bool]] = []
        self.log: list[str] = []
        self._changed = threading.Condition()
        self.server = WebServer(
            ServerSettings(port=0, **settings), ("left", "right"), self._tell, self.log.append
        )
        self.address = self.server.start()
        self.port = int(self.address.split(":")[2].split("/")[0])

    def _tell(self, camera: str, is_watched: bool) -> None:
        with self._changed:
            self.audience.append((camera, is_watched))
            self._changed.notify_all()

    def wait_for_audience(self, *expected: tuple[str, bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.audience == list(expected), TIMEOUT), (
                self.audience
            )

    def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        async def request() -> tuple[int, str, Any]:
            url = f"http://127.0.0.1:{self.port}{path}"
            async with (
                aiohttp.ClientSession() as session,
                session.get(url, headers=headers) as response,
            ):
                return response.status, await response.text(), response.headers

        return asyncio.run(request())

    def watch(
        self, scenario: Callable[..., Awaitable[None]], *queries: str, **headers: str
    ) -> None:
        """Runs a scenario with a viewer for each of the queries."""

        async def run() -> None:
            async with aiohttp.ClientSession() as session:
                url = f"http://127.0.0.1:{self.port}/live"
                viewers = [
                    await session.ws_connect(f"{url}?{query}", headers=headers, max_msg_size=0)
                    for query in queries or ("",)
                ]
                await asyncio.wait_for(scenario(*viewers), TIMEOUT)

        asyncio.run(run())

    def status_of_live(self, query: str = "", **headers: str) -> int:
        """The HTTP status that a viewer is refused with; 101 for one who is let in."""

        async def nothing(viewer: Live) -> None:
            await viewer.receive_json()

        try:
            self.watch(nothing, query, **headers)
        except aiohttp.WSServerHandshakeError as error:
            return error.status
        return 101


@pytest.fixture
def served() -> Iterator[Served]:
    served = Served()
    yield served
    served.server.close()
    assert served.log == []


@pytest.fixture
def served_to_all() -> Iterator[Served]:
    served = Served(is_open=True, token=TOKEN)
    yield served
    served.server.close()
    assert served.log == []


def test_the_page_and_its_parts_are_there_and_all_from_here(served: Served) -> None:
    status, text, headers = served.get("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert 'src="page.js"' in text
    assert served.get("/page.js")[2]["Content-Type"] == "text/javascript; charset=utf-8"
    for path in ("/style.css", "/icon.svg"):
        assert served.get(path)[0] == 200
    for path in ("/nothing.js", "/..%2Fserver.py", "/%2Fetc%2Fpasswd", "/page", "/__init__.py"):
        assert served.get(path)[0] == 404, path


def test_a_viewer_is_told_the_cameras_and_the_colours_of_all_emotions(served: Served) -> None:
    async def scenario(viewer: Live) -> None:
        hello = await viewer.receive_json()
        assert (hello["kind"], hello["cameras"], hello["camera"]) == (
            "hello",
            ["left", "right"],
            "right",
        )
        assert hello["colors"].keys() == {*EMOTIONS, "unknown"}
        blue, green, red = COLORS["happy"]
        assert hello["colors"]["happy"] == f"#{red:02x}{green:02x}{blue:02x}"

    served.watch(scenario, "camera=right")


def test_an_answer_comes_in_one_message_with_its_picture(served: Served) -> None:
    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        served.server.publish("left", Status("warn", "slow", {"rate (Hz)": "3.0"}))
        assert await viewer.receive_json() == {
            "kind": "status",
            "level": "warn",
            "text": "slow",
            "values": {"rate (Hz)": "3.0"},
            "ended": False,
        }
        served.server.publish("right", update(6))
        served.server.publish("left", update(7))
        answer, picture = split(await viewer.receive_bytes())
        assert picture == b"7 jpeg"
        assert answer == {
            "kind": "answer",
            "width": 64,
            "height": 48,
            "labels": ["neutral", "happy"],
            "latency": 0.0,
            "model": "",
            "faces": [
                {
                    "id": 7,
                    "text": "#7 happy 75%",
                    "label": "happy",
                    "confidence": 0.75,
                    "score": 0.5,
                    "box": [1.0, 2.0, 3.0, 4.0],
                    "landmarks": [],
                    "smoothed": [0.25, 0.75],
                    "facing": None,
                    "yaw": None,
                    "raw": [0.25, 0.75],
                }
            ],
        }

    served.watch(scenario)


def test_the_audience_is_told_of_with_the_first_and_the_last_viewer(served: Served) -> None:
    async def scenario(first: Live, second: Live, other: Live) -> None:
        for viewer in (first, second, other):
            await viewer.receive_json()
        came = [("left", True), ("right", True)]
        await asyncio.to_thread(served.wait_for_audience, *came)
        await first.close()
        await other.close()
        await asyncio.to_thread(served.wait_for_audience, *came, ("right", False))
        await second.close()
        await asyncio.to_thread(served.wait_for_audience, *came, ("right", False), ("left", False))

    served.watch(scenario, "camera=left", "camera=left", "camera=right")


def test_a_viewer_that_confirms_nothing_gets_two_pictures_and_then_the_newest(
    served: Served,
) -> None:
    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        served.server.publish("left", update(1))
        assert number_of(await viewer.receive_bytes()) == 1
        served.server.publish("left", update(2))
        assert number_of(await viewer.receive_bytes()) == 2
        for number in range(3, 9):
            served.server.publish("left", update(number))
            served.server.publish("left", Status("ok", f"after {number}"))
            assert (await viewer.receive_json())["text"] == f"after {number}"
        await viewer.send_str("seen")
        assert number_of(await viewer.receive_bytes()) == 8

    served.watch(scenario)


def test_a_viewer_that_never_reads_slows_no_other_and_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = b"x" * 3_000_000

    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1)
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        writer.write(
            f"GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\n{key}\r\n".encode()
        )
        await reader.read(1)
        for number in range(30):
            served.server.publish("left", update(number, large))
            assert number_of(await viewer.receive_bytes()) == number
            await viewer.send_str("seen")
        while len(served.server._site.sockets) > 1:  # until it is given up
            await asyncio.sleep(0.02)
        writer.close()

    monkeypatch.setattr("emotion_recognition.web.application.PATIENCE", 1.0)
    monkeypatch.setattr("emotion_recognition.web.viewers.PATIENCE", 1.0)
    served.watch(scenario)


def test_a_viewer_that_confirms_nothing_for_long_is_gone(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion_recognition.web.viewers.PATIENCE", 0.2)

    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        served.server.publish("left", update(1))
        assert (await viewer.receive()).type is aiohttp.WSMsgType.BINARY
        assert (await viewer.receive()).type in (
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
        )
        await asyncio.to_thread(served.wait_for_audience, ("left", True), ("left", False))

    served.watch(scenario)


def test_a_picture_is_made_once_for_all_viewers_and_never_for_nobody(served: Served) -> None:
    made: list[int] = []

    def picture() -> bytes:
        made.append(threading.get_ident())
        return b""

    async def scenario(*viewers: Live) -> None:
        for viewer in viewers:
            await viewer.receive_json()
        assert made == []
        served.server.publish("left", Update((), 64, 48, (), picture=picture))
        for viewer in viewers:
            assert split(await viewer.receive_bytes())[0]["faces"] == []
        assert len(made) == 1

    served.server.publish("left", Update((), 64, 48, (), picture=picture))
    served.watch(scenario, "", "", "")


def test_one_thread_makes_the_pictures_of_all_cameras(served: Served) -> None:
    threads: set[int] = set()

    def picture() -> bytes:
        threads.add(threading.get_ident())
        time.sleep(0.05)
        return b""

    async def scenario(*viewers: Live) -> None:
        for viewer in viewers:
            await viewer.receive_json()
        for _ in range(2):
            for camera in ("left", "right"):
                served.server.publish(camera, Update((), 64, 48, (), picture=picture))
            await asyncio.sleep(0.01)  # until they are asked for
        for viewer in viewers * 2:
            await viewer.receive_bytes()
        assert len(threads) == 1

    served.watch(scenario, "camera=left", "camera=right")


def test_who_comes_later_sees_what_the_others_see_but_nothing_from_before_them(
    served: Served,
) -> None:
    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        for text in ("first", "second"):  # a picture would come between them
            served.server.publish("left", Status("ok", text))
            assert (await viewer.receive_json())["text"] == text
        served.server.publish("left", update(5))
        assert number_of(await viewer.receive_bytes()) == 5
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{served.port}/live") as later,
        ):
            assert [(await later.receive_json())["kind"] for _ in range(2)] == ["hello", "status"]
            assert number_of(await later.receive_bytes()) == 5

    served.server.publish("left", update(4))
    served.watch(scenario)


def test_a_source_that_waits_shows_its_newest_answer_to_whoever_comes() -> None:
    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        assert number_of(await viewer.receive_bytes()) == 9

    served = Served(keeps_newest=True)
    served.server.publish("left", update(8))
    served.server.publish("left", update(9))
    served.watch(scenario)
    served.server.close()


def test_a_picture_that_cannot_be_made_is_told_and_costs_one_viewer_only_its_connection() -> None:
    def fail() -> bytes:
        raise ZeroDivisionError("no picture")

    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        served.server.publish("left", Update((), 64, 48, (), picture=fail))
        assert (await viewer.receive()).type is aiohttp.WSMsgType.CLOSE

    served = Served()
    served.watch(scenario)
    assert ["ZeroDivisionError" in line for line in served.log] == [True]
    assert served.get("/")[0] == 200
    served.server.close()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "192.168.1.5", "[::2]", ""])
def test_a_name_that_can_lead_here_from_elsewhere_is_refused(served: Served, host: str) -> None:
    for path in ("/", "/page.js", "/live"):
        assert served.get(path, Host=host)[0] == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:8090", "[::1]:8090"])
def test_the_names_of_this_machine_alone_are_accepted(served: Served, host: str) -> None:
    assert served.get("/", Host=host)[0] == 200


def test_open_to_the_network_its_addresses_and_names_are_accepted(served_to_all: Served) -> None:
    page = f"/?token={TOKEN}"
    for host in ("192.168.1.5:8090", "[fe80::1]", socket.gethostname(), "localhost"):
        assert served_to_all.get(page, Host=host)[0] == 200, host
    for host in ("evil.example", f"{socket.gethostname()}.evil.example", "192.168.1.5.nip.io"):
        assert served_to_all.get(page, Host=host)[0] == 403, host


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "file://"])
def test_a_page_from_elsewhere_may_not_watch(served: Served, origin: str) -> None:
    assert served.status_of_live(Origin=origin) == 403
    assert served.audience == []


def test_the_page_itself_may_watch(served: Served) -> None:
    assert served.status_of_live(Origin=f"http://127.0.0.1:{served.port}") == 101


@pytest.mark.parametrize("token", ["", "token=", "token=wrong", f"token={TOKEN[:-1]}", "token=%F0"])
def test_without_the_token_there_is_nothing_to_see(served_to_all: Served, token: str) -> None:
    status, text, _ = served_to_all.get(f"/?{token}")
    assert status == 403
    assert "The log of web_view has the address" in text
    assert served_to_all.status_of_live(token) == 403
    assert served_to_all.audience == []


def test_the_address_has_the_token_and_lets_in(served_to_all: Served) -> None:
    assert served_to_all.address.endswith(f":{served_to_all.port}/?token={TOKEN}")
    assert served_to_all.get(f"/?token={TOKEN}")[0] == 200
    assert served_to_all.status_of_live(f"token={TOKEN}") == 101


def test_each_start_has_a_token_of_its_own() -> None:
    tokens = set()
    for _ in range(2):
        served = Served(is_open=True)
        tokens.add(served.address.split("token=")[1])
        served.server.close()
    assert len(tokens) == 2
    assert all(len(token) >= 20 for token in tokens)


def test_a_token_of_any_characters_is_part_of_an_address_that_works() -> None:
    served = Served(is_open=True, token="größer & länger? #/1+1")
    assert served.get("/" + served.address.split("/", 3)[3])[0] == 200
    assert served.get("/?token=gr")[0] == 403
    served.server.close()


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(WebError, match="the token has 4 characters; expected 16 at least"):
        WebServer(ServerSettings(is_open=True, token="1234"), ("left",))


def test_only_this_machine_can_connect_unless_it_is_open(served: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        # All of 127.0.0.0/8 is this machine; a server for everyone would hear it there.
        assert client.connect_ex(("127.0.0.2", served.port)) != 0


def test_a_port_in_use_is_told_with_what_to_do(served: Served) -> None:
    with pytest.raises(WebError, match=f"port {served.port} is in use.*choose another port"):
        WebServer(ServerSettings(port=served.port), ("left",)).start()


def test_more_viewers_than_there_may_be_are_refused(served: Served) -> None:
    async def scenario(*viewers: Live) -> None:
        async with aiohttp.ClientSession() as session:
            url = f"http://127.0.0.1:{served.port}/live"
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url)
            assert refused.value.status == 503
            await viewers[0].close()
            while len(served.server._site.sockets) == MOST_VIEWERS:
                await asyncio.sleep(0.01)
            await session.ws_connect(url)

    served.watch(scenario, *[""] * MOST_VIEWERS)


def test_a_camera_that_does_not_exist_is_refused(served: Served) -> None:
    assert served.status_of_live("camera=middle") == 404


@pytest.mark.parametrize(
    "request_text",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\nx",
        b"GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\r\n",
        b"GET /%ff%00 HTTP/1.1\r\nHost: [\r\n\r\n",
    ],
)
def test_a_request_that_makes_no_sense_harms_nobody(served: Served, request_text: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=TIMEOUT) as client:
        client.sendall(request_text)
        client.shutdown(socket.SHUT_WR)
        answer = client.recv(1000)
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2", b"HTTP/1.1 101")), answer
    assert served.get("/")[0] == 200


@pytest.mark.parametrize("said", ["unseen", "x" * 100_000, b"seen"], ids=["word", "long", "bytes"])
def test_a_viewer_that_says_anything_else_is_shown_out(served: Served, said: str | bytes) -> None:
    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        await (viewer.send_bytes(said) if isinstance(said, bytes) else viewer.send_str(said))
        assert (await viewer.receive()).type is aiohttp.WSMsgType.CLOSE

    served.watch(scenario)
    served.wait_for_audience(("left", True), ("left", False))


def test_confirming_what_was_never_sent_gives_no_more_pictures() -> None:
    async def scenario() -> None:
        viewer = Viewer()
        for _ in range(50):
            viewer.confirm()
        for number in (1, 2, 3):
            viewer.offer(Picture(update(number)))
            if number < 3:
                assert isinstance(await viewer.next(), Picture)
        viewer.offer(Status("ok", "instead"))
        assert isinstance(await viewer.next(), Status)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(viewer.next(), 0.05)

    asyncio.run(scenario())


def test_closing_says_goodbye_and_frees_the_port_and_the_thread(served: Served) -> None:
    async def scenario(viewer: Live) -> None:
        await viewer.receive_json()
        await asyncio.gather(asyncio.to_thread(served.server.close), self_closing(viewer))

    async def self_closing(viewer: Live) -> None:
        message = await viewer.receive()
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data in (1000, 1001), "up to aiohttp 3.9 it says 1000"

    before = time.monotonic()
    served.watch(scenario)
    assert time.monotonic() - before < TIMEOUT
    again = WebServer(ServerSettings(port=served.port), ("left",))
    again.start()
    again.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "web"]
