"""How well the node does its work: the rules behind its diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from emotion_recognition.ros.diagnostics.activity import Activity
from emotion_recognition.ros.stream.frame_counts import FrameCounts
from emotion_recognition.ros.stream.stream_watch import StreamState
from emotion_recognition.ros.stream.worker import HUNG

#: Seconds of latency (95 %) above which a robot's answer no longer seems to be one.
LATE = 0.5

#: The share of the images that may be lost, or dropped because the node is busy. Dropping is how it
#: keeps up with a fast camera: with Table I a Raspberry Pi 3 is predicted to drop 0.7 at 30 Hz.
#: Beyond, less than every fourth image is seen, and faces are no longer followed well.
DROPPED = 0.75


class Level(IntEnum):
    """The levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True)
class Health:
    """All that the verdict depends on.

    state: of the lifecycle. failure: why the last transition failed, if it did. topic: of the
    images. stream: whether they come. silence: seconds since the last. activity: of the last
    seconds. busy: seconds that the image being worked on has taken. namesakes: other nodes of the
    same name.
    """

    state: str
    failure: str
    topic: str
    stream: StreamState
    silence: float
    activity: Activity
    busy: float = 0.0
    namesakes: int = 0


def verdict(health: Health) -> tuple[Level, str]:
    """The level and what to say; the first rule that applies.

    ERROR: a transition failed; the work on an image hangs; the stream has stalled; images come, but
    none could be answered.
    STALE: the node is not active, or waits for the first image: there is nothing to judge yet.
    WARN, in the last 10 seconds: images were rejected, failed or were too old; stamps stood still
    or went back; the latency is high; most images were dropped. WARN also: another node has the
    same name. OK: none of these.
    """
    counts = health.activity.counts
    if health.failure:
        return Level.ERROR, health.failure
    if health.state != "active":
        return Level.STALE, f"Not active, but {health.state}"
    if health.busy >= HUNG:
        return Level.ERROR, f"One image has been worked on for {health.busy:.1f} s"
    if health.stream is StreamState.STALLED:
        return Level.ERROR, f"No image on '{health.topic}' for {health.silence:.1f} s"
    if health.stream is StreamState.WAITING:
        return Level.STALE, f"Waiting for the first image on '{health.topic}'"
    if not counts.answered and counts.rejected + counts.failed + counts.outdated:
        return Level.ERROR, f"No image could be used: {'; '.join(_complaints(health))}"
    complaints = _complaints(health)
    if complaints:
        return Level.WARN, "; ".join(complaints)
    return Level.OK, "Answering images"


def figures(health: Health, totals: FrameCounts) -> dict[str, str]:
    """What the verdict is founded on, by name. totals: since the start."""
    activity = health.activity
    values = {
        "state": health.state,
        "rate (Hz)": f"{activity.rate:.1f}",
        "latency p50 (ms)": f"{activity.latency(50) * 1000:.0f}",
        "latency p95 (ms)": f"{activity.latency(95) * 1000:.0f}",
        "received": totals.received,
        "answered": totals.answered,
        "lost (transport)": totals.lost,
        "dropped (busy)": totals.dropped,
        "dropped (max_rate)": totals.skipped,
        "dropped (max_age)": totals.outdated,
        "failed": totals.failed,
        "rejected": totals.rejected,
        "repeated stamps": totals.repeated,
        "jumps back in time": totals.jumps,
    }
    return {name: str(value) for name, value in values.items()}


def _complaints(health: Health) -> list[str]:
    counts, late = health.activity.counts, health.activity.latency(95)
    unseen, sent = counts.dropped + counts.lost, counts.received + counts.lost
    found = {
        f"{counts.failed} images failed, see the log": counts.failed,
        f"{counts.rejected} images rejected": counts.rejected,
        f"{counts.outdated} images older than max_age": counts.outdated,
        f"{counts.repeated} stamps repeated": counts.repeated,
        f"{counts.jumps} stamps jumped back": counts.jumps,
        f"latency {late:.1f} s: too slow, or the camera's clock differs": late > LATE,
        f"{unseen} of {sent} images dropped or lost: more than the node can take": unseen
        > DROPPED * sent,
        f"{health.namesakes} other nodes of the same name": health.namesakes,
    }
    return [complaint for complaint, applies in found.items() if applies]
