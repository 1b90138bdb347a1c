"""Events of the core to messages."""

from __future__ import annotations

from collections.abc import Iterable

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from emotion_recognition.core.following.events import FaceEvent
from emotion_recognition.msg import FaceEmotionEvent, FaceEmotionEventArray
from emotion_recognition.ros.messages.stamps import NANOSECONDS, duration_message


def event_message(event: FaceEvent, frame_id: str) -> FaceEmotionEvent:
    """The message for `emotion_events`. frame_id: of the camera."""
    return FaceEmotionEvent(
        header=Header(stamp=_time(event.time), frame_id=frame_id),
        kind=int(event.kind),
        track_id=event.track_id,
        emotion=event.emotion.id,
        label=event.emotion.label,
        since=_time(event.since),
        duration=duration_message(event.duration),
    )


def ongoing_message(events: Iterable[FaceEvent], time: int, frame_id: str) -> FaceEmotionEventArray:
    """The message for `emotion_events/ongoing`. time: of the last image, in nanoseconds."""
    return FaceEmotionEventArray(
        header=Header(stamp=_time(time), frame_id=frame_id),
        events=[event_message(event, frame_id) for event in events],
    )


def _time(stamp: int) -> Time:
    seconds, nanoseconds = divmod(stamp, NANOSECONDS)
    return Time(sec=seconds, nanosec=nanoseconds)
