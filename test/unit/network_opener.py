"""Opens networks in a process of its own, which may not survive it.

A file that fits its manifest's hash is trusted, and runtimes trust it too: what somebody has made
of it can end the process. Run as a program it opens what it is asked to, a line each.
"""

from __future__ import annotations

import json
import resource
import select
import signal
import subprocess
import sys
from pathlib import Path

TIMEOUT = 30.0  # seconds for one network
MEMORY = 8 << 30  # bytes of address space; what asks for more is refused by the system


class NetworkOpener:
    """Opens one network after the other; begins a new process when the last one ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def open(self, kind: str, name: str, root: Path, backend: str) -> str:
        """The outcome: `runs`, the name of an error, the signal that ended it, or `hangs`."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        process = self._process
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([kind, name, str(root), backend]) + "\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], TIMEOUT)[0]:
            process.kill()
            process.wait()
            return "hangs"
        if answer := process.stdout.readline().strip():
            return answer
        code = process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.communicate()


def main() -> None:
    """Reads lines of JSON: kind, name, root and backend; writes the outcome of each."""
    from emotion_recognition.backends import open_model
    from emotion_recognition.core.errors import ModelError
    from emotion_recognition.core.manifest import read_manifest

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin:
        kind, name, root, backend = json.loads(line)
        try:
            open_model(read_manifest(kind, name, Path(root)), backend, threads=1)
            outcome = "runs"
        except ModelError:
            outcome = "ModelError"
        except BaseException as error:
            outcome = f"raises {type(error).__name__}"
        print(outcome, flush=True)


if __name__ == "__main__":
    main()
