"""Image messages to arrays and back, and when cv_bridge is asked."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sensor_msgs", reason="needs ROS 2")

from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from emotion_recognition.core.images.raw import ImageError
from emotion_recognition.ros.messages import images as image_conversion
from emotion_recognition.ros.messages.images import (
    compress_message,
    decode_message,
    encode_message,
)

BGR = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
HEADER = Header(stamp=Time(sec=12, nanosec=34), frame_id="camera")

# Behaves as cv_bridge does for rgb16, and as a build for another NumPy if it is told to.
FAKE_CV_BRIDGE = """
import numpy as np

class CvBridgeError(Exception):
    pass

class CvBridge:
    def encoding_to_dtype_with_channels(self, encoding):
        if encoding != "rgb16":
            raise CvBridgeError(f"Unrecognized image encoding [{encoding}]")
        return "uint16", 3

    def imgmsg_to_cv2(self, message, desired_encoding):
        assert desired_encoding == "bgr8"
        rows = np.frombuffer(message.data, np.uint16).reshape(message.height, -1, 3)
        return (rows[:, : message.width, ::-1] // 257).astype(np.uint8)
"""


@pytest.fixture(autouse=True)
def forget_cv_bridge() -> Iterator[None]:
    image_conversion.why_no_cv_bridge.cache_clear()
    yield
    image_conversion.why_no_cv_bridge.cache_clear()
    sys.modules.pop("cv_bridge", None)


def install_cv_bridge(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    (folder / "cv_bridge.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    sys.modules.pop("cv_bridge", None)


def rgb16_message(padding: int = 0) -> Image:
    rows = np.pad(BGR[..., ::-1].astype(np.uint16).reshape(4, -1) * 257, ((0, 0), (0, padding)))
    return Image(height=4, width=6, encoding="rgb16", step=rows.strides[0], data=rows.tobytes())


def test_a_bgr_image_is_a_view_of_its_message() -> None:
    message = encode_message(BGR, "bgr8", HEADER)
    decoded = decode_message(message)
    np.testing.assert_array_equal(decoded, BGR)
    assert np.shares_memory(decoded, np.frombuffer(message.data, np.uint8))


@pytest.mark.parametrize("encoding", ["bgr8", "rgb8"])
@pytest.mark.parametrize("image", [BGR, BGR[:, ::-1]], ids=["contiguous", "reversed view"])
def test_an_image_survives_the_way_there_and_back(encoding: str, image: np.ndarray) -> None:
    message = encode_message(image, encoding, HEADER)
    assert (message.encoding, message.width, message.height) == (encoding, 6, 4)
    assert message.header == HEADER
    assert isinstance(message.data, array)
    np.testing.assert_array_equal(decode_message(message), image)


def test_a_single_row_of_a_larger_image_has_its_own_step() -> None:
    larger = np.arange(48 * 64 * 3, dtype=np.uint32).astype(np.uint8).reshape(48, 64, 3)
    message = encode_message(larger[10:11, 5:9], "bgr8", Header())
    np.testing.assert_array_equal(decode_message(message), larger[10:11, 5:9])


def test_mono8_has_one_byte_a_pixel() -> None:
    message = encode_message(np.full((4, 6, 3), 77, np.uint8), "mono8", HEADER)
    assert (message.step, bytes(message.data)) == (6, bytes([77]) * 24)


@pytest.mark.parametrize("encoding", ["bgr8", "rgb8"])
def test_an_image_survives_compression(encoding: str) -> None:
    message = compress_message(BGR, encoding, "png", 95, HEADER)
    assert message.format == f"{encoding}; png compressed bgr8"
    assert message.header == HEADER
    np.testing.assert_array_equal(decode_message(message), BGR)


def test_the_quality_of_a_jpeg_can_be_chosen() -> None:
    flat = np.full((64, 64, 3), (10, 120, 200), np.uint8)
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_allclose(
        decode_message(compress_message(flat, "mono8", "jpeg", 95, HEADER)),
        np.full((64, 64, 3), 0.114 * 10 + 0.587 * 120 + 0.299 * 200),
        atol=2,
    )
    small, large = (
        len(compress_message(noise, "bgr8", "jpeg", quality, HEADER).data) for quality in (20, 95)
    )
    assert small < large / 2


def test_a_message_as_it_is_by_default_is_refused() -> None:
    with pytest.raises(ImageError, match="the encoding is empty"):
        decode_message(Image())
    with pytest.raises(ImageError, match="the compressed image has no data"):
        decode_message(CompressedImage())


def test_without_cv_bridge_an_unknown_encoding_tells_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_conversion, "find_spec", lambda name: None)
    with pytest.raises(ImageError, match=r"unknown encoding 'rgb16'.*cv_bridge.*not installed"):
        decode_message(rgb16_message())


def test_cv_bridge_decodes_what_the_core_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_cv_bridge(tmp_path, monkeypatch, FAKE_CV_BRIDGE)
    np.testing.assert_array_equal(decode_message(rgb16_message()), BGR)
    np.testing.assert_array_equal(decode_message(rgb16_message(padding=3)), BGR)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"encoding": "nonsense"}, "cv_bridge cannot convert 'nonsense'.*Unrecognized"),
        ({"width": 0}, "empty"),
        ({"step": 35}, "step 35 is too small"),
        ({"height": 5}, "144 bytes long; expected 180"),
        ({"width": 5, "step": 32, "data": bytes(128)}, "step 32 is no multiple of the 6 bytes"),
    ],
)
def test_sizes_are_checked_before_cv_bridge_sees_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], reason: str
) -> None:
    install_cv_bridge(tmp_path, monkeypatch, FAKE_CV_BRIDGE)
    message = rgb16_message()
    for name, value in changes.items():
        setattr(message, name, value)
    with pytest.raises(ImageError, match=reason):
        decode_message(message)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ImportError('numpy.core.multiarray failed to import')", "multiarray failed"),
        ("import os; os._exit(139)", "exit code 139"),
    ],
    ids=["raises", "crashes"],
)
def test_a_broken_cv_bridge_is_left_alone_and_the_reason_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    install_cv_bridge(tmp_path, monkeypatch, source)
    with pytest.raises(ImageError, match=f"does not work here: .*{reason}"):
        decode_message(rgb16_message())
