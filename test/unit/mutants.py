#!/usr/bin/env python3
"""Has mutants of every kind of input read, and tells what became of them.

ROS_DOMAIN_ID=101 scripts/run python test/unit/mutants.py --number 20000
scripts/run python test/unit/mutants.py --kinds jpeg png raw --number 20000

A mutant is an input that was changed where its reader looks: images (mutant_images.py), manifests
and models (mutant_models.py), and, where ROS 2 is there, messages, requests and parameter files
(mutant_messages.py in test/ros). Each must be read or refused with the error that its reader
promises. Ends with 1 if one raised something else or took more than LONGEST seconds, and keeps
those in files. Ctrl-C and SIGTERM end it early, with the figures so far. Where a mutant ends the
process or hangs, the file `last` has its number for --first.
"""

from __future__ import annotations

import argparse
import faulthandler
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import mutant_images
import mutant_models
from mutation import Kind, judge

HANG = 120.0  # seconds without an end of HANG_EVERY mutants after which the program ends itself
HANG_EVERY = 100


def every_kind() -> tuple[Kind, ...]:
    """Those of messages only where ROS 2 is there, and the built messages."""
    kinds = (*mutant_images.KINDS, *mutant_models.kinds())
    if not find_spec("rclpy") or not find_spec("emotion_recognition.msg"):
        return kinds
    sys.path.append(str(Path(__file__).parents[1] / "ros"))
    import mutant_messages

    return (*kinds, *mutant_messages.kinds())


@contextmanager
def silence() -> Iterator[None]:
    """Nothing on standard error: libraries in C say there what they think of each mutant."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--number", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    parser.add_argument("--kinds", nargs="+", help="these alone, by their names in the report")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="mutants_"))
    kinds = [kind for kind in every_kind() if given.kinds is None or kind.name in given.kinds]
    with (folder / "last").open("w") as last, (folder / "traceback").open("w") as traceback:
        faulthandler.enable(file=traceback)

        def begins(index: int) -> None:
            os.pwrite(last.fileno(), b"%d\n" % index, 0)
            if index % HANG_EVERY == 0:
                faulthandler.dump_traceback_later(HANG, exit=True, file=traceback)

        print(f"In {folder}", flush=True)
        with silence():
            report = judge(kinds, given.number, given.seed, given.first, begins)
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
    print(f"{report}; load average {os.getloadavg()[0]:.1f}")
    for which, what, mutant in report.wrong[:100]:
        file = folder / f"{which.replace(' ', '_')}.txt"
        file.write_text(repr(mutant), encoding="utf-8")
        print(f"{which}: {what} ({file})")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
