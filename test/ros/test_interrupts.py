"""How a node's process ends: the exit code and the output, whenever a signal comes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2")

PROGRAM = """
import os, signal, sys
from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.process.executable import run

def interrupt():
    os.kill(os.getpid(), signal.SIGINT)

def load():
    import rclpy
    from rclpy.node import Node
    {load}

exit_code = run("some_node", load)
{afterwards}
sys.exit(exit_code)
"""


def end_of(load: str, afterwards: str = "") -> tuple[int, str]:
    """Exit code and error output of a program that runs a node."""
    program = PROGRAM.format(load=load, afterwards=afterwards)
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    "load",
    [
        "interrupt()",
        "interrupt(); interrupt()",
        "os.kill(os.getpid(), signal.SIGTERM)",
        "try: interrupt()\n    except KeyboardInterrupt: Node('some_node')",
        "try: interrupt()\n    except KeyboardInterrupt: raise ImportError('cut short')",
    ],
    ids=["once", "twice", "terminate", "swallowed", "swallowed in an import"],
)
def test_a_signal_during_the_start_ends_it_with_exit_code_0(load: str) -> None:
    exit_code, errors = end_of(load)
    assert exit_code == 0
    assert "Traceback" not in errors


LATE = """
    replace = signal.signal
    def tell_and_replace(number, handler):
        if handler is signal.SIG_IGN:
            os.kill(os.getpid(), number)
        replace(number, handler)
    signal.signal = tell_and_replace
    raise RuntimeError('the given context is not valid')
"""


def test_what_fails_before_a_signal_is_told_is_no_error_of_its_own() -> None:
    assert end_of(LATE) == (0, "")


# A node that is spun.
SPUN = """
    import time
    from rclpy.task import Future
    class Spun(Node):
        def __init__(self):
            super().__init__("some_node")
            self.finished = Future()
            self.create_timer(0.01, self.work)
        def start(self):
            pass
        def work(self):
            {work}
        def close(self):
            self.destroy_node()
            {close}
    return Spun()
"""


def test_what_a_signal_meets_in_a_callback_is_done_before_the_node_ends() -> None:
    work = "interrupt(); time.sleep(0.1); print('done', file=sys.stderr)"
    assert end_of(SPUN.format(work=work, close="")) == (0, "done\n")


def test_a_signal_that_comes_again_later_ends_a_callback_that_hangs() -> None:
    work = "interrupt(); time.sleep(1.1); interrupt(); time.sleep(300)"
    assert end_of(SPUN.format(work=work, close="")) == (0, "")


def test_no_signal_keeps_a_node_from_closing() -> None:
    close = "interrupt(); time.sleep(1.1); interrupt(); print('closed', file=sys.stderr)"
    assert end_of(SPUN.format(work="interrupt()", close=close)) == (0, "closed\n")


# rclpy's own handler shuts it down at once; Python's may come a moment later.
JUST_BEFORE_THE_EXECUTOR = """
    from emotion_recognition.ros.process.executor import SturdyExecutor
    rclpy.shutdown()
    try:
        SturdyExecutor()
    except Exception:
        interrupt()
"""


def test_a_signal_just_before_the_executor_is_made_leaves_nothing_in_the_output() -> None:
    assert end_of(JUST_BEFORE_THE_EXECUTOR) == (0, "")


def test_what_fails_without_a_signal_is_told() -> None:
    exit_code, errors = end_of("raise RuntimeError('a defect')")
    assert exit_code == 1
    assert "RuntimeError: a defect" in errors


def test_a_signal_after_the_end_does_not_kill_the_process() -> None:
    assert end_of("interrupt()", afterwards="interrupt()") == (0, "")


def test_an_error_for_the_user_is_one_line() -> None:
    exit_code, errors = end_of("raise NodeError('no such thing')")
    assert exit_code == 1
    assert "[FATAL]" in errors
    assert errors.rstrip().endswith("[some_node]: no such thing")
    assert "Traceback" not in errors


def test_a_programming_error_keeps_its_traceback() -> None:
    exit_code, errors = end_of("return {}[1]")
    assert exit_code == 1
    assert "KeyError: 1" in errors


def test_wrong_ros_arguments_are_told() -> None:
    command = ["-m", "emotion_recognition.ros.video_source", "--ros-args", "-p", "nonsense"]
    ended = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "Couldn't parse parameter override rule: '-p nonsense'" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_signal_in_executed_text_does_not_kill_a_module_that_has_ended(tmp_path: Path) -> None:
    # Named tuples and data classes are made of text, while modules are imported.
    program = PROGRAM.format(load="exec('interrupt()', globals())", afterwards="")
    (tmp_path / "program.py").write_text(program)
    command = [sys.executable, "-m", "program"]
    ended = subprocess.run(command, cwd=tmp_path, timeout=60, check=False)
    assert ended.returncode == 0
