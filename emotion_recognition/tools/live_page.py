"""The answers of the command line, live in a browser."""

from __future__ import annotations

import sys
import time
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from emotion_recognition.core.images.sources import FrameSource
from emotion_recognition.ros.diagnostics.activity import RecentActivity
from emotion_recognition.ros.diagnostics.health import Health, figures, verdict
from emotion_recognition.ros.process.log_throttle import LogThrottle
from emotion_recognition.ros.stream.frame_counts import FrameCounts
from emotion_recognition.ros.stream.stream_watch import StreamState
from emotion_recognition.tools.output_path import OutputError
from emotion_recognition.web.picture import jpeg
from emotion_recognition.web.server import PORT, ServerSettings, WebError, WebServer
from emotion_recognition.web.update import LEVELS, Status, Update

if TYPE_CHECKING:
    from emotion_recognition.tools.answers import Answer

_STATUS_PERIOD = 1.0  # seconds
_SECONDS_AN_IMAGE = 1.0  # of a folder


class LivePage:
    """Serves the page while it is entered, and says where.

    A video is shown in its own time, images one a second. model: that answers. port: None for the
    usual one. is_open: to the network. Entering raises OutputError where it cannot be served.
    """

    def __init__(self, source: FrameSource, model: str, port: int | None, is_open: bool) -> None:
        self._source = source
        self._model = model
        self._is_open = is_open
        settings = ServerSettings(PORT if port is None else port, is_open, keeps_newest=True)
        self._throttle = LogThrottle()
        self._server = WebServer(settings, (source.name,), log=self._log)
        self._begun = self._reported = time.monotonic()
        self._activity = RecentActivity(self._begun)
        self._answers = 0

    def add(self, answer: Answer) -> None:
        """Shows an answer, when its time has come."""
        if not self._source.is_live:
            due = answer.time if answer.is_tracked else answer.index * _SECONDS_AN_IMAGE
            time.sleep(max(0.0, self._begun + due - time.monotonic()))
        height, width = answer.image.shape[:2]
        update = Update(
            answer.faces,
            width,
            height,
            answer.faces[0].labels if answer.faces else (),
            answer.latency,
            self._model,
            partial(jpeg, answer.image),
        )
        self._server.publish(self._source.name, update)
        now = time.monotonic()
        self._answers += 1
        self._activity.add_answer(answer.latency, now)
        if now - self._reported >= _STATUS_PERIOD or self._answers == 1:
            self._reported = now
            self._server.publish(self._source.name, self._status(now))

    def stay(self) -> None:
        """Goes on showing the last answer until Ctrl-C."""
        values = self._status(time.monotonic()).values
        text = f"'{self._source.name}' has ended: this is its last image"
        self._server.publish(self._source.name, Status("ok", text, values, has_ended=True))
        print("emotion_recognition: the source has ended; Ctrl-C ends the page", file=sys.stderr)
        Event().wait()

    def _status(self, now: float) -> Status:
        """By the rules that the node has for /diagnostics."""
        totals = FrameCounts(received=self._answers, answered=self._answers)
        health = Health(
            state="active",
            failure="",
            topic=self._source.name,
            stream=StreamState.FLOWING,
            silence=0.0,
            activity=self._activity.update(totals, now),
        )
        level, text = verdict(health)
        return Status(LEVELS[level], text, figures(health, totals))

    def _log(self, text: str) -> None:
        if line := self._throttle(text):
            print(f"emotion_recognition: {line}", file=sys.stderr)

    def __enter__(self) -> LivePage:
        try:
            address = self._server.start()
        except WebError as error:
            raise OutputError(f"no page: {error} with --web-port") from error
        for_whom = "whoever has this address sees the pictures" if self._is_open else "this machine"
        print(f"emotion_recognition: the page is at {address} ({for_whom})", file=sys.stderr)
        self._begun = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()
