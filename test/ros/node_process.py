"""Nodes in processes of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

TIMEOUT = 60.0  # seconds; generous, because a busy machine is no failure
CLOSING_TIMEOUT = 10.0  # seconds that a node gets to end when its test is over


class NodeProcess:
    """Runs `python COMMAND --ros-args ...`; its output goes to a file that is read.

    command: the arguments of the interpreter: a script, or -m and a module. ros_args: whatever is
    no parameter. python: the interpreter, and what is to run it.
    """

    def __init__(
        self,
        command: list[str],
        log: Path,
        ros_args: Sequence[str] = (),
        python: Sequence[str] = (sys.executable,),
        **parameters: object,
    ) -> None:
        self._log = log
        arguments = [f"-p{name}:={value}" for name, value in parameters.items()]
        ros_arguments = [word for argument in arguments for word in (argument[:2], argument[2:])]
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [*python, *command, "--ros-args", *ros_args, *ros_arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait_for_log(self, text: str) -> None:
        """Waits until the node has logged a text."""
        deadline = time.monotonic() + TIMEOUT
        while text not in self.log:
            assert self.process.poll() is None, f"the node ended before '{text}':\n{self.log}"
            assert time.monotonic() < deadline, f"no '{text}' in:\n{self.log}"
            time.sleep(0.02)

    def stop(self, *signals: signal.Signals) -> int:
        """Sends the signals (by default one Ctrl-C) and returns the exit code."""
        for number in signals or (signal.SIGINT,):
            self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit code, once the node has ended."""
        return self.process.wait(TIMEOUT)

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is not None:
            return
        # A killed node leaves its shared memory behind, 32 MB of RAM each with this transport.
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(CLOSING_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
