"""Training commands, each in a process of its own that need not import torch once more."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
from pathlib import Path

import torch

NETS = ("detector", "default_detector", "landmarker", "classifier")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([f"emotion_recognition.training.train_{net}" for net in NETS])


def train(net: str, *arguments: object, killed: bool = False) -> int | None:
    """Runs train_<net> with arguments; its exit code.

    killed: the process gets SIGKILL as soon as it has left a checkpoint.
    """
    process = _context.Process(target=_train, args=(net, list(map(str, arguments)), killed))
    process.start()
    process.join()
    return process.exitcode


def _train(net: str, arguments: list[str], killed: bool) -> None:
    torch.set_num_threads(1)
    if killed:
        _die_after_first_checkpoint()
    sys.argv = [f"train_{net}", *arguments]
    importlib.import_module(f"emotion_recognition.training.train_{net}").main()


def _die_after_first_checkpoint() -> None:
    rename = Path.replace

    def rename_and_die(self: Path, target: Path) -> Path:
        result = rename(self, target)
        if self.name == "checkpoint.partial":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Path.replace = rename_and_die  # type: ignore[method-assign]
