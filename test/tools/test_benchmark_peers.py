"""What the benchmark compares with: networks of random weights, and the user's own files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

import emotion_recognition.backends.onnxruntime_backend  # noqa: F401, needed by all here
from emotion_recognition.tools.benchmark import command, networks, peers
from emotion_recognition.tools.benchmark.scenes import face_boxes, scene
from emotion_recognition.tools.benchmark.timing import measure


def parameters(content: bytes) -> tuple[int, int]:
    """Numbers in the convolutions, and how many channels they have with a bias."""
    model = onnx.load_from_string(content)
    onnx.checker.check_model(model)
    sizes = {item.name: tuple(item.dims) for item in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    numbers = sum(int(np.prod(sizes[name])) for node in convolutions for name in node.input[1:])
    return numbers, sum(sizes[node.input[2]][0] for node in convolutions if len(node.input) > 2)


def test_yunet_has_as_many_parameters_as_published() -> None:
    numbers, _ = parameters(networks.yunet(256, 320))
    normalized = 16 + (16 + 16 + 16 + 64) - 16 + 14 * 64  # channels with batch normalization
    assert numbers + 2 * normalized == 75_856


def test_mini_xception_has_as_many_parameters_as_published() -> None:
    numbers, normalized = parameters(networks.mini_xception(classes=7))
    # Keras counts four numbers a channel of batch normalization, of which one is left as a bias.
    assert numbers + 3 * (normalized - 7) == 58_423


def test_tiny_yolo_has_as_many_parameters_as_published() -> None:
    numbers, normalized = parameters(networks.tiny_yolo(classes=20))
    # darknet's file: weights, and four numbers a channel of batch normalization, one left here.
    assert numbers + 3 * (normalized - 125) == 15_867_885


def test_networks_run_and_yunet_of_random_weights_sees_no_face() -> None:
    yunet = peers.OnnxNetwork(networks.yunet(256, 320), 1)
    outputs = yunet(peers.fitted(scene(1), 320, 256))
    assert {name: value.shape[1:] for name, value in outputs.items() if name.endswith("_32")} == {
        "cls_32": (80, 1),
        "obj_32": (80, 1),
        "bbox_32": (80, 4),
        "kps_32": (80, 10),
    }
    assert len(peers.yunet_boxes(outputs, 320)) == 0
    tiny = peers.OnnxNetwork(networks.tiny_yolo(), 1)
    (grid,) = tiny(np.zeros((1, 3, 416, 416), np.float32)).values()
    assert grid.shape == (1, 30, 13, 13)
    emotions = peers.MiniXception(networks.mini_xception(), 1)(scene(5), face_boxes(5))
    assert [part.shape for part in emotions] == [(5, 4)]


def test_yunets_boxes_are_decoded_as_it_means_them() -> None:
    outputs = {}
    for stride in (8, 16, 32):
        cells = (320 // stride) * (256 // stride)
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4)):
            outputs[f"{name}_{stride}"] = np.zeros((1, cells, channels), np.float32)
    cell = 3 * (320 // 16) + 5  # third row, fifth column of stride 16
    for neighbour in (cell, cell + 1):
        outputs["cls_16"][0, neighbour] = outputs["obj_16"][0, neighbour] = 0.9
        outputs["bbox_16"][0, neighbour] = (0.5, 0.25, np.log(4), np.log(6))
    outputs["cls_16"][0, cell] = 1.0
    (box,) = peers.yunet_boxes(outputs, 320)  # the neighbour's is of the same face
    middle = ((5 + 0.5) * 16, (3 + 0.25) * 16)
    np.testing.assert_allclose(box, (middle[0] - 32, middle[1] - 48, 64, 96), rtol=1e-5)


def test_a_file_of_another_input_is_taken_at_the_size_that_is_compared(tmp_path: Path) -> None:
    file = tmp_path / "yunet.onnx"
    file.write_bytes(networks.yunet(640, 640))
    content = peers.Peers(yunet=file).yunet_content(320, 256)
    outputs = peers.OnnxNetwork(content, 1)(np.zeros((1, 3, 256, 320), np.float32))
    assert outputs["cls_8"].shape == (1, 1280, 1)


def test_peers_are_timed_in_frames_and_alone() -> None:
    rows = measure(list(peers.cases(peers.Peers(tiny_yolo=False), 1, (1,))), 0, 1)
    found = {(row.subject.model, row.stage, row.subject.input) for row in rows}
    assert ("YuNet", "detector: network", "320x320") in found
    assert ("YuNet + mini-Xception", "whole frame", "320x256") in found
    assert ("mini-Xception", "classifier: network", "64x64") in found
    (row,) = measure(list(peers.opencv_cases(peers.Peers(), 1, (1,))), 0, 1)
    assert row.subject.backend == "opencv"


@pytest.mark.parametrize("option", ["--yunet", "--mini-xception"])
def test_a_file_that_is_no_such_peer_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str
) -> None:
    def said(file: Path) -> str:
        words = ["--quick", "--seconds", "0.01", "--backend", "opencv"]
        assert command.main([*words, option, str(file)]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        (line,) = captured.err.splitlines()
        return str(line)

    assert "cannot read a peer's file" in said(tmp_path / "missing.onnx")
    (tmp_path / "text.onnx").write_text("no network\n")
    assert "text.onnx" in said(tmp_path / "text.onnx")
    (tmp_path / "empty.onnx").write_bytes(b"")
    assert "empty.onnx" in said(tmp_path / "empty.onnx")
    (tmp_path / "other.onnx").write_bytes(networks.tiny_yolo())
    assert "expected" in said(tmp_path / "other.onnx")


@pytest.mark.parametrize("shape", [(2, 1, 64, 64), (1, 1, 64, 48), (1, 64, 48, 1)])
def test_a_classifier_that_takes_no_single_squares_is_refused(shape: tuple[int, ...]) -> None:
    content = networks.with_input(networks.mini_xception(64), shape)
    with pytest.raises(peers.PeerError, match=r"expected one square at a time|does not load"):
        peers.MiniXception(content, 1)


@pytest.mark.parametrize("option", ["--yunet", "--json"])
def test_a_file_is_not_overwritten_by_another(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, option: str
) -> None:
    file = tmp_path / "file"
    words = ["--quick", "--seconds", "0.01", option, str(file), "--markdown", str(file)]
    assert command.main(words) == 1
    assert "is named twice" in capsys.readouterr().err


def test_without_onnx_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    words = ["--quick", "--seconds", "0.01", "--backend", "opencv", "--baselines"]
    assert command.main(words) == 1
    assert "pip install onnx" in capsys.readouterr().err
