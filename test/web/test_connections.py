"""What connections that ask for nothing can do to the server of the page: nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from emotion_recognition.web import application, connections
from emotion_recognition.web.connections import MOST_CONNECTIONS
from emotion_recognition.web.server import ServerSettings, WebServer

TIMEOUT = 20.0


@pytest.fixture(params=[False, True], ids=["this machine", "network"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Of a server that logs nothing."""
    log: list[str] = []
    server = WebServer(ServerSettings(0, request.param), ("camera",), log=log.append)
    address = server.start()
    yield int(address.split(":")[2].split("/")[0])
    before = time.monotonic()
    server.close()
    assert time.monotonic() - before < 2
    assert log == []


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def connect(port: int, stack: ExitStack) -> socket.socket:
    return stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT))


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.2)
    try:
        return client.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def wait_until_closed(client: socket.socket) -> None:
    client.settimeout(TIMEOUT)
    with suppress(ConnectionError):
        assert client.recv(100) == b""


def style(port: int) -> int:
    """The status of a file of the page, for which no token is needed."""
    with urlopen(f"http://127.0.0.1:{port}/style.css", timeout=TIMEOUT) as answer:
        return int(answer.status)


def test_more_connections_than_there_may_be_are_closed_at_once(port: int, stack: ExitStack) -> None:
    clients = [connect(port, stack) for _ in range(MOST_CONNECTIONS + 5)]
    for client in clients[MOST_CONNECTIONS:]:
        wait_until_closed(client)
    assert is_open(clients[0])
    for client in clients:
        client.close()
    deadline = time.monotonic() + TIMEOUT
    while True:  # until the server knows that they are gone
        try:
            assert style(port) == 200
            break
        except OSError:
            assert time.monotonic() < deadline


def test_connections_that_say_nothing_or_too_little_make_room(
    port: int, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_TIMEOUT", 0.3)
    clients = [connect(port, stack) for _ in range(MOST_CONNECTIONS)]
    for client in clients[::2]:
        client.sendall(b"GET / HTTP/1.1\r\nHost: local")
    for client in clients:
        wait_until_closed(client)
    assert style(port) == 200


def test_a_connection_is_closed_some_time_after_its_last_answer(
    port: int, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_TIMEOUT", 0.3)
    client = connect(port, stack)
    client.sendall(b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n")
    received = b""
    while part := client.recv(100_000):
        received += part
    assert received.startswith(b"HTTP/1.1 200")


def test_a_viewer_is_not_idle(port: int, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_TIMEOUT", 0.0)
    monkeypatch.setattr(application, "is_token", lambda given, token: True)
    client = connect(port, stack)
    client.sendall(
        b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    time.sleep(2.5)  # two looks for idle connections
    assert client.recv(100_000).startswith(b"HTTP/1.1 101")
    assert is_open(client)


@pytest.mark.parametrize("name", ["a" * 300 + ".js", "..%2fserver.py", "index.html%00"])
def test_a_file_that_the_page_does_not_have_is_not_looked_for(port: int, name: str) -> None:
    with pytest.raises(HTTPError) as error:
        urlopen(f"http://127.0.0.1:{port}/{name}", timeout=TIMEOUT)
    assert error.value.code == 404


def test_a_request_without_a_host_asks_nobody_for_a_name(
    port: int, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(name: str = "") -> str:
        raise AssertionError("the loop would wait for an answer")

    monkeypatch.setattr(socket, "getfqdn", look_up)
    client = connect(port, stack)
    client.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert client.recv(1000).startswith(b"HTTP/1.0 403")
