"""Where frames come from when there is no camera driver: files, folders, webcams, a photograph."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.core.images.image_file import (
    FORMATS,
    MAX_FILE_PIXELS,
    is_image_file,
    read_image_file,
)
from emotion_recognition.core.images.raw import ImageError

Frame = NDArray[np.uint8]

#: The photograph's stream: size in pixels, frames per second, and frames until it repeats.
PHOTOGRAPH_SIZE = (640, 480)
PHOTOGRAPH_RATE = 30.0
PHOTOGRAPH_FRAMES = 360

# The face's box in the photograph: x1, y1, x2, y2 in pixels.
_FACE = (160, 30, 290, 195)


class SourceError(RuntimeError):
    """A source that cannot be read; the message names it and says what was expected."""


@dataclass(frozen=True)
class FrameSource:
    """Frames, uint8 (H, W, 3) BGR; each iteration starts from the first one.

    name: for people. frame_rate: its own frames per second, 0 if it has none. is_live: a camera,
    whose frames come when they come; the frames of all others are there at once. frame_count: of
    one iteration, as far as the source tells; 0 if it does not, or never ends. images: the file of
    each frame where they are images on their own, and not views of one scene in time.
    """

    name: str
    frames: Callable[[], Iterator[Frame]]
    frame_rate: float = 0.0
    is_live: bool = False
    frame_count: int = 0
    images: tuple[Path, ...] = ()

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()


def open_source(
    source: str = "",
    *,
    loop: bool = False,
    width: int = 0,
    height: int = 0,
    frame_rate: float = 0.0,
) -> FrameSource:
    """A source of frames by its name.

    source: a video file, an image, a folder of images (in order of their names), a webcam as its
    index ("0") or device ("/dev/video0"), or "" or "astronaut" for the embedded photograph.
    loop: start again at the end. width, height: resize to this size in pixels; with one of them 0
    the aspect ratio is kept, with both the size is. A webcam is asked for this size, and for
    frame_rate if that is not 0.

    Raises SourceError, before any frame is taken, for a source that cannot be read, and ValueError
    for a negative size. Iterating raises SourceError where an image cannot be read, a webcam stops
    or a video is gone; one that is damaged ends early, without all of its `frame_count`.
    """
    if width < 0 or height < 0:
        raise ValueError(f"width and height must not be negative, got {width}x{height}")
    opened = _open(source, width, height, frame_rate)
    if loop and not opened.is_live:
        opened = replace(opened, frames=_looped(opened.frames), frame_count=0)
    if width or height:
        opened = replace(opened, frames=_resized(opened.frames, width, height))
    return opened


def _open(source: str, width: int, height: int, frame_rate: float) -> FrameSource:
    if source in ("", "astronaut"):
        return _photograph(_astronaut_file())
    if source.isdecimal() or source.startswith("/dev/video"):
        return _webcam(source, width, height, frame_rate)
    try:
        path = Path(source).expanduser()
        files = sorted(path.iterdir()) if path.is_dir() else None
        is_file = path.is_file()
    except (RuntimeError, OSError) as error:  # such as the ~ of a user that there is not
        raise SourceError(f"cannot read '{source}': {error}") from error
    if files is not None:
        return _images(path, list(filter(_is_image, files)))
    if not is_file:
        raise SourceError(
            f"there is no '{source}'; expected a video, an image, a folder of images, a webcam "
            "(its index or /dev/video*), or 'astronaut' for the embedded photograph"
        )
    return _images(path, [path]) if _is_image(path) else _video(path)


def _is_image(path: Path) -> bool:
    try:
        return path.is_file() and is_image_file(path)
    except OSError:  # reading it will tell why not
        return True


def _images(path: Path, files: list[Path]) -> FrameSource:
    if not files:
        raise SourceError(f"the folder '{path}' has no image; expected one of {FORMATS}")
    _read_image(files[0])
    return FrameSource(
        str(path),
        lambda: map(_read_image, files),
        frame_count=len(files),
        images=tuple(files),
    )


def _read_image(path: Path) -> Frame:
    try:
        return read_image_file(path)
    except (ImageError, OSError) as error:
        raise SourceError(f"cannot read the image '{path}': {error}") from error


def _video(path: Path) -> FrameSource:
    file = str(path.absolute())  # FFmpeg takes what is before a colon for a protocol

    def frames() -> Iterator[Frame]:
        capture = cv2.VideoCapture(file)
        is_empty = True
        try:
            while (frame := _next_frame(capture)) is not None:
                is_empty = False
                yield frame
        finally:
            capture.release()
        if is_empty:
            raise SourceError(f"'{path}' has no frames any more; was it removed?")

    capture = cv2.VideoCapture(file)
    frame_rate = capture.get(cv2.CAP_PROP_FPS)
    frame_count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    width, height = (
        int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    is_too_large = width * height > MAX_FILE_PIXELS
    first = None if is_too_large else _next_frame(capture)
    capture.release()
    if is_too_large:
        raise SourceError(
            f"the video '{path}' has {width}x{height} pixels; expected at most {MAX_FILE_PIXELS}"
        )
    if first is None:
        raise SourceError(
            f"'{path}' is neither an image nor a video that can be read; images may be {FORMATS}"
        )
    # Containers without timing report 0, NaN or their time base, and then no number of frames.
    return FrameSource(
        str(path),
        frames,
        _sensible(frame_rate),
        frame_count=int(frame_count) if 0 < frame_count < 2**31 else 0,
    )


def _webcam(device: str, width: int, height: int, frame_rate: float) -> FrameSource:
    try:
        capture = cv2.VideoCapture(int(device) if device.isdecimal() else device)
    except cv2.error as error:  # a number that no index can be
        raise SourceError(f"there is no webcam '{device}'") from error
    wanted = {
        cv2.CAP_PROP_FRAME_WIDTH: width,
        cv2.CAP_PROP_FRAME_HEIGHT: height,
        cv2.CAP_PROP_FPS: frame_rate,
        cv2.CAP_PROP_BUFFERSIZE: 1,  # the newest frame, not one of some time ago
    }
    for setting, value in wanted.items():
        if value:
            capture.set(setting, value)
    if _next_frame(capture) is None:
        capture.release()
        raise SourceError(
            f"the webcam '{device}' gives no image; is it plugged in, free, and may you read it?"
        )

    def frames() -> Iterator[Frame]:
        while (frame := _next_frame(capture)) is not None:
            yield frame
        raise SourceError(f"the webcam '{device}' stopped giving images")

    frame_rate = _sensible(capture.get(cv2.CAP_PROP_FPS))
    return FrameSource(f"webcam {device}", frames, frame_rate, is_live=True)


def _sensible(frame_rate: float) -> float:
    """0 for what is no rate of frames per second."""
    return frame_rate if 0 < frame_rate <= 1000 else 0.0


def _next_frame(capture: cv2.VideoCapture) -> Frame | None:
    valid, frame = capture.read()
    return np.asarray(frame, np.uint8) if valid else None


def _looped(frames: Callable[[], Iterator[Frame]]) -> Callable[[], Iterator[Frame]]:
    """Again and again; every source has a frame at least, or raises."""

    def forever() -> Iterator[Frame]:
        while True:
            yield from frames()

    return forever


def _resized(
    frames: Callable[[], Iterator[Frame]], width: int, height: int
) -> Callable[[], Iterator[Frame]]:
    def resize(frame: Frame) -> Frame:
        old_height, old_width = frame.shape[:2]
        size = (
            width or max(1, round(old_width * height / old_height)),
            height or max(1, round(old_height * width / old_width)),
        )
        if size == (old_width, old_height):
            return frame
        shrinks = size[0] < old_width
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(frame, size, interpolation=interpolation), np.uint8)

    return lambda: map(resize, frames())


def _astronaut_file() -> Path:
    """Eileen Collins, NASA, public domain: a photograph that scikit-image carries."""
    spec = find_spec("skimage")  # found, not imported: that would take a second
    if spec is None or spec.origin is None:
        raise SourceError(
            "the embedded photograph is a part of scikit-image, which is not installed; "
            "run 'apt install python3-skimage' or 'pip install scikit-image', or name another "
            "source"
        )
    return Path(spec.origin).parent / "data" / "astronaut.png"


def _photograph(path: Path) -> FrameSource:
    photograph = _read_image(path)
    return FrameSource(
        "astronaut",
        lambda: (_view(photograph, i / PHOTOGRAPH_FRAMES) for i in range(PHOTOGRAPH_FRAMES)),
        PHOTOGRAPH_RATE,
        frame_count=PHOTOGRAPH_FRAMES,
    )


def _view(photograph: Frame, phase: float) -> Frame:
    """What a camera sees that pans and zooms over the photograph; phase in [0, 1) of its loop.

    The whole face is in view at all times, and takes from a third to two thirds of its height.
    """
    height, width = photograph.shape[:2]
    turn = 2 * math.pi * phase
    largest, smallest = width * 3 / 4, (_FACE[3] - _FACE[1]) * 1.15
    view_height = smallest * (largest / smallest) ** ((1 + math.cos(turn)) / 2)
    view_width = view_height * PHOTOGRAPH_SIZE[0] / PHOTOGRAPH_SIZE[1]
    left = _between(_FACE[2] - view_width, _FACE[0], width - view_width, math.sin(2 * turn))
    top = _between(_FACE[3] - view_height, _FACE[1], height - view_height, math.sin(3 * turn))
    scale = PHOTOGRAPH_SIZE[0] / view_width
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    frame = cv2.warpAffine(photograph, matrix, PHOTOGRAPH_SIZE, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(frame, np.uint8)


def _between(low: float, high: float, end: float, swing: float) -> float:
    """A place inside [low, high] and [0, end], its position there by swing in [-1, 1]."""
    low, high = max(low, 0.0), min(high, end)
    return low + (high - low) * (1 + 0.9 * swing) / 2
