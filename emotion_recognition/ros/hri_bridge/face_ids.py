"""Ids of faces as REP 155 wants them: unique, short, and gone with the face."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random, SystemRandom
from string import ascii_lowercase

LENGTH = 5


class FaceIds:
    """Gives every track id a random id of letters, and forgets it when the face is gone.

    Track ids themselves would not do: a restarted emotion_node counts from 1 again, and a ROS name
    must not begin with a digit. gone_after: seconds without a sight of the face. All times are in
    seconds, of one clock.
    """

    def __init__(self, gone_after: float, random: Random | None = None) -> None:
        self._gone_after = gone_after
        self._random = random or SystemRandom()
        self._ids: dict[int, str] = {}
        self._last_seen: dict[int, float] = {}

    @property
    def current(self) -> dict[int, str]:
        """The ids of the faces that are not gone, by track id, oldest first."""
        return dict(self._ids)

    def see(self, track_ids: Iterable[int], time: float) -> None:
        """Notes which tracks an image shows; a track id of 0 is none."""
        for track_id in filter(None, track_ids):
            self._last_seen[track_id] = time
            if track_id not in self._ids:
                self._ids[track_id] = self._new_id()

    def forget(self, time: float) -> bool:
        """Forgets the faces that are gone by now; whether there were any."""
        gone = [key for key, seen in self._last_seen.items() if time - seen > self._gone_after]
        for track_id in gone:
            del self._ids[track_id], self._last_seen[track_id]
        return bool(gone)

    def _new_id(self) -> str:
        while True:
            new = "".join(self._random.choices(ascii_lowercase, k=LENGTH))
            if new not in self._ids.values():
                return new
