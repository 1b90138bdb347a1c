"""What a measurement was taken on: the processor, how it was clocked, and the libraries."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from emotion_recognition import __version__

#: Distributions on PyPI, by what they are imported as. apt's OpenCV has none.
_LIBRARIES = {
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "ncnn": ("ncnn",),
    "numpy": ("numpy",),
    "onnxruntime": ("onnxruntime",),
    "torch": ("torch",),
}
#: Bits of the firmware's word on a Raspberry Pi; 16 higher: since it was started.
_THROTTLING = {
    0: "under-voltage",
    1: "frequency capped",
    2: "throttled",
    3: "soft temperature limit",
}
_FIRMWARE = "devices/platform/soc/soc:firmware/get_throttled"


@dataclass(frozen=True)
class Machine:
    """What stays while a benchmark runs. Empty or 0 where the system does not tell.

    memory: bytes. governors: of the processor's clock, each that a core has. frequency: the highest
    of a core in MHz.
    """

    board: str
    processor: str
    architecture: str
    cores: int
    memory: int
    governors: tuple[str, ...]
    frequency: float
    system: str
    versions: dict[str, str]


@dataclass(frozen=True)
class Condition:
    """What changes while a benchmark runs.

    load: runnable processes on average over the last minute. temperature: of the hottest sensor,
    degrees Celsius, None without one. throttling: what slows a Raspberry Pi down at the moment or
    has done since it was started; None on other machines.
    """

    load: float
    temperature: float | None
    throttling: tuple[str, ...] | None


def describe(root: Path = Path("/")) -> Machine:
    """This machine. root: of the file system that the kernel's files are read from."""
    clocks = sorted((root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq"))
    governors = {_text(clock / "scaling_governor") for clock in clocks} - {""}
    frequencies = [float(_text(clock / "cpuinfo_max_freq") or 0) for clock in clocks]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = re.search(r"^MemTotal: *(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    return Machine(
        board=_text(root / "proc/device-tree/model"),
        processor=_processor(_text(root / "proc/cpuinfo")),
        architecture=platform.machine(),
        cores=cores or 1,
        memory=int(memory[1]) * 1024 if memory else 0,
        governors=tuple(sorted(governors)),
        frequency=max(frequencies, default=0.0) / 1000,
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        versions=_versions(),
    )


def condition(root: Path = Path("/")) -> Condition:
    """How this machine is at the moment."""
    zones = (root / "sys/class/thermal").glob("thermal_zone*/temp")
    temperatures = [
        int(text) / 1000 for zone in zones if (text := _text(zone)).lstrip("-").isdigit()
    ]
    return Condition(
        load=os.getloadavg()[0],
        temperature=max(temperatures, default=None),
        throttling=_throttling(root),
    )


def throttling_of(word: int) -> tuple[str, ...]:
    """What the firmware's word says, in words."""
    now = [name for bit, name in _THROTTLING.items() if word >> bit & 1]
    earlier = [
        f"{name} since it was started"
        for bit, name in _THROTTLING.items()
        if word >> (bit + 16) & 1 and name not in now
    ]
    return (*now, *earlier)


def _throttling(root: Path) -> tuple[str, ...] | None:
    if word := _text(root / "sys" / _FIRMWARE):
        return throttling_of(int(word, 16))
    if root == Path("/") and (command := shutil.which("vcgencmd")):
        answer = subprocess.run(
            [command, "get_throttled"], capture_output=True, text=True, check=False, timeout=10
        )
        if found := re.fullmatch(r"throttled=(0x[0-9a-fA-F]+)", answer.stdout.strip()):
            return throttling_of(int(found[1], 16))
    return None


def _processor(cpuinfo: str) -> str:
    """As x86-64 names it; Arm gives the numbers of implementer and part."""
    if found := re.search(r"^model name\s*: *(.+)", cpuinfo, re.MULTILINE):
        return found[1]
    part = re.search(r"^CPU part\s*: *(\w+)", cpuinfo, re.MULTILINE)
    cores = {"0xd03": "Cortex-A53", "0xd08": "Cortex-A72", "0xd0b": "Cortex-A76"}
    return cores.get(part[1], f"Arm, part {part[1]}") if part else platform.processor()


def _versions() -> dict[str, str]:
    versions = {"emotion_recognition": __version__, "python": platform.python_version()}
    for module, names in _LIBRARIES.items():
        for name in names:
            try:
                versions[module] = metadata.version(name)
                break
            except metadata.PackageNotFoundError:
                continue
    if "cv2" not in versions:
        import cv2

        versions["cv2"] = cv2.__version__
    return versions


def _text(path: Path) -> str:
    """A small file of the kernel's; empty if there is none, or it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""
