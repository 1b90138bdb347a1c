"""What is remembered of each track, for as long as it may come back."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")

#: Seconds after which a track that was not seen is forgotten, and all tracks where no image was.
FORGET_AFTER = 10.0


class TrackMemory(Generic[Value]):
    """One value a track, by its id. Id 0, of faces too new to have one, is not remembered."""

    def __init__(self) -> None:
        self._values: dict[int, tuple[float, Value]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def forget_old(self, time: float) -> None:
        """Forgets what was stored long before this time, or after it: time went back.

        time: in seconds, from the origin of those given to `store`.
        """
        self._values = {
            track_id: (stored, value)
            for track_id, (stored, value) in self._values.items()
            if 0 <= time - stored <= FORGET_AFTER
        }

    def get(self, track_id: int) -> tuple[float, Value] | None:
        """When the track's value was stored, in seconds, and the value; None without one."""
        return self._values.get(track_id)

    def store(self, track_id: int, time: float, value: Value) -> None:
        """Remembers a value in place of the last one."""
        if track_id:
            self._values[track_id] = time, value

    def clear(self) -> None:
        """Forgets everything."""
        self._values = {}
