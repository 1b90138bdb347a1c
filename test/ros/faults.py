#!/usr/bin/env python3
"""Does to emotion_node what happens to robots, and tells how often it came through.

ROS_DOMAIN_ID=101 scripts/run python test/ros/faults.py                # all
ROS_DOMAIN_ID=101 scripts/run python test/ros/faults.py signals --times 200

Those with a file system of their own (full, read-only) need root. Ends with 1 if anything failed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from conftest import Peer
from conversation import READY, Lifecycle, Parameters
from fault_bench import Bench, Outcome
from lifecycles import Usage
from machine_faults import (
    cpu_starved,
    disk_full,
    home_read_only,
    shared_memory_full,
    weights_damaged,
)

from emotion_recognition.msg import FaceEmotionArray

IN_FLIGHT = 5  # requests that wait for their answers at most
END_WITHIN = 2.0  # seconds from a signal to the end of the process


def publisher_killed(bench: Bench, times: int) -> Outcome:
    """A camera driver is killed and started again."""
    outcome = Outcome()
    with bench.start() as node:
        node.wait_for_log(READY)
        for number in range(times):
            with bench.camera(width=320) as camera:
                answered = bench.is_answered()
                camera.process.kill()
                camera.process.wait()
            outcome.check(answered, f"no answers to camera {number + 1}")
        outcome.check(node.stop() == 0, "exit code")
    return outcome


def publisher_stopped(bench: Bench, times: int) -> Outcome:
    """A camera driver is stopped for two seconds, and continued."""
    outcome = Outcome()
    with bench.start() as node, bench.camera(width=320) as camera:
        node.wait_for_log(READY)
        for number in range(times):
            outcome.check(bench.is_answered(), f"no answers before stop {number + 1}")
            camera.process.send_signal(signal.SIGSTOP)
            time.sleep(2.0)
            camera.process.send_signal(signal.SIGCONT)
        outcome.check(bench.is_answered(), "no answers after the last stop")
        outcome.check("No image on" in node.log, "the silence was not told")
        outcome.check(node.stop() == 0, "exit code")
    return outcome


def two_publishers(bench: Bench, times: int) -> Outcome:
    """Two cameras of different size and encoding publish on one topic."""
    outcome = Outcome()
    with (
        bench.start() as node,
        bench.camera(width=320, height=240, ros_args=["-r", "__node:=one"]),
        bench.camera(width=160, height=120, encoding="mono8", ros_args=["-r", "__node:=two"]),
    ):
        answers = bench.peer.subscribe(FaceEmotionArray, "emotions")
        node.wait_for_log(READY)
        wanted = 20 * times
        try:
            answers.wait_for(lambda _: len(answers.all) >= wanted)
        except AssertionError as error:
            outcome.failures.append(str(error))
        sizes = {(answer.image_width, answer.image_height) for answer in answers.all}
        outcome.check(sizes == {(320, 240), (160, 120)}, f"sizes {sizes}")
        bench.peer.unsubscribe(answers)
        outcome.check(node.stop() == 0, "exit code")
        outcome.check("Traceback" not in node.log, "a traceback")
        outcome.times = len(answers.all)
    return outcome


def signals(bench: Bench, times: int) -> Outcome:
    """SIGINT or SIGTERM at a random moment from the installation of the handlers on."""
    outcome, chance, waits = Outcome(), random.Random(0), []
    longest = 4.0
    for number in range(times):
        with bench.start() as node:
            pid = node.process.pid
            while not catches(pid, signal.SIGINT) or not catches(pid, signal.SIGTERM):
                if node.process.poll() is not None:
                    break
                time.sleep(0.001)
            moment = chance.uniform(0, longest)
            time.sleep(moment)
            kind = chance.choice([signal.SIGINT, signal.SIGTERM])
            started = time.monotonic()
            code = node.stop(kind)
            waits.append(time.monotonic() - started)
            outcome.check(
                code == 0 and waits[-1] < END_WITHIN and "Traceback" not in node.log,
                f"number {number + 1}: {kind.name} after {moment:.2f} s, exit code {code} after "
                f"{waits[-1]:.2f} s more: {node.log[-600:]}",
            )
    p50, p95, most = np.percentile(waits, [50, 95, 100])
    outcome.remark = f"ended after {p50:.2f} s (p50), {p95:.2f} s (p95), {most:.2f} s (most)"
    return outcome


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return bool(int(status.split("SigCgt:")[1].split()[0], 16) >> (number - 1) & 1)


def transitions(bench: Bench, times: int) -> Outcome:
    """Transitions of the lifecycle while images come."""
    outcome = Outcome()
    words = ("configure", "activate", "deactivate", "cleanup")
    with bench.start(autostart=False) as node, bench.camera(width=320):
        lifecycle = Lifecycle(bench.peer)
        usage = None
        for number in range(times):
            word = words[number % 4]
            outcome.check(lifecycle.change(word), f"{word}, number {number + 1}")
            if number % 4 == 3 and number >= 40:
                usage = usage or Usage.of(node.process.pid)
        last = Usage.of(node.process.pid)
        outcome.check(node.stop() == 0, "exit code")
        if usage:
            outcome.remark = (
                f"{last.megabytes - usage.megabytes:+.0f} MB, {last.threads - usage.threads:+} "
                f"threads, {last.files - usage.files:+} files since the first ten"
            )
    return outcome


def parameters(bench: Bench, times: int) -> Outcome:
    """Parameters are set 50 times a second while images come."""
    outcome = Outcome()
    with bench.start() as node, bench.camera(width=320):
        node.wait_for_log(READY)
        client = Parameters(bench.peer)
        assert client.set("max_rate", 0.0).successful  # it knows the client by now
        waiting: deque[tuple[str, float, Callable[[], Any]]] = deque()

        def check_oldest() -> None:
            name, value, result = waiting.popleft()
            said = result()
            outcome.check(said.successful is (value != -1.0), f"{name} = {value}: {said}")

        started = time.monotonic()
        for number in range(times):
            name, value = [
                ("score_threshold", 0.3 + number % 5 / 10),
                ("tracking.birth_hits", 1 + number % 5),
                ("max_rate", float(20 + number % 20)),
                ("max_rate", -1.0),
            ][number % 4]
            waiting.append((name, value, client.begin_to_set(name, value)))
            if len(waiting) == IN_FLIGHT:
                check_oldest()
            time.sleep(max(0.0, started + number / 50 - time.monotonic()))
        while waiting:
            check_oldest()
        rate = times / (time.monotonic() - started)
        outcome.check(bench.is_answered(), "no answers afterwards")
        outcome.check(node.stop() == 0, "exit code")
        outcome.remark = f"{rate:.0f} a second"
    return outcome


def answers(bench: Bench, times: int) -> Outcome:
    """None: a camera is answered. For others to run where something is amiss."""
    outcome = Outcome()
    for number in range(times):
        with bench.start() as node, bench.camera(width=640, height=480):
            node.wait_for_log(READY)
            outcome.check(bench.is_answered(), f"no answers, start {number + 1}:\n{node.log}")
            outcome.check(node.stop() == 0, "exit code")
            outcome.check("Traceback" not in node.log, "a traceback")
    return outcome


def subscriber_that_never_reads(bench: Bench, times: int) -> Outcome:
    """Subscribers, as reliable as any, that take no message: the others get theirs."""
    outcome = Outcome()
    program = (
        "import sys, time, rclpy; from rclpy.qos import QoSProfile; "
        "from emotion_recognition.msg import FaceEmotionArray; rclpy.init(); "
        "n = rclpy.create_node('deaf'); "
        "n.create_subscription(FaceEmotionArray, 'emotions', print, QoSProfile(depth=1000)); "
        "print('deaf', flush=True); time.sleep(600)"
    )
    with bench.start() as node, bench.camera(width=320):
        node.wait_for_log(READY)
        deaf = [
            subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
            for _ in range(3)
        ]
        try:
            for process in deaf:
                assert process.stdout
                process.stdout.readline()
            before = Usage.of(node.process.pid)
            for number in range(times):
                outcome.check(bench.is_answered(), f"no answers, second {number}")
            last = Usage.of(node.process.pid)
            outcome.remark = f"{last.megabytes - before.megabytes:+.1f} MB"
        finally:
            for process in deaf:
                process.kill()
                process.wait()
        outcome.check(node.stop() == 0, "exit code")
    return outcome


#: The faults by name, with how many times by default.
FAULTS: dict[str, tuple[Callable[[Bench, int], Outcome], int]] = {
    "publisher_killed": (publisher_killed, 10),
    "publisher_stopped": (publisher_stopped, 10),
    "two_publishers": (two_publishers, 20),
    "signals": (signals, 200),
    "transitions": (transitions, 500),
    "parameters": (parameters, 1000),
    "answers": (answers, 3),
    "home_read_only": (home_read_only, 3),
    "disk_full": (disk_full, 3),
    "shared_memory_full": (shared_memory_full, 3),
    "subscriber_that_never_reads": (subscriber_that_never_reads, 20),
    "cpu_starved": (cpu_starved, 10),
    "weights_damaged": (weights_damaged, 3),
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("faults", nargs="*", choices=[[], *FAULTS], help="by default all")
    parser.add_argument("--times", type=int, help="by default as docs/reliability.md has it")
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp())
    os.environ.setdefault("ROS_LOG_DIR", str(folder))
    peer, failed = Peer(), False
    try:
        bench = Bench(peer, folder)
        for name in given.faults or FAULTS:
            fault, times = FAULTS[name]
            started = time.monotonic()
            try:
                outcome = fault(bench, given.times or times)
            except AssertionError as error:
                outcome = Outcome(failures=[f"cut short: {str(error)[-500:]}"])
            failed = failed or bool(outcome.failures)
            load, seconds = os.getloadavg()[0], time.monotonic() - started
            print(f"{name}: {outcome} ({seconds:.0f} s, load average {load:.1f})", flush=True)
    finally:
        peer.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
