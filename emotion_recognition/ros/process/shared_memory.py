"""The shared memory of Fast DDS: removes what killed processes left, and hides what it holds.

Every process publishes through a segment of its own, the file /dev/shm/fastdds_<16 digits>, in
which its last images stay. It keeps the file <name>_el beside it locked as long as it lives.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from time import time

_FOLDER = Path("/dev/shm")
_LOCK_NAME = re.compile(r"(fast(?:dds|rtps)_[0-9a-f]{16})_el")  # fastrtps: Jazzy
#: Seconds; a process locks its file at once after making it, and must not be met in between.
_LOCKED_AFTER = 5.0


def remove_orphans(folder: Path = _FOLDER) -> int:
    """Removes the segments whose process has died, and returns how many bytes that gave back.

    Those of living processes, of other users and of other libraries stay: the rule of
    `fastdds shm clean`. Unlike that it leaves the ports alone: they are small, hold no images, and
    Fast DDS takes them into use again by itself, perhaps in this moment.
    """
    freed = 0
    for lock in _files(folder):
        match = _LOCK_NAME.fullmatch(lock.name)
        if not match or not _is_orphan(lock):
            continue
        segment = lock.with_name(match[1])
        try:
            size = segment.stat().st_blocks * 512
            segment.unlink()
            lock.unlink()
        except OSError:  # of another user, or removed by somebody else
            continue
        freed += size
    return freed


def hide_own_segments() -> None:
    """Lets no other user read the segments of this process.

    Fast DDS makes them readable to all, whatever the umask. Other users' nodes lose nothing: to
    take an image they would need to write to the segment, which they never could.
    """
    for descriptor in _files(Path("/proc/self/fd")):
        try:
            lock = descriptor.readlink()
            match = _LOCK_NAME.fullmatch(lock.name)
            if match and lock.parent == _FOLDER:
                lock.with_name(match[1]).chmod(0o600)
        except OSError:  # closed meanwhile
            continue


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # another operating system
        return []


def _is_orphan(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            if time() - os.fstat(file.fileno()).st_mtime < _LOCKED_AFTER:
                return False
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # locked, gone, or not ours to read
        return False
    return True
