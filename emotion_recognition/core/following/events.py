"""What begins and what ends with the faces of one camera: events out of answers to images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from emotion_recognition.core.following.track_memory import FORGET_AFTER
from emotion_recognition.core.types import UNKNOWN, Emotion, Face

_SECOND = 1_000_000_000
# As a FaceFollower does, which then gives new ids.
_LONGEST_GAP = round(FORGET_AFTER * _SECOND)


class EventKind(IntEnum):
    """As in FaceEmotionEvent.msg."""

    APPEARED = 0
    EMOTION_BEGAN = 1
    EMOTION_ENDED = 2
    LEFT = 3


@dataclass(frozen=True)
class FaceEvent:
    """Something that began or ended with one face.

    emotion: UNKNOWN of APPEARED and LEFT. since: the image in which it began. until: of what ended,
    the image that brought another emotion, or the last one that showed the face; of what began, the
    image up to which it is known to be so. time: the image that brought the event. All three are
    stamps of images in nanoseconds.
    """

    kind: EventKind
    track_id: int
    emotion: Emotion
    since: int
    until: int
    time: int

    @property
    def duration(self) -> float:
        """Seconds that it lasted, or lasts, >= 0."""
        return (self.until - self.since) / _SECOND


@dataclass
class _Presence:
    """A face that is there. Times are stamps; emotion: UNKNOWN while it shows none."""

    since: int
    last_seen: int
    emotion: Emotion = UNKNOWN
    emotion_since: int = 0


class FaceEvents:
    """Tells each beginning and each end once, in balance.

    A face is there from the image in which it has a track id until images have lacked it for
    `gone_after` seconds. Its emotion is the one that is published, as late as smoothing makes it;
    it ends with the next one, with `unknown`, and with the face. Where stamps go back, or leave out
    more than 10 s, all that was true ends, and what is seen then begins.

    gone_after: can be assigned at any time, by any thread; all else is for one thread at a time.
    """

    def __init__(self, gone_after: float = 1.0) -> None:
        self.gone_after = gone_after
        self._present: dict[int, _Presence] = {}
        self._time = 0

    def update(self, faces: Sequence[Face], time: int) -> list[FaceEvent]:
        """What an image changes: ends first, then what begins, in the order of the faces.

        faces: all of it, from a FaceFollower. time: its stamp in nanoseconds.
        """
        if self._time <= time <= self._time + _LONGEST_GAP:
            events = []
        else:
            events = self._leave(list(self._present), time)
        self._time = time
        seen = {face.track_id: face for face in faces if face.track_id}
        limit = time - self.gone_after * _SECOND
        events += self._leave(
            [
                track_id
                for track_id, presence in self._present.items()
                if track_id not in seen and presence.last_seen < limit
            ],
            time,
        )
        for track_id, face in seen.items():
            events += self._see(track_id, face.emotion)
        return sorted(events, key=lambda event: event.kind in _BEGINNINGS)

    @property
    def anyone(self) -> bool:
        """Whether somebody is there."""
        return bool(self._present)

    def end(self) -> list[FaceEvent]:
        """Ends all that is true, as when no more images come: as of the last image."""
        return self._leave(list(self._present), self._time)

    def ongoing(self) -> list[FaceEvent]:
        """What has begun and not ended, in the order of its beginning, up to the last image."""
        began = []
        for track_id, presence in self._present.items():
            since, until = presence.since, presence.last_seen
            began.append(self._event(EventKind.APPEARED, track_id, UNKNOWN, since, until))
            if presence.emotion != UNKNOWN:
                emotion, since = presence.emotion, presence.emotion_since
                began.append(self._event(EventKind.EMOTION_BEGAN, track_id, emotion, since, until))
        return sorted(began, key=lambda event: (event.since, event.kind))

    def _see(self, track_id: int, emotion: Emotion) -> list[FaceEvent]:
        events, now = [], self._time
        presence = self._present.get(track_id)
        if presence is None:
            presence = self._present[track_id] = _Presence(now, now)
            events.append(self._event(EventKind.APPEARED, track_id, UNKNOWN, now, now))
        presence.last_seen = now
        if emotion.id != presence.emotion.id:
            events += self._end_emotion(track_id, presence, now, now)
            presence.emotion, presence.emotion_since = emotion, now
            if emotion.id != UNKNOWN.id:
                events.append(self._event(EventKind.EMOTION_BEGAN, track_id, emotion, now, now))
        return events

    def _leave(self, track_ids: Sequence[int], time: int) -> list[FaceEvent]:
        events = []
        for track_id in track_ids:
            presence = self._present.pop(track_id)
            until = presence.last_seen
            events += self._end_emotion(track_id, presence, until, time)
            left = FaceEvent(EventKind.LEFT, track_id, UNKNOWN, presence.since, until, time)
            events.append(left)
        return events

    @staticmethod
    def _end_emotion(track_id: int, presence: _Presence, until: int, time: int) -> list[FaceEvent]:
        if presence.emotion.id == UNKNOWN.id:
            return []
        return [
            FaceEvent(
                EventKind.EMOTION_ENDED,
                track_id,
                presence.emotion,
                presence.emotion_since,
                until,
                time,
            )
        ]

    def _event(
        self, kind: EventKind, track_id: int, emotion: Emotion, since: int, until: int
    ) -> FaceEvent:
        return FaceEvent(kind, track_id, emotion, since, until, self._time)


_BEGINNINGS = (EventKind.APPEARED, EventKind.EMOTION_BEGAN)
