"""The connections of a server: few, and none that asks for nothing.

Whoever is on the network can open one, without a token; each takes a file, of which a process has
a limited number.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic

#: The address of this machine that only this machine can reach.
LOCAL = "127.0.0.1"
#: At the same time: room for all viewers, and for what their pages are loaded with.
MOST_CONNECTIONS = 64
#: Seconds that one may stay open without a request being answered on it.
IDLE_TIMEOUT = 10.0
#: That may wait to be accepted, and that are accepted or refused at once.
BACKLOG = 16


class Connections:
    """Those that are open, each with since when it has been idle. For one event loop."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[socket.socket, float]] = {}

    def admit(self, connection: socket.socket) -> bool:
        """Takes a new one, unless there are as many as there may be."""
        self._forget_closed()
        if len(self._open) >= MOST_CONNECTIONS:
            return False
        self._open[connection.fileno()] = connection, monotonic()
        return True

    @contextmanager
    def busy(self, file_number: int) -> Iterator[None]:
        """While a request is answered on the connection with this file, it is not idle."""
        known = self._open.get(file_number)
        if known is None:
            yield
            return
        connection = known[0]
        self._open[file_number] = connection, math.inf
        try:
            yield
        finally:
            if connection.fileno() == file_number:
                self._open[file_number] = connection, monotonic()

    def close_idle(self) -> None:
        """Ends those that have been idle for too long."""
        self._forget_closed()
        now = monotonic()
        for connection, idle_since in self._open.values():
            if now - idle_since > IDLE_TIMEOUT:
                with suppress(OSError):  # it has just ended
                    connection.shutdown(socket.SHUT_RDWR)  # the loop sees that, and closes it

    def _forget_closed(self) -> None:
        self._open = {
            number: (connection, idle_since)
            for number, (connection, idle_since) in self._open.items()
            if connection.fileno() == number
        }


class ListeningSocket(socket.socket):
    """Accepts what `connections` admits, and closes all else at once.

    port: 0 for any that is free. is_open: to the network; otherwise only to this machine. Raises
    OSError if that cannot be.
    """

    def __init__(self, port: int, is_open: bool, connections: Connections) -> None:
        both = is_open and socket.has_dualstack_ipv6()
        made = socket.create_server(
            ("" if is_open else LOCAL, port),
            family=socket.AF_INET6 if both else socket.AF_INET,
            dualstack_ipv6=both,
        )
        super().__init__(fileno=made.detach())
        self.setblocking(False)
        self._connections = connections

    def accept(self) -> tuple[socket.socket, object]:
        """As that of a socket. Raises BlockingIOError where there is none to accept now."""
        for _ in range(BACKLOG):
            connection, address = super().accept()
            if self._connections.admit(connection):
                return connection, address
            connection.close()
        raise BlockingIOError
