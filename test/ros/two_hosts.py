"""Two hosts on one machine: networks and shared memory of their own, joined by a virtual cable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
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
        self.ip("addr", "add", f"{self.address}/24", "dev", CABLE)
        for device in ("lo", CABLE):
            self.ip("link", "set", device, "up")
        self.ip("route", "add", "224.0.0.0/4", "dev", CABLE)  # discovery is by multicast

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()


@contextmanager
def two_hosts() -> Iterator[tuple[Host, Host]]:
    """Raises NoHostsError where they cannot be made. They vanish at the end with all in them."""
    if os.geteuid():
        raise NoHostsError("only root may make network namespaces")
    if missing := [tool for tool in ("ip", "unshare", "nsenter") if not shutil.which(tool)]:
        raise NoHostsError(f"needs {', '.join(missing)}")
    hosts: list[Host] = []
    try:
        hosts += [Host("10.93.0.1")]
        hosts += [Host("10.93.0.2")]
        one, other = hosts
        peer = ("peer", "name", CABLE, "netns", other.pid)
        one.ip("link", "add", "name", CABLE, "type", "veth", *peer)
        for host in hosts:
            host.plug_in()
        yield one, other
    finally:
        for host in hosts:
            host.close()
