"""Frame sources: every kind of source, order, looping, size, and refusal before anything starts."""

from __future__ import annotations

import importlib.util
import itertools
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.images import sources
from emotion_recognition.core.images.sources import SourceError, open_source


def flat(value: int, width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, value in (("b.png", 20), ("a.png", 10), ("c.bmp", 30)):
        cv2.imwrite(str(tmp_path / name), flat(value))
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, (64, 48))
    assert writer.isOpened()
    for value in (0, 80, 160, 240):
        writer.write(flat(value))
    writer.release()
    return path


@pytest.fixture
def photograph() -> None:
    if importlib.util.find_spec("skimage") is None:
        pytest.skip("the embedded photograph is a part of scikit-image, which is not installed")


def levels(frames: list[NDArray[np.uint8]]) -> list[int]:
    return [round(float(frame.mean()), -1) for frame in frames]  # type: ignore[misc]


def test_a_folder_gives_its_images_in_order_of_their_names(folder: Path) -> None:
    source = open_source(str(folder))
    assert levels(list(source)) == [10, 20, 30]
    assert (source.frame_rate, source.is_live) == (0.0, False)
    assert source.images == tuple(folder / name for name in ("a.png", "b.png", "c.bmp"))


def test_an_image_gives_one_frame(folder: Path) -> None:
    source = open_source(str(folder / "b.png"))
    np.testing.assert_array_equal(list(source), [flat(20)])
    assert source.images == (folder / "b.png",)


def test_a_video_gives_its_frames_and_its_rate(video: Path) -> None:
    source = open_source(str(video))
    assert levels(list(source)) == [0, 80, 160, 240]
    assert source.frame_rate == pytest.approx(12.5)
    assert source.name == str(video)
    assert not source.is_live
    assert source.images == ()


def test_the_number_of_frames_is_told_unless_there_is_no_end(folder: Path, video: Path) -> None:
    counts = {path: open_source(str(path)).frame_count for path in (folder, video)}
    assert counts == {folder: 3, video: 4}
    assert open_source(str(video), width=32).frame_count == 4
    assert open_source(str(video), loop=True).frame_count == 0


def test_iterating_again_starts_again(video: Path) -> None:
    source = open_source(str(video))
    assert levels(list(source)) == levels(list(source))


def test_looping_starts_again_at_the_end(video: Path) -> None:
    frames = list(itertools.islice(open_source(str(video), loop=True), 6))
    assert levels(frames) == [0, 80, 160, 240, 0, 80]


def test_looping_over_a_source_that_vanished_ends(video: Path) -> None:
    source = open_source(str(video), loop=True)
    video.unlink()
    with pytest.raises(SourceError, match="no frames any more"):
        next(iter(source))


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (0, 0, (48, 64, 3)),
        (32, 0, (24, 32, 3)),
        (0, 96, (96, 128, 3)),
        (50, 20, (20, 50, 3)),
        (1, 0, (1, 1, 3)),
    ],
)
def test_a_size_is_kept_given_or_follows_the_aspect_ratio(
    folder: Path, width: int, height: int, expected: tuple[int, int, int]
) -> None:
    source = open_source(str(folder), width=width, height=height)
    assert {frame.shape for frame in source} == {expected}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.mp4", "there is no .*missing.mp4.*expected a video"),
        ("/dev/video99", "webcam '/dev/video99' gives no image"),
        ("99", "webcam '99' gives no image"),
        ("99999999999", "there is no webcam '99999999999'"),
    ],
)
def test_a_source_that_is_not_there_is_refused_at_once(name: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(name)


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(SourceError, match="File name too long"):
        open_source("a" * 5000)


def test_a_video_that_has_gone_is_not_taken_for_an_empty_one(video: Path) -> None:
    source = open_source(str(video))
    video.rename(video.with_name("elsewhere.avi"))
    with pytest.raises(SourceError, match="was it removed"):
        list(source)


def test_a_folder_without_images_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "picture.jp2").write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20))
    (tmp_path / "notes.txt").write_text("RIFF and no more")
    with pytest.raises(SourceError, match="no image; expected one of JPEG, PNG, BMP"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"not a video", bytes(5000)])
def test_a_file_that_is_no_picture_is_refused_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"clip\.mp4' is neither an image nor a video"):
        open_source(str(path))


def test_a_broken_image_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    with pytest.raises(SourceError, match=r"cannot read the image '.*broken\.png'"):
        open_source(str(path))


def test_a_negative_size_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        open_source(str(folder), width=-1)


@pytest.mark.usefixtures("photograph")
def test_the_photograph_moves_smoothly_and_its_loop_has_no_seam() -> None:
    source = open_source()
    frames = np.array(list(source))
    assert frames.shape == (360, 480, 640, 3)
    assert source.frame_rate == 30.0
    changes = [float(cv2.absdiff(a, b).mean()) for a, b in itertools.pairwise([*frames, frames[0]])]
    assert min(changes) > 0.1, "it never stands still"
    assert changes[-1] < 1.5 * changes[0] < 1.5 * max(changes) < 40


@pytest.mark.usefixtures("photograph")
def test_the_photograph_is_the_same_every_time() -> None:
    first, second = (list(itertools.islice(open_source(name), 3)) for name in ("", "astronaut"))
    np.testing.assert_array_equal(first, second)


@pytest.mark.usefixtures("photograph")
def test_the_whole_face_stays_in_view() -> None:
    # A photograph in which only the face is white shows where the face goes.
    face = np.zeros((512, 512, 3), np.uint8)
    x1, y1, x2, y2 = sources._FACE
    face[y1:y2, x1:x2] = 255
    heights = []
    for index in range(0, sources.PHOTOGRAPH_FRAMES, 5):
        mask = sources._view(face, index / sources.PHOTOGRAPH_FRAMES)[..., 0] > 127
        assert not mask[[0, -1]].any()
        assert not mask[:, [0, -1]].any()
        heights.append(mask.any(axis=1).sum() / 480)
    assert min(heights) < 0.45
    assert max(heights) > 0.8


def test_without_scikit_image_the_error_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "find_spec", lambda name: None)
    with pytest.raises(SourceError, match="pip install scikit-image"):
        open_source("astronaut")


class FakeCamera:
    """Gives five frames, then nothing, as a webcam that is pulled out."""

    def __init__(self, device: int | str) -> None:
        self.device = device
        self.settings: dict[int, float] = {cv2.CAP_PROP_FPS: 15.0}
        self.left = 5

    def set(self, setting: int, value: float) -> bool:
        self.settings[setting] = value
        return True

    def get(self, setting: int) -> float:
        return self.settings[setting]

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        self.left -= 1
        return (True, flat(50)) if self.left >= 0 else (False, None)


@pytest.mark.parametrize(("name", "device"), [("2", 2), ("/dev/video2", "/dev/video2")])
def test_a_webcam_is_asked_for_size_and_rate_and_is_live(
    monkeypatch: pytest.MonkeyPatch, name: str, device: int | str
) -> None:
    cameras: list[FakeCamera] = []

    def open_camera(device: int | str) -> FakeCamera:
        cameras.append(FakeCamera(device))
        return cameras[-1]

    monkeypatch.setattr(sources.cv2, "VideoCapture", open_camera)
    source = open_source(name, loop=True, width=32, height=24, frame_rate=10.0)
    assert (source.is_live, source.frame_rate) == (True, 10.0)
    assert source.name == f"webcam {name}"
    (camera,) = cameras
    assert camera.device == device
    asked = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)
    assert [camera.settings[setting] for setting in asked] == [32, 24, 10.0]
    assert camera.settings[cv2.CAP_PROP_BUFFERSIZE] == 1, "no old images"

    frames = iter(source)
    assert {next(frames).shape for _ in range(4)} == {(24, 32, 3)}
    with pytest.raises(SourceError, match="stopped giving images"):
        next(frames)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.tiff", "a.webp", "a.ppm"])
def test_every_kind_of_image_is_read(tmp_path: Path, name: str) -> None:
    picture = flat(100)
    picture[:24] = (0, 0, 200)
    cv2.imwrite(str(tmp_path / name), picture)
    (frame,) = open_source(str(tmp_path / name))
    np.testing.assert_allclose(frame[5, 5], (0, 0, 200), atol=6)
    np.testing.assert_allclose(frame[-5, -5], (100, 100, 100), atol=6)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_as_its_exif_says(tmp_path: Path, orientation: int) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16], picture[:16, 48:] = 255, 128
    content = bytes(cv2.imencode(".jpg", picture)[1])
    tag = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + struct.pack(">HHIHHI", 0x112, 3, 1, orientation, 0, 0)
    segment = b"\xff\xe1" + struct.pack(">H", 2 + len(tag)) + tag
    path = tmp_path / "turned.jpg"
    path.write_bytes(content[:2] + segment + content[2:])
    (frame,) = open_source(str(path))
    np.testing.assert_array_equal(frame, cv2.imread(str(path)))


def test_an_image_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.bmp"
    header = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 9000, 9100, 1, 24, *6 * [0])
    path.write_bytes(header + bytes(1000))
    with pytest.raises(SourceError, match=r"huge\.bmp.*too large: 9000x9100"):
        open_source(str(path))


def test_a_smaller_frame_is_the_mean_of_the_larger_and_a_larger_one_has_steps_between(
    tmp_path: Path,
) -> None:
    stripes = np.zeros((32, 32, 3), np.uint8)
    stripes[:, ::4] = 200
    cv2.imwrite(str(tmp_path / "stripes.png"), stripes)
    (small,) = open_source(str(tmp_path / "stripes.png"), width=8)
    assert np.unique(small).tolist() == [50]
    (large,) = open_source(str(tmp_path / "stripes.png"), width=128)
    assert len(np.unique(large)) > 2
    (line,) = open_source(str(tmp_path / "stripes.png"), height=1)
    assert line.shape == (1, 1, 3)


class FakeVideo(FakeCamera):
    """A file whose header says of rate, number of frames, width and height what it likes."""

    header: tuple[float, float, float, float]

    def __init__(self, path: str) -> None:
        super().__init__(path)
        names = (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT)
        sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        self.settings = dict(zip((*names, *sides), self.header, strict=True))

    def release(self) -> None:
        pass


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ((0.5, 1, 64, 48), (0.5, 1)),
        ((1000, 2**31 - 1, 64, 48), (1000, 2**31 - 1)),
        ((0, 0, 64, 48), (0, 0)),
        ((1000.5, 2**31, 64, 48), (0, 0)),
        ((90000, -9.2e18, 8192, 8192), (0, 0)),
        ((float("nan"), float("nan"), 64, 48), (0, 0)),
    ],
)
def test_of_a_videos_header_only_what_makes_sense_is_told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    header: tuple[float, float, float, float],
    expected: tuple[float, int],
) -> None:
    monkeypatch.setattr(FakeVideo, "header", header, raising=False)
    monkeypatch.setattr(sources.cv2, "VideoCapture", FakeVideo)
    (tmp_path / "a.avi").write_bytes(b"")
    source = open_source(str(tmp_path / "a.avi"))
    assert (source.frame_rate, source.frame_count) == expected


def test_a_video_that_is_too_large_is_refused_before_a_frame_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class HugeVideo(FakeVideo):
        header = (25.0, 9.0, 20000.0, sources.MAX_FILE_PIXELS // 20000 + 1.0)

        def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
            raise AssertionError("memory for a frame")

    monkeypatch.setattr(sources.cv2, "VideoCapture", HugeVideo)
    (tmp_path / "a.avi").write_bytes(b"")
    with pytest.raises(SourceError, match=r"a.avi' has 20000x\d+ pixels; expected at most \d+"):
        open_source(str(tmp_path / "a.avi"))
