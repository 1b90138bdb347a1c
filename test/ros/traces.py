"""What a process opens for writing and whom it sends to, as strace sees it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

CALLS = "trace=connect,sendto,sendmsg,sendmmsg,open,openat,creat"


def can_trace() -> bool:
    """Whether strace is there, and the permission to use it."""
    command = ["strace", "--seccomp-bpf", "-f", "-e", CALLS, "-o/dev/null", "true"]
    return bool(shutil.which("strace")) and not subprocess.run(command, check=False).returncode


def tracing_python(file: Path) -> list[str]:
    """An interpreter whose calls go to a file; it is the process that is started, not strace."""
    strace = ["strace", "-D", "-f", "--seccomp-bpf", "-o", str(file), "-e", CALLS]
    return [*strace, sys.executable, "-B"]


class Trace:
    """What the file says."""

    def __init__(self, file: Path) -> None:
        calls = file.read_text(errors="replace")
        sent = r"(?:connect|send\w+)\([^\n]*?"
        #: Ports over which something was sent, and addresses.
        self.ports = {int(port) for port in re.findall(sent + r"htons\((\d+)\)", calls)}
        self.addresses = set(re.findall(sent + r'(?:inet_addr\(|AF_INET6, )"([^"]+)"', calls))
        written = re.findall(r'open\w*\(.*?"([^"]+)", O_(?:WRONLY|RDWR).*\) = \d', calls)
        #: Files that were opened for writing.
        self.written = {*written, *re.findall(r'creat\("([^"]+)".*\) = \d', calls)}
