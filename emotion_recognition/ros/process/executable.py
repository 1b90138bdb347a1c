"""How every node of this package starts, ends, and reports that it cannot run."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Callable
from time import monotonic
from types import FrameType
from typing import Any, Protocol

from emotion_recognition.ros.process.errors import NodeError
from emotion_recognition.ros.process.log_file import without_log_file
from emotion_recognition.ros.process.shared_memory import hide_own_segments, remove_orphans

# OpenBLAS starts a thread for each core when NumPy and OpenCV are imported, one set each, and none
# has work here: the networks do not use it. Whoever sets another number keeps it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# OpenCV would share a resize of half a millisecond among all cores and wait for the last of them:
# a fifth more work, and on cores that others use as well an image took nearly twice as long.
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")

#: What ROS 2 itself brings; a virtual environment without ROS has none of it.
_ROS_PACKAGES = {"rclpy", "rcl_interfaces", "builtin_interfaces", "sensor_msgs", "std_msgs"}


#: What only some executables need.
_OPTIONAL_ROS_PACKAGES = {"hri_msgs"}
#: The same of other libraries, each with the way to get it.
_OPTIONAL_LIBRARIES = {"aiohttp": "apt install python3-aiohttp, or pip install aiohttp"}

#: Seconds after a signal from which on another one insists. Ctrl-C reaches a node twice at once
#: under ros2 launch: from the terminal and from launch.
_PATIENCE = 1.0


class RunnableNode(Protocol):
    """A node that `run` can run. finished: a Future; the node ends when it is done."""

    finished: Any

    def start(self) -> None:
        """Starts the node's threads. The node has its executor by then."""

    def close(self) -> None:
        """Stops the node's threads and destroys it."""


def run(name: str, load: Callable[[], RunnableNode], args: list[str] | None = None) -> int:
    """Runs a node until it finishes or is interrupted, and returns the exit code of the process.

    name: of the node, for its messages. load: imports and makes the node; it is called after
    rclpy.init(). 0 after an interrupt (SIGINT, SIGTERM) or a regular end. 1 with one line on what
    is wrong when it cannot start or go on: NodeError, a bad parameter, a missing module.
    """
    interrupt = _Interruption()
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    exit_code, failure = 0, None
    try:
        exit_code = _run(name, load, args, interrupt)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        failure = error
    finally:
        # As it closes, the interpreter gives handlers back, and a second signal would kill it.
        interrupt.patience = math.inf
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # An interrupt shuts rclpy down at once, and what still wanted it fails: no error of its own.
    # It may fail before Python is told of the signal, at the latest as the handlers are replaced.
    if interrupt.happened:
        return 0
    if failure:
        raise failure
    return exit_code


class _Interrupt(KeyboardInterrupt):
    """A KeyboardInterrupt after which the interpreter does not kill itself.

    When one of exactly that class has passed through an `exec` of text, such as named tuples are
    made of, a program started with -m ends by SIGINT, even if the exception was caught.
    """


class _Interruption:
    """Interrupts what the program does, once at most, when a signal comes and patience is over.

    happened: whether there was a signal. patience: seconds from the first signal until a further
    one interrupts; 0: the first one does, math.inf: none does.
    """

    def __init__(self) -> None:
        self.patience = 0.0
        self._first = math.inf
        self._has_interrupted = False

    @property
    def happened(self) -> bool:
        return self._first < math.inf

    def __call__(self, signal_number: int, frame: FrameType | None) -> None:
        now = monotonic()
        self._first = min(self._first, now)
        if now - self._first >= self.patience and not self._has_interrupted:
            self._has_interrupted = True
            raise _Interrupt


def _run(
    name: str,
    load: Callable[[], RunnableNode],
    args: list[str] | None,
    interrupt: _Interruption,
) -> int:
    try:
        import rclpy
        from rclpy.exceptions import NameValidationException, ParameterException
        from rclpy.executors import ExternalShutdownException
        from rclpy.logging import get_logger

        from emotion_recognition.ros.process.executor import SturdyExecutor
    except ImportError as error:
        return _report_missing(name, error)
    logger = get_logger(name)
    if freed := remove_orphans():
        logger.info(f"Removed {freed / 1e6:.1f} MB of shared memory that killed processes left")
    if log_arguments := without_log_file():
        logger.warning("No log file: its folder cannot be written; ROS_LOG_DIR can name another")
    try:
        rclpy.init(args=[*(sys.argv if args is None else args), *log_arguments])
    except RuntimeError as error:  # what rcl says of wrong arguments
        logger.fatal(str(error))
        return 1
    if interrupt.happened:  # while a module was imported that swallowed the exception
        return 0
    try:
        node = load()
        if not rclpy.ok():  # a signal has shut it down, and an executor cannot be made any more
            node.close()
            return 0
        executor = SturdyExecutor()
        try:
            hide_own_segments()
            executor.add_node(node)
            node.start()
            # rclpy's own handler ends the spinning. In the middle of rclpy an exception would leave
            # handles in use, and the node could not be destroyed.
            interrupt.patience = _PATIENCE
            executor.spin_until(node.finished)
            if node.finished.done():
                node.finished.result()
        finally:
            interrupt.patience = math.inf
            node.close()
            executor.shutdown()
    except ExternalShutdownException:
        pass
    except ImportError as error:
        return _report_missing(name, error)
    except (NodeError, ParameterException, NameValidationException) as error:
        logger.fatal(str(error))
        return 1
    finally:
        rclpy.try_shutdown()
    return 0


def _report_missing(name: str, error: ImportError) -> int:
    module = error.name or ""
    if module.startswith("emotion_recognition."):
        advice = (
            "the messages are not built; build this package with colcon and source "
            "install/setup.bash ('pip install' alone gives the code without the messages)"
        )
    elif module.split(".")[0] in _ROS_PACKAGES:
        advice = "a ROS 2 environment is needed; source its setup.bash, or use 'make demo'"
    elif module.split(".")[0] in _OPTIONAL_ROS_PACKAGES:
        package = module.split(".")[0].replace("_", "-")
        advice = f"install ros-$ROS_DISTRO-{package}, or build it in your workspace"
    else:
        advice = _OPTIONAL_LIBRARIES.get(module.split(".")[0], "install the missing package")
    print(f"{name}: cannot start: {error}: {advice}", file=sys.stderr)
    return 1
