"""Two hosts on one machine: networks and shared memory of their own, joined by a virtual cable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

CABLE = "cable0"


class NoHostsError(RuntimeError):
    """This machine does not permit them; the message says why."""


class Host:
    """A network namespace, and a /dev/shm in which DDS cannot meet the processes of others."""

    def __init__(self, address: str) -> None:
        self.address = address
        script = "mount -t tmpfs tmpfs /dev/shm && echo made && exec sleep infinity"
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout
        assert self._holder.stderr
        if not self._holder.stdout.readline():
            raise NoHostsError(self._holder.stderr.read().strip())

    @property
    def pid(self) -> str:
        return str(self._holder.pid)

    @property
    def python(self) -> list[str]:
        """The interpreter on this host."""
        return ["nsenter", "--target", self.pid, "--net", "--mount", sys.executable]

    @property
    def received_bytes(self) -> int:
        """All that has come through the cable so far, with every header."""
        lines = Path(f"/proc/{self.pid}/net/dev").read_text(encoding="ascii").splitlines()
        (figures,) = (line.split(":")[1] for line in lines if line.strip().startswith(CABLE))
        return int(figures.split()[0])

    def ip(self, *arguments: str) -> None:
        command = ["nsenter", "--target", self.pid, "--net", "ip", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoHostsError(done.stderr.strip())

    def plug_in(self) -> None:
        """Brings this end of the cable up."""
        self.ip("addr", "add", f"{self.address}/24", "dev", CABLE)
        for device in ("lo", CABLE):
            self.ip("link", "set", device, "up")
        self.ip("route", "add", "224.0.0.0/4", "dev", CABLE)  # discovery is by multicast

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()


class BadLink:
    """A cable that loses packets and takes its time; see bad_link.py."""

    def __init__(self, one: Host, other: Host) -> None:
        script = str(Path(__file__).with_name("bad_link.py"))
        self._process = subprocess.Popen(
            [sys.executable, script, CABLE, one.pid, other.pid],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._await()

    def set(self, loss: float, delay: float) -> None:
        """loss: share of the packets, in [0, 1). delay: seconds each way."""
        assert self._process.stdin
        self._process.stdin.write(f"{loss} {delay}\n")
        self._process.stdin.flush()
        self._await()

    def _await(self) -> None:
        assert self._process.stdout
        if not self._process.stdout.readline():
            assert self._process.stderr
            raise NoHostsError(self._process.stderr.read().strip())

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


def virtual_cable(one: Host, other: Host) -> None:
    """A cable that the kernel provides, without a fault."""
    peer = ("peer", "name", CABLE, "netns", other.pid)
    one.ip("link", "add", "name", CABLE, "type", "veth", *peer)


@contextmanager
def two_hosts(
    cable: Callable[[Host, Host], object] = virtual_cable,
) -> Iterator[tuple[Host, Host]]:
    """Raises NoHostsError where they cannot be made. They vanish at the end with all in them.

    cable: what joins them, by devices of the name CABLE.
    """
    if os.geteuid():
        raise NoHostsError("only root may make network namespaces")
    if missing := [tool for tool in ("ip", "unshare", "nsenter") if not shutil.which(tool)]:
        raise NoHostsError(f"needs {', '.join(missing)}")
    hosts: list[Host] = []
    try:
        hosts += [Host("10.93.0.1")]
        hosts += [Host("10.93.0.2")]
        one, other = hosts
        cable(one, other)
        for host in hosts:
            host.plug_in()
        yield one, other
    finally:
        for host in hosts:
            host.close()


@contextmanager
def two_hosts_apart() -> Iterator[tuple[Host, Host, BadLink]]:
    """Two hosts, and the link between them, which has no fault until it is set."""
    links: list[BadLink] = []
    try:
        with two_hosts(lambda one, other: links.append(BadLink(one, other))) as (one, other):
            yield one, other, links[0]
    finally:
        for link in links:
            link.close()
