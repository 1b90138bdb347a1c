"""The packaged default detector: its figures, its landmarks, and that its backends agree."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition import EmotionPipeline, load_detector
from emotion_recognition.backends import BACKENDS
from emotion_recognition.core.images.sources import open_source
from emotion_recognition.core.manifest import read_manifest
from emotion_recognition.training.evaluate import measure

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

Image = NDArray[np.uint8]


@pytest.fixture(scope="module")
def images() -> list[Image]:
    """Views of one photograph: a face of several sizes and places."""
    return list(open_source("astronaut"))[::30]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_face_of_the_photograph_has_its_eyes_nose_and_mouth(
    backend: str, images: list[Image]
) -> None:
    detect = load_detector("default", backend)
    for image in images:
        (face,) = detect(image)
        eye1, eye2, nose, mouth1, mouth2 = face.landmarks
        assert face.box.x1 < eye1[0] < nose[0] < eye2[0] < face.box.x2
        assert mouth1[0] < nose[0] < mouth2[0]
        assert face.box.y1 < max(eye1[1], eye2[1]) < nose[1] < min(mouth1[1], mouth2[1])
        assert max(mouth1[1], mouth2[1]) < face.box.y2


@pytest.mark.parametrize(
    ("backend", "pixels"), [("opencv", 0.1), ("torch", 0.1), ("ncnn", 0.5)], ids=lambda item: item
)
def test_backends_find_the_same_faces(backend: str, pixels: float, images: list[Image]) -> None:
    one, other = (load_detector("default", name) for name in ("onnxruntime", backend))
    for image in images:
        for first, second in zip(one(image), other(image), strict=True):
            assert vars(first.box) == pytest.approx(vars(second.box), abs=pixels)
            assert np.array(first.landmarks) == pytest.approx(
                np.array(second.landmarks), abs=pixels
            )
            assert first.score == pytest.approx(second.score, abs=0.01)


@pytest.mark.parametrize("backend", ["onnxruntime", "ncnn", "torch"])
@pytest.mark.parametrize("input_width", [160, 320, 640])
def test_inputs_of_other_widths_find_the_face_as_well(
    input_width: int, backend: str, images: list[Image]
) -> None:
    detect = load_detector("default", backend, input_width=input_width)
    expected = load_detector("default", "onnxruntime")(images[0])[0]
    (face,) = detect(images[0])
    assert face.box.iou(expected.box) > 0.7


def test_the_pipeline_classifies_the_faces_that_it_finds_and_keeps_their_landmarks(
    images: list[Image],
) -> None:
    (face,) = EmotionPipeline(detector="default", backend="onnxruntime")(images[0])
    assert len(face.probabilities) == 4
    assert len(face.landmarks) == 5


@pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the evaluation images are not part of the project: no {DATA}"
)
def test_the_default_detector_is_as_good_as_its_manifest_says() -> None:
    figures = measure("detector", DATA, artefacts=("onnx_float",), name="default")["onnx_float"]
    published = read_manifest("detector", "default").metrics["onnx_float"]
    assert figures == pytest.approx(published, abs=0.005)
