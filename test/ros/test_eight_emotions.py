"""A classifier of all eight emotions, in an order of its own, from its file to what hears of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="needs the backend")

from conftest import Peer, StartNode
from numpy.typing import NDArray

from emotion_recognition import EmotionPipeline, load_classifier
from emotion_recognition.core.images.overlay import COLORS, draw_faces
from emotion_recognition.core.manifest import MODELS, read_manifest
from emotion_recognition.core.types import Emotion
from emotion_recognition.tools import cli

Pixels = NDArray[np.uint8]

#: The order of FER+, in which neither the place nor the id of "fearful" is that of the other.
LABELS = (
    "neutral",
    "happy",
    "surprised",
    "sad",
    "angry",
    "disgusted",
    "fearful",
    "contemptuous",
)
PROBABILITIES = (0.05, 0.04, 0.03, 0.1, 0.02, 0.015, 0.7, 0.045)
FEARFUL = Emotion(5, "fearful", pytest.approx(0.7, abs=1e-5))


def write_network(path: Path) -> None:
    """A network that says PROBABILITIES of every crop."""
    from onnx import TensorProto, helper, save_model

    values = np.log(PROBABILITIES).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Flatten", ["crop"], ["pixels"]),
            helper.make_node("Gemm", ["pixels", "weight", "bias"], ["logits"]),
        ],
        "eight",
        [helper.make_tensor_value_info("crop", TensorProto.FLOAT, (1, 1, 64, 64))],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, 8))],
        [
            helper.make_tensor("weight", TensorProto.FLOAT, (4096, 8), np.zeros(4096 * 8)),
            helper.make_tensor("bias", TensorProto.FLOAT, (8,), values),
        ],
    )
    opset = [helper.make_opsetid("", 13)]
    save_model(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged models, the classifier `eight` another one whose answers are known."""
    pytest.importorskip("onnx", reason="writes the network")
    root = tmp_path_factory.mktemp("eight") / "models"
    shutil.copytree(MODELS, root)
    folder = root / "classifier_eight"
    shutil.rmtree(folder)
    folder.mkdir()
    write_network(folder / "float.onnx")
    digest = hashlib.sha256((folder / "float.onnx").read_bytes()).hexdigest()
    manifest = {
        "kind": "classifier",
        "input_shape": [1, 1, 64, 64],
        "output_shape": [1, 8],
        "labels": LABELS,
        "settings": {"temperature": 1.0, "crop_scale": 1.0, "reject_threshold": 0.5},
        "files": {"onnx_float": {"name": "float.onnx", "sha256": digest}},
        "metrics": {},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return root


@pytest.fixture
def installed(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if these models were the packaged ones."""
    monkeypatch.setattr(read_manifest, "__defaults__", (models,))
    monkeypatch.setenv("MODELS", str(models))


pytestmark = pytest.mark.usefixtures("installed")


def test_the_classifier_and_the_pipeline_give_the_order(face_image: Pixels) -> None:
    assert load_classifier("eight", "onnxruntime").labels == LABELS
    assert load_classifier().labels == ("neutral", "angry", "surprised", "happy")
    pipeline = EmotionPipeline(classifier="eight", backend="onnxruntime")
    assert pipeline.labels == LABELS
    (face,) = pipeline(face_image)
    assert face.labels == LABELS
    assert face.probabilities == pytest.approx(PROBABILITIES, abs=1e-5)
    assert face.emotion == FEARFUL


def test_the_overlay_has_a_color_for_it(face_image: Pixels) -> None:
    (face,) = EmotionPipeline(classifier="eight", backend="onnxruntime")(face_image)
    drawn = draw_faces(face_image, [face])
    assert (drawn == COLORS["fearful"]).all(axis=2).sum() > 200


def test_the_command_line_tells_all_eight(
    face_image: Pixels, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.png"
    cv2.imwrite(str(photo), face_image)
    assert cli.main([str(photo), "--classifier", "eight"]) == 0
    (face,) = json.loads(capsys.readouterr().out)["faces"]
    assert (face["emotion"], face["confidence"]) == ("fearful", 0.7)
    assert face["probabilities"] == dict(zip(LABELS, PROBABILITIES, strict=True))
    assert list(face["probabilities"]) == list(LABELS)


def test_the_node_and_the_bridge_tell_it_in_their_words(
    interfaces: Callable[[str], None], start_node: StartNode, peer: Peer, face_image: Pixels
) -> None:
    pytest.importorskip("rclpy", reason="needs ROS 2")
    pytest.importorskip("emotion_recognition.msg", reason="needs the built messages")
    interfaces("hri_msgs")
    interfaces("vision_msgs")
    from conversation import READY, Conversation
    from hri_msgs.msg import Expression, FacialLandmarks, IdsList
    from vision_msgs.msg import Detection2DArray

    from emotion_recognition.msg import FaceEmotion

    start_node("emotion_node_with_models.py", classifier="eight").wait_for_log(READY)
    start_node("hri_bridge").wait_for_log("Publishing the faces")
    conversation = Conversation(peer)
    detections = peer.subscribe(Detection2DArray, "detections")
    tracked = peer.subscribe(IdsList, "/humans/faces/tracked")
    peer.wait_for_publisher("detections")
    peer.wait_for_publisher("/humans/faces/tracked")

    def ask() -> Any:  # noqa: ANN401
        return conversation.ask(conversation.message(face_image))

    peer.wait_until(lambda: ask() and any(message.ids for message in tracked.all), "an id")
    answer = ask()
    assert answer.model == "default/eight"
    assert tuple(answer.labels) == LABELS
    (face,) = answer.faces
    assert (face.emotion, face.label) == (FaceEmotion.FEARFUL, "fearful")
    assert face.confidence == pytest.approx(0.7, abs=1e-5)
    for told in (face.probabilities, face.raw_probabilities):
        assert list(told) == pytest.approx(PROBABILITIES, abs=1e-5)
    assert len(face.landmarks) == 5

    results = detections.wait_for(lambda message: message.detections).detections[0].results
    assert [item.hypothesis.class_id for item in results] == [
        "fearful", "sad", "neutral", "contemptuous", "happy", "surprised", "angry", "disgusted",
    ]  # fmt: skip

    (face_id,) = next(message.ids for message in tracked.all if message.ids)
    expressions = peer.subscribe(Expression, f"/humans/faces/{face_id}/expression")
    points = peer.subscribe(FacialLandmarks, f"/humans/faces/{face_id}/landmarks")
    peer.wait_until(lambda: ask() and bool(expressions.all and points.all), "what the bridge says")
    assert expressions.all[0].expression == Expression.SCARED
    found = points.all[0].landmarks
    assert found[FacialLandmarks.NOSE].x == pytest.approx(face.landmarks[2].x / 320, abs=1e-4)
    assert sum(point.c > 0 for point in found) == 5
