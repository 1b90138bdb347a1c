"""Copies of images and videos with the faces drawn in."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.images.sources import FrameSource
from emotion_recognition.tools.output_path import OutputError, expect_writable

#: Endings of the videos that can be written, each with its codec, both parts of OpenCV's wheels.
VIDEO_CODECS = {".mp4": "mp4v", ".avi": "MJPG"}

# Frames per second of a copy whose source has no rate, and of one of a webcam, which gives fewer
# while each of them is worked on.
_DEFAULT_RATE = 30.0
_LIVE_RATE = 15.0


class TimedVideo:
    """A video file of a fixed rate that keeps the time of frames that come at any rate.

    path: must end in one of VIDEO_CODECS. rate: frames per second of the file.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self._path = path
        self._rate = rate
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)
        self._frames_written = 0

    def add(self, frame: NDArray[np.uint8], time: float) -> None:
        """frame: uint8 (H, W, 3) BGR. time: in seconds from the start.

        One of another size than the first is resized to it. It is repeated or left out where that
        keeps the video in time. Raises OutputError if the file cannot be written.
        """
        if self._writer is None:
            codec = cv2.VideoWriter.fourcc(*VIDEO_CODECS[self._path.suffix.lower()])
            self._size = (frame.shape[1], frame.shape[0])
            file = str(self._path.absolute())  # FFmpeg takes what is before a colon for a protocol
            self._writer = cv2.VideoWriter(file, codec, self._rate, self._size)
            if not self._writer.isOpened():
                raise OutputError(f"cannot write the video '{self._path}'")
        if (frame.shape[1], frame.shape[0]) != self._size:  # the writer would leave it out
            frame = np.asarray(cv2.resize(frame, self._size), np.uint8)
        frames_until_now = math.floor(time * self._rate + 0.5) + 1
        while self._frames_written < frames_until_now:
            self._writer.write(frame)
            self._frames_written += 1

    def close(self) -> None:
        """Completes the file, if there was a frame."""
        if self._writer is not None:
            self._writer.release()


class AnnotatedCopy:
    """The copy of one source. A context manager, because a video must be closed.

    path: for images a folder, which gets a file of the same name for each, or, for a single one,
    the name of a file; for everything else the name of a video. Raises OutputError, before
    anything is written, for a path that does not fit the source.
    """

    def __init__(self, path: Path, source: FrameSource) -> None:
        rate = _LIVE_RATE if source.is_live else source.frame_rate or _DEFAULT_RATE
        self._video = TimedVideo(path, rate)
        if source.images:
            self._files = _image_files(path, source.images)
        else:
            self._files = []
            _expect_ending(path)
            expect_writable(path, source)

    def add(self, frame: NDArray[np.uint8], index: int, time: float) -> None:
        """frame: uint8 (H, W, 3) BGR. index: its place in the source. time: its own in seconds.

        Raises OutputError if it cannot be written.
        """
        if self._files:
            _write_image(self._files[index], frame)
        else:
            self._video.add(frame, time)

    def __enter__(self) -> AnnotatedCopy:
        return self

    def __exit__(self, *_: object) -> None:
        self._video.close()


def _image_files(path: Path, images: tuple[Path, ...]) -> list[Path]:
    """Where the copy of each image goes; makes the folder."""
    if len(images) == 1 and not path.is_dir() and path.suffix:
        files = [path]
    elif path.exists() and not path.is_dir():
        raise OutputError(f"'{path}' is a file; expected a folder for the {len(images)} images")
    else:
        files = [path / image.name for image in images]
    for file, image in zip(files, images, strict=True):
        if file.resolve() == image.resolve():
            raise OutputError(f"the copy would overwrite its source '{image}'; name another path")
        if not cv2.haveImageWriter(str(file)):
            raise OutputError(f"OpenCV writes no images as '{file.name}'; try .png or .jpg")
    try:
        files[0].parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder '{files[0].parent}': {error}") from error
    return files


def _write_image(file: Path, image: NDArray[np.uint8]) -> None:
    try:
        written = cv2.imwrite(str(file), image)
    except cv2.error as error:
        raise OutputError(f"cannot write the image '{file}': {error}") from error
    if not written:
        raise OutputError(f"cannot write the image '{file}'")


def _expect_ending(path: Path) -> None:
    if path.suffix.lower() not in VIDEO_CODECS:
        expected = " or ".join(VIDEO_CODECS)
        raise OutputError(f"the copy of a video must end in {expected}, got '{path}'")
