"""The demo: what it says without ROS, and what it writes with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from emotion_recognition.tools.annotated_copy import TimedVideo
from emotion_recognition.tools.demo import main, text_parameter


@pytest.mark.parametrize("missing", ["rclpy", "emotion_recognition.msg"])
def test_without_ros_one_line_tells_what_it_needs(tmp_path: Path, missing: str) -> None:
    program = (
        f"import sys; sys.modules['{missing}'] = None; "
        "from emotion_recognition.tools.demo import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("emotion_demo: ")
    assert "needs ROS 2 and this package built with colcon" in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["holiday #2.mp4", "[clip].mp4", "a: b.mp4", "1.50", "true", "0x10", 'a "b" \\ ü.mp4']
)
def test_a_name_reaches_the_node_as_it_is(name: str) -> None:
    rclpy = pytest.importorskip("rclpy", reason="needs ROS 2")
    from rclpy.context import Context

    context = Context()
    arguments = ["--ros-args", "-p", text_parameter("source", name)]
    rclpy.init(args=arguments, context=context)
    try:
        node = rclpy.create_node("node_of_the_test", context=context)
        assert node.declare_parameter("source", "").value == name
        node.destroy_node()
    finally:
        rclpy.shutdown(context=context)


@pytest.mark.parametrize("seconds", ["-3", "0", "nan", "x"])
def test_a_time_that_is_none_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--seconds", seconds])
    assert ended.value.code == 2
    assert "expected a number above 0" in capsys.readouterr().err


@pytest.fixture
def messages() -> Any:  # noqa: ANN401
    return pytest.importorskip("emotion_recognition.msg", reason="needs ROS 2 and built messages")


def test_answers_are_drawn_on_the_images_that_they_belong_to(
    messages: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    from builtin_interfaces.msg import Time
    from sensor_msgs.msg import RegionOfInterest
    from std_msgs.msg import Header

    from emotion_recognition.ros.messages.images import encode_message
    from emotion_recognition.tools.recording import Recording

    (tmp_path / "emotions.mp4").write_text("of an earlier demo")
    recording = Recording(tmp_path)
    assert list(tmp_path.iterdir()) == []
    headers = [Header(stamp=Time(sec=7, nanosec=i * 100_000_000)) for i in range(4)]
    for brightness, header in zip((50, 100, 150, 200), headers, strict=True):
        image = np.full((48, 64, 3), brightness, np.uint8)
        recording.add_image(encode_message(image, "rgb8", header))
    face = messages.FaceEmotion(
        label="happy",
        emotion=3,
        confidence=0.5,
        roi=RegionOfInterest(x_offset=20, y_offset=30, width=10, height=10),
    )
    for header, faces in ((headers[0], []), (headers[2], [face]), (headers[3], [])):
        recording.add_answer(messages.FaceEmotionArray(header=header, faces=faces))
    assert recording.finish() == [tmp_path / "emotions.mp4", tmp_path / "emotions.png"]
    assert (recording.answers, recording.answers_with_face) == (3, 1)
    picture = cv2.imread(str(tmp_path / "emotions.png"))
    assert picture is not None
    assert (picture[47] == 150).all(), "the image of the answer with a face"
    assert (picture != 150).any()


def test_a_demo_that_stays_open_writes_no_endless_video(
    messages: Any,  # noqa: ANN401
    tmp_path: Path,
) -> None:
    from builtin_interfaces.msg import Time
    from std_msgs.msg import Header

    from emotion_recognition.ros.messages.images import encode_message
    from emotion_recognition.tools.recording import VIDEO_RATE, Recording

    recording = Recording(tmp_path, longest=2.0)
    for second in range(6):
        header = Header(stamp=Time(sec=second + 1))
        recording.add_image(encode_message(np.zeros((48, 64, 3), np.uint8), "bgr8", header))
        recording.add_answer(messages.FaceEmotionArray(header=header))
    recording.finish()
    assert recording.answers == 6
    video = cv2.VideoCapture(str(tmp_path / "emotions.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 2 * VIDEO_RATE + 1


def test_a_frame_of_another_size_is_in_the_video_too(tmp_path: Path) -> None:
    video = TimedVideo(tmp_path / "video.avi", 10.0)
    for index, (height, width) in enumerate([(48, 64), (96, 64), (30, 100), (48, 64)]):
        video.add(np.full((height, width, 3), 50 * index, np.uint8), index / 10)
    video.close()
    capture = cv2.VideoCapture(str(tmp_path / "video.avi"))
    frames = [capture.read() for _ in range(5)]
    assert [read for read, _ in frames] == [True] * 4 + [False]
    assert [frame.shape[:2] for _, frame in frames[:4]] == [(48, 64)] * 4
    assert [float(frame.mean()) for _, frame in frames[:4]] == pytest.approx(
        [0, 50, 100, 150], abs=4
    )
