"""The command line: what it writes for every kind of source, and how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.images.sources import FrameSource
from emotion_recognition.core.types import EMOTIONS, Box, Emotion, Face
from emotion_recognition.pipeline import EmotionPipeline
from emotion_recognition.tools import answers, cli

RATE = 10.0
FRAMES = 12


class StandInPipeline:
    """Takes a bright square for a face: neutral in every third image, otherwise happy."""

    arguments: tuple[object, ...] = ()
    input_width: int | None = None
    reject_threshold = 0.0

    def __init__(self, *arguments: object, input_width: int | None) -> None:
        StandInPipeline.arguments = arguments
        StandInPipeline.input_width = input_width
        self._calls = 0

    def __call__(self, image: NDArray[np.uint8]) -> tuple[Face, ...]:
        self._calls += 1
        ys, xs = np.nonzero(image[..., 1] > 128)
        if not len(xs):
            return ()
        probabilities = (0.7, 0.0, 0.0, 0.3) if self._calls % 3 == 0 else (0.2, 0.0, 0.0, 0.8)
        box = Box(float(xs.min()), float(ys.min()), xs.max() + 1.0, ys.max() + 1.0)
        emotion = Emotion.from_probabilities(probabilities)
        return (Face(box, 0.9, probabilities, emotion),)


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "EmotionPipeline", StandInPipeline)


def picture(left: int | None) -> NDArray[np.uint8]:
    """A bright square of 40 pixels in the dark, or nothing."""
    image = np.zeros((120, 160, 3), np.uint8)
    if left is not None:
        image[30:70, left : left + 40] = 200
    return image


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), picture(50))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "album"
    path.mkdir()
    for name, left in (("a.png", 10), ("b.png", None), ("c.png", 60), ("d.png", 60)):
        cv2.imwrite(str(path / name), picture(left))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (160, 120))
    for i in range(FRAMES):
        writer.write(picture(10 + 4 * i))
    writer.release()
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, object]]:
    assert cli.main([str(argument) for argument in arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def frames_of(path: Path) -> list[NDArray[np.uint8]]:
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return frames  # type: ignore[return-value]


def test_an_image_gives_one_line(capsys: pytest.CaptureFixture[str], photo: Path) -> None:
    assert run(capsys, photo) == [
        {
            "source": str(photo),
            "frame": 0,
            "time": None,
            "width": 160,
            "height": 120,
            "faces": [
                {
                    "box": [50.0, 30.0, 90.0, 70.0],
                    "landmarks": [],
                    "score": 0.9,
                    "track_id": 0,
                    "emotion": "happy",
                    "confidence": 0.8,
                    "probabilities": {
                        "neutral": 0.2,
                        "angry": 0.0,
                        "surprised": 0.0,
                        "happy": 0.8,
                    },
                    "yaw": None,
                }
            ],
        }
    ]


def test_the_images_of_a_folder_are_taken_on_their_own(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    lines = run(capsys, folder)
    assert [line["source"] for line in lines] == [str(folder / f"{name}.png") for name in "abcd"]
    assert [line["time"] for line in lines] == [None] * 4
    emotions = [[face["emotion"] for face in line["faces"]] for line in lines]  # type: ignore
    assert emotions == [["happy"], [], ["neutral"], ["happy"]], "neither tracked nor smoothed"


def test_a_video_is_tracked_and_smoothed(capsys: pytest.CaptureFixture[str], video: Path) -> None:
    lines = run(capsys, video)
    assert [line["frame"] for line in lines] == list(range(FRAMES))
    assert [line["time"] for line in lines] == pytest.approx([i / RATE for i in range(FRAMES)])
    faces = [line["faces"][0] for line in lines]  # type: ignore[index]
    assert [face["track_id"] for face in faces] == [0, 0] + [1] * (FRAMES - 2)
    assert {face["emotion"] for face in faces[5:]} == {"happy"}
    raw = [face["raw_probabilities"]["happy"] for face in faces]
    assert raw == [0.3 if i % 3 == 2 else 0.8 for i in range(FRAMES)]


def test_json_goes_to_a_file(
    capsys: pytest.CaptureFixture[str], photo: Path, tmp_path: Path
) -> None:
    assert run(capsys, photo, "--json", tmp_path / "out.jsonl") == []
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["source"] for line in lines] == [str(photo)]


def test_an_image_is_copied_with_its_face_drawn_in(
    capsys: pytest.CaptureFixture[str], photo: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.png"
    assert run(capsys, photo, "--annotated", copy) == [], "no JSON unless asked for"
    before, after = cv2.imread(str(photo)), cv2.imread(str(copy))
    assert after.shape == before.shape
    changed = np.argwhere((before != after).any(axis=2))
    assert changed.min(axis=0)[0] < 30, "a label above the box"
    assert (after[34:66, 56:84] == 200).all(), "the face itself is left alone"


def test_a_folder_is_copied_to_a_folder(
    capsys: pytest.CaptureFixture[str], folder: Path, tmp_path: Path
) -> None:
    run(capsys, folder, "--annotated", tmp_path / "new" / "copies")
    copies = sorted((tmp_path / "new" / "copies").iterdir())
    assert [path.name for path in copies] == ["a.png", "b.png", "c.png", "d.png"]
    np.testing.assert_array_equal(cv2.imread(str(copies[1])), picture(None))


@pytest.mark.parametrize("ending", [".mp4", ".avi"])
def test_a_video_is_copied_frame_by_frame(
    capsys: pytest.CaptureFixture[str], video: Path, tmp_path: Path, ending: str
) -> None:
    copy = tmp_path / f"copy{ending}"
    lines = run(capsys, video, "--annotated", copy, "--json", "-")
    assert len(lines) == len(frames_of(copy)) == FRAMES
    assert cv2.VideoCapture(str(copy)).get(cv2.CAP_PROP_FPS) == pytest.approx(RATE)


def test_a_webcam_is_ended_by_ctrl_c_and_its_copy_keeps_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock = iter([100.0, *(100.0 + 0.5 * i for i in range(5))])

    def frames() -> Iterator[NDArray[np.uint8]]:
        yield from [picture(50)] * 5
        raise KeyboardInterrupt

    webcam = FrameSource("webcam 0", frames, 30.0, is_live=True)
    monkeypatch.setattr(cli, "open_source", lambda name: webcam)
    monkeypatch.setattr(answers, "monotonic", lambda: next(clock))
    lines = run(capsys, "0", "--annotated", tmp_path / "copy.avi", "--json", "-")
    assert [line["time"] for line in lines] == [0, 0.5, 1, 1.5, 2]
    assert len(frames_of(tmp_path / "copy.avi")) == 2 * 15 + 1, "two seconds, however slow"


def test_an_interrupt_ends_everything_else_as_interrupted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def frames() -> Iterator[NDArray[np.uint8]]:
        yield picture(50)
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "open_source", lambda name: FrameSource("clip", frames, 30.0))
    assert cli.main(["clip"]) == 130
    assert len(capsys.readouterr().out.splitlines()) == 1, "what is done is kept"


def test_the_options_reach_the_pipeline(photo: Path) -> None:
    options = "--detector d --classifier c --backend opencv --score-threshold 0.25 --threads 2"
    assert cli.main([str(photo), *options.split(), "--input-width", "416"]) == 0
    assert StandInPipeline.arguments == ("d", "c", "opencv", 0.25, 2)
    assert StandInPipeline.input_width == 416
    assert cli.main([str(photo)]) == 0
    assert StandInPipeline.arguments == ("default", "default", "auto", None, 0)
    assert StandInPipeline.input_width is None
    assert cli.main([str(photo), "--input-width", "0"]) == 0
    assert StandInPipeline.input_width is None


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line on standard error that goes with exit code 1."""
    assert cli.main([str(argument) for argument in arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return str(line)


def test_what_cannot_be_read_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "emotion_recognition: there is no 'missing.mp4'" in refused(capsys, "missing.mp4")
    assert "has no image" in refused(capsys, tmp_path)
    assert "cannot read '~nosuchuser/photo.png'" in refused(capsys, "~nosuchuser/photo.png")


def test_a_name_with_a_colon_is_no_protocol(
    capsys: pytest.CaptureFixture[str], video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(video.parent)
    video.rename("10:20:30.mp4")
    copy = Path("12:30.mp4")
    assert cli.main(["10:20:30.mp4", "--annotated", str(copy)]) == 0
    assert len(frames_of(copy.absolute())) == FRAMES


def test_of_a_video_that_is_cut_off_it_warns(
    capsys: pytest.CaptureFixture[str], video: Path
) -> None:
    assert cli.main([str(video)]) == 0
    assert "warning" not in capsys.readouterr().err
    whole = video.with_suffix(".avi")
    writer = cv2.VideoWriter(str(whole), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (160, 120))
    for _ in range(FRAMES):
        writer.write(picture(50))
    writer.release()
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    assert cli.main([str(whole)]) == 0
    told = capsys.readouterr()
    assert 0 < len(told.out.splitlines()) < FRAMES * 0.9
    assert f"tells of {FRAMES} images, of which {len(told.out.splitlines())} could be" in told.err


def test_terminating_leaves_a_video_that_can_be_read(tmp_path: Path, video: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "import test_cli\n"
        "from emotion_recognition.tools import cli\n"
        "class Terminated(test_cli.StandInPipeline):\n"
        "    def __call__(self, image):\n"
        "        faces = super().__call__(image)\n"
        "        if self._calls == 5: os.kill(os.getpid(), signal.SIGTERM)\n"
        "        return faces\n"
        "cli.EmotionPipeline = Terminated\n"
        "sys.exit(cli.main(sys.argv[2:]))\n"
    )
    copy = tmp_path / "copy.mp4"
    arguments = [str(Path(__file__).parent), str(video), "--annotated", str(copy)]
    ended = subprocess.run([sys.executable, "-c", program, *arguments], timeout=60, check=False)
    assert ended.returncode == cli.INTERRUPTED
    assert len(frames_of(copy)) == 4


def test_a_port_asks_for_the_page(
    capsys: pytest.CaptureFixture[str], photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_page(options: object, source: FrameSource) -> object:
        raise cli.OutputError(f"a page at {getattr(options, 'web_port', None)}")

    monkeypatch.setattr(cli, "_open_page", open_page)
    assert refused(capsys, photo, "--web-port", 9111).endswith("a page at 9111")


def test_a_model_that_cannot_be_used_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    def fail(*arguments: object, **options: object) -> StandInPipeline:
        raise ModelError("there is no detector 'x'; choose one of ['paper']")

    monkeypatch.setattr(cli, "EmotionPipeline", fail)
    assert refused(capsys, photo) == (
        "emotion_recognition: there is no detector 'x'; choose one of ['paper']"
    )


def test_an_input_width_for_a_detector_of_fixed_input_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    pytest.importorskip("onnxruntime", reason="needs the backend")
    monkeypatch.setattr(cli, "EmotionPipeline", EmotionPipeline)
    assert refused(capsys, photo, "--detector", "paper", "--input-width", "320") == (
        "emotion_recognition: detector 'paper' has an input of fixed size; "
        "expected no input_width, got 320"
    )


def test_landmarks_and_any_labels_are_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    labels = tuple(reversed(EMOTIONS))
    probabilities = (0.25, *[0.0] * 6, 0.75)
    face = Face(
        Box(50, 30, 90, 70),
        0.9,
        probabilities,
        Emotion.from_probabilities(probabilities, labels),
        landmarks=((60.04, 40.06), (80, 40), (70, 50), (62, 60), (78, 60.0)),
        labels=labels,
    )
    monkeypatch.setattr(StandInPipeline, "__call__", lambda self, image: (face,))
    (line,) = run(capsys, photo)
    (told,) = line["faces"]  # type: ignore[misc]
    assert told["landmarks"] == [[60.0, 40.1], [80, 40], [70, 50], [62, 60], [78, 60]]
    assert told["emotion"] == "neutral"
    assert list(told["probabilities"].items()) == list(zip(labels, probabilities, strict=True))


def test_what_cannot_be_written_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], photo: Path, folder: Path, video: Path, tmp_path: Path
) -> None:
    def said(source: Path, path: Path, option: str = "--annotated") -> str:
        return refused(capsys, source, option, path)

    assert "must end in .mp4 or .avi" in said(video, tmp_path / "copy.gif")
    assert "no folder" in said(video, tmp_path / "nowhere" / "copy.mp4")
    assert "would overwrite its source" in said(video, video)
    assert "would overwrite its source" in said(photo, photo)
    assert "would overwrite its source" in said(folder, folder)
    assert "is a file; expected a folder for the 4 images" in said(folder, photo)
    assert "writes no images as 'copy.xyz'" in said(photo, tmp_path / "copy.xyz")
    assert "there is no folder" in said(photo, tmp_path / "nowhere" / "out.jsonl", "--json")
    assert "it is a folder" in said(photo, tmp_path, "--json")
    before = photo.read_bytes()
    assert "would overwrite its source" in said(photo, photo, "--json")
    assert "would overwrite its source" in said(folder, folder / "b.png", "--json")
    assert photo.read_bytes() == before
    both = tmp_path / "both.avi"
    assert "is named twice" in refused(capsys, video, "--json", both, "--annotated", both)


def test_the_answers_of_an_earlier_run_outlive_one_that_cannot_start(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    photo: Path,
    tmp_path: Path,
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ModelError("there is no detector 'nope'")

    earlier = tmp_path / "earlier.jsonl"
    earlier.write_text("answers")
    monkeypatch.setattr(cli, "EmotionPipeline", missing)
    assert "nope" in refused(capsys, photo, "--json", earlier, "--detector", "nope")
    assert earlier.read_text() == "answers"


def test_an_interrupt_before_the_first_image_is_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, photo: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "EmotionPipeline", interrupted)
    assert cli.main([str(photo)]) == cli.INTERRUPTED


@pytest.mark.parametrize(
    "arguments",
    [[], ["photo.png", "--score-threshold", "1.5"], ["photo.png", "--threads", "-1"],
     ["photo.png", "--score-threshold", "much"], ["photo.png", "--threads", "2.5"],
     ["photo.png", "--score-threshold", "nan"], ["photo.png", "--wrong"],
     ["photo.png", "--web-port", "65536"],
     *(["photo.png", "--input-width", width] for width in ("128", "161", "672", "-32", "wide"))],
)  # fmt: skip
def test_a_wrong_command_line_ends_with_the_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("usage: emotion_recognition")
    assert "invalid _" not in told, "a name of the code"


def test_without_tqdm_only_the_bar_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, video: Path
) -> None:
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert len(run(capsys, video)) == FRAMES


def test_a_bar_shows_the_progress_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, video: Path
) -> None:
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert cli.main([str(video)]) == 0
    assert f"{FRAMES}/{FRAMES}" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main([str(video)]) == 0
    assert capsys.readouterr().err == "", "it would run into the lines of JSON"


def test_no_bar_where_standard_error_is_no_terminal(
    capsys: pytest.CaptureFixture[str], video: Path
) -> None:
    assert cli.main([str(video)]) == 0
    assert capsys.readouterr().err == ""


def test_it_runs_as_a_module_and_needs_no_ros() -> None:
    program = (
        "import sys; sys.modules['rclpy'] = None; sys.argv[1:] = ['missing.png'];"
        "import runpy; runpy.run_module('emotion_recognition.tools.cli', run_name='__main__')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.startswith("emotion_recognition: there is no 'missing.png'")


def test_a_reader_that_has_seen_enough_ends_it_quietly(video: Path) -> None:
    program = (
        "import sys; from emotion_recognition.tools import cli\n"
        "class Blind:\n"
        "    reject_threshold = 0.0\n"
        "    __init__ = lambda self, *arguments, **options: None\n"
        "    __call__ = lambda self, image: ()\n"
        "cli.EmotionPipeline = Blind\n"
        f"sys.exit(cli.main([{str(video)!r}]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.wait(60) == 1
