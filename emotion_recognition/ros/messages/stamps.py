"""Every conversion of time between messages and numbers.

A stamp is an int of nanoseconds since the epoch, as exact as its message; a time that has passed is
a float of seconds.
"""

from __future__ import annotations

from builtin_interfaces.msg import Duration
from std_msgs.msg import Header

NANOSECONDS = 1_000_000_000

_LONGEST = Duration(sec=2**31 - 1, nanosec=NANOSECONDS - 1)


def stamp_of(header: Header) -> int:
    """The stamp of a message in nanoseconds since the epoch; 0 without one."""
    return int(header.stamp.sec * NANOSECONDS + header.stamp.nanosec)


def age(stamp: int, now: int) -> float:
    """Seconds from a stamp to now, both in nanoseconds; 0 without a stamp or in the future."""
    return max(0, now - stamp) / NANOSECONDS if stamp else 0.0


def duration_message(seconds: float) -> Duration:
    """seconds: 0 or more; what does not fit the message becomes the longest that does."""
    if seconds >= 2**31:
        return _LONGEST
    whole, nanoseconds = divmod(round(seconds * NANOSECONDS), NANOSECONDS)
    return Duration(sec=whole, nanosec=nanoseconds)


def seconds_of(duration: Duration) -> float:
    """A duration in seconds."""
    return float(duration.sec + duration.nanosec / NANOSECONDS)
