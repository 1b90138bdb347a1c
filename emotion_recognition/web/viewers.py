"""The viewers of a camera, each with a queue of one, so that none sees old pictures."""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic

from emotion_recognition.web.update import Status, Update

#: Pictures that are on their way to a viewer at most. One alone would leave a slow network idle;
#: more would be old when they arrive, and the buffers of the network hold hundreds.
IN_FLIGHT = 2

#: Seconds that a viewer may take to confirm a picture; then it is gone.
PATIENCE = 10.0


class Picture:
    """An update as bytes, which are made once, by whichever viewer needs them first."""

    def __init__(self, update: Update) -> None:
        self._update = update
        self._task: asyncio.Task[bytes] | None = None

    async def message(self) -> bytes:
        """As `Update.message`; made in another thread, because it takes milliseconds."""
        if self._task is None:
            self._task = asyncio.create_task(asyncio.to_thread(self._update.message))
        return await asyncio.shield(self._task)


class Viewer:
    """What waits for one viewer: the newest picture and the newest status. For one event loop."""

    def __init__(self) -> None:
        self._picture: Picture | None = None
        self._status: Status | None = None
        self._changed = asyncio.Event()
        self._on_their_way: deque[float] = deque()

    def offer(self, item: Picture | Status) -> None:
        """Takes the place of an older one that was not sent."""
        if isinstance(item, Picture):
            self._picture = item
        else:
            self._status = item
        self._changed.set()

    def confirm(self) -> None:
        """The viewer has drawn the oldest of the pictures that were sent."""
        if self._on_their_way:
            self._on_their_way.popleft()
            self._changed.set()

    async def next(self) -> Picture | Status:
        """Waits for what is to be sent. Raises TimeoutError if the viewer confirms nothing."""
        while True:
            if self._status is not None:
                status, self._status = self._status, None
                return status
            if self._picture is not None and len(self._on_their_way) < IN_FLIGHT:
                picture, self._picture = self._picture, None
                self._on_their_way.append(monotonic())
                return picture
            self._changed.clear()
            await self._wait()

    async def _wait(self) -> None:
        if not self._on_their_way:
            await self._changed.wait()
            return
        left = self._on_their_way[0] + PATIENCE - monotonic()
        try:
            await asyncio.wait_for(self._changed.wait(), max(left, 0.0))
        except asyncio.TimeoutError as error:  # another than TimeoutError before Python 3.11
            raise TimeoutError("the viewer confirms no picture") from error


class Audience:
    """The viewers of one camera. Who comes later sees the newest of what the others have seen.

    keeps_newest: also when nobody was there to see it.
    """

    def __init__(self, keeps_newest: bool = False) -> None:
        self._keeps_newest = keeps_newest
        self._viewers: set[Viewer] = set()
        self._newest: dict[type, Picture | Status] = {}

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: Viewer) -> None:
        """A viewer has come, and sees what there is."""
        self._viewers.add(viewer)
        for item in self._newest.values():
            viewer.offer(item)

    def remove(self, viewer: Viewer) -> None:
        """A viewer has left."""
        self._viewers.discard(viewer)
        if not self._viewers and not self._keeps_newest:
            self._newest.clear()

    def offer(self, item: Picture | Status) -> None:
        """Something new for all of them."""
        if self._viewers or self._keeps_newest:
            self._newest[type(item)] = item
        for viewer in self._viewers:
            viewer.offer(item)
