"""The detector with levels, behind networks made here."""

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.images.raw import ImageError
from emotion_recognition.core.multilevel import (
    CHANNELS,
    STRIDES,
    MultilevelDetector,
    cells,
    decode,
    fit_input,
    suppress,
)
from emotion_recognition.core.types import Box

Floats = NDArray[np.float32]


def output_for(box: tuple[float, ...], stride: int, shape: tuple[int, int], logit: float) -> Floats:
    """(5, A) that says of one cell that it sees a face, in pixels of the input; of others not."""
    centers, strides = cells(*shape)
    middle = np.array([box[0] + box[2], box[1] + box[3]], np.float32) / 2
    size = np.array([box[2] - box[0], box[3] - box[1]], np.float32)
    distance = np.abs(centers - middle).max(1) + 1e6 * (strides != stride)
    cell = int(distance.argmin())
    output = np.zeros((CHANNELS, len(centers)), np.float32)
    output[4] = -20
    output[:2, cell] = (middle - centers[cell]) / stride
    output[2:4, cell] = np.log(size / stride)
    output[4, cell] = logit
    return output


def network_for(box: tuple[float, ...], stride: int = 16, logit: float = 2.0) -> Network:
    """A network that finds the same face in every input."""

    def run(tensor: Floats) -> Floats:
        return output_for(box, stride, (tensor.shape[2], tensor.shape[3]), logit)[None]

    return run


@pytest.mark.parametrize("stride", STRIDES)
def test_a_face_on_every_level_is_found_where_it_is(stride: int) -> None:
    box = (100.0, 60.0, 148.0, 124.0)
    boxes, scores = decode(output_for(box, stride, (256, 320), 0.0), (256, 320), 0.5)
    assert boxes == pytest.approx(np.array([box]), abs=1e-3)
    assert scores == pytest.approx([0.5])


def test_a_face_in_the_padding_is_none() -> None:
    asked: list[object] = []

    class Landmarker:
        def __call__(self, image: object, boxes: list[object]) -> tuple[tuple[()], ...]:
            asked.extend(boxes)
            return ((),) * len(boxes)

    detect = MultilevelDetector(network_for((100, 242, 148, 254)), 0.5, landmarker=Landmarker())  # type: ignore[arg-type]
    assert detect(np.zeros((480, 640, 3), np.uint8)) == ()  # which ends at 240
    assert asked == []


def test_faces_are_in_pixels_of_the_image() -> None:
    detect = MultilevelDetector(network_for((100, 60, 148, 124)), 0.5)
    (face,) = detect(np.zeros((480, 640, 3), np.uint8))  # twice as large as the input
    assert (face.box.x1, face.box.y1, face.box.x2, face.box.y2) == pytest.approx(
        (200, 120, 296, 248), abs=1e-3
    )
    assert face.score == pytest.approx(1 / (1 + np.exp(-2)))
    assert face.landmarks == (), "without a landmarker"


@pytest.mark.parametrize(
    ("image", "input_width", "expected"),
    [
        ((480, 640), 320, (256, 320)),
        ((640, 480), 320, (320, 256)),
        ((720, 1280), 320, (192, 320)),
        ((480, 640), 160, (128, 160)),
        ((480, 640), 640, (480, 640)),
        ((1, 1000), 320, (32, 320)),
        ((1000, 1), 320, (320, 32)),
    ],
)
def test_the_input_is_padded_no_more_than_to_multiples_of_32(
    image: tuple[int, int], input_width: int, expected: tuple[int, int]
) -> None:
    pixels, scale = fit_input(np.full((*image, 3), 9, np.uint8), input_width)
    assert pixels.shape == (*expected, 3)
    assert scale == input_width / max(image)
    rows, columns = max(1, round(image[0] * scale)), max(1, round(image[1] * scale))
    assert (pixels[:rows, :columns] == 9).all()
    assert (pixels[rows:] == 114).all()
    assert (pixels[:, columns:] == 114).all()


@pytest.mark.parametrize("input_width", [0, -32, 8, 16, 48, 300, 321])
def test_an_input_width_that_the_levels_do_not_divide_is_refused(input_width: int) -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        MultilevelDetector(network_for((0, 0, 9, 9)), 0.5, input_width)


def test_the_network_gets_bgr_pixels_from_0_to_255() -> None:
    seen = []

    def network(tensor: Floats) -> Floats:
        seen.append(tensor)
        return output_for((0, 0, 9, 9), 8, (256, 320), 0.0)[None]

    image = np.zeros((240, 320, 3), np.uint8)
    image[..., 2] = 255
    MultilevelDetector(network, 0.5)(image)
    assert seen[0].dtype == np.float32
    assert seen[0].shape == (1, 3, 256, 320)
    assert seen[
        0
    ].flags.c_contiguous  # otherwise every backend copies it, which takes longest of all
    assert seen[0][0, :, 0, 0].tolist() == [0, 0, 255]


def test_a_score_under_the_threshold_is_no_face() -> None:
    detect = MultilevelDetector(network_for((100, 60, 148, 124), logit=0.0), 0.51)
    image = np.zeros((240, 320, 3), np.uint8)
    assert detect(image) == ()
    assert len(detect(image, 0.49)) == 1


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold: float) -> None:
    detect = MultilevelDetector(network_for((0, 0, 9, 9)), 0.5)
    with pytest.raises(ValueError, match="score_threshold"):
        detect(np.zeros((240, 320, 3), np.uint8), threshold)


def test_what_is_no_image_is_refused() -> None:
    detect = MultilevelDetector(network_for((0, 0, 9, 9)), 0.5)
    with pytest.raises(ImageError):
        detect(np.zeros((240, 320), np.uint8))


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_an_output_that_is_not_finite_is_refused(wrong: float) -> None:
    output = output_for((0, 0, 9, 9), 8, (256, 320), 0.0)
    output[0, 0] = wrong
    with pytest.raises(FloatingPointError, match="not finite"):
        decode(output, (256, 320), 0.5)


def test_huge_values_overflow_nothing() -> None:
    output = np.full((CHANNELS, len(cells(64, 64)[0])), 1e4, np.float32)
    boxes, scores = decode(output, (64, 64), 0.5)
    assert np.isfinite(boxes).all()
    assert (scores == 1).all()
    output[4] = -1e4
    assert len(decode(output, (64, 64), 0.5)[0]) == 0
    output[:4] = 0
    with np.errstate(all="raise"):
        assert decode(output, (64, 64), 0.0)[1].max() < 1e-20
        output[4] = 1e4
        assert decode(output, (64, 64), 0.0)[1].min() == 1


def test_boxes_on_one_face_become_one_between_them_with_the_best_score() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [40, 40, 50, 50]], np.float32)
    found, scores = suppress(boxes, np.array([0.6, 0.9, 0.7], np.float32))
    assert scores == pytest.approx([0.9, 0.7])
    best, other = 0.9, 0.6 * 90 / 110  # score times overlap with the best
    assert found[0, 0] == pytest.approx(best / (best + other)), "nearer to the better one"
    assert found[1] == pytest.approx(boxes[2])


def test_without_a_face_all_is_empty() -> None:
    boxes, scores = suppress(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    assert (boxes.shape, scores.shape, boxes.dtype) == ((0, 4), (0,), np.float32)
    detect = MultilevelDetector(network_for((0, 0, 9, 9), logit=-20), 0.5)
    assert detect(np.zeros((240, 320, 3), np.uint8)) == ()


def test_every_multiple_of_32_is_an_input_width() -> None:
    assert MultilevelDetector(network_for((0, 0, 9, 9)), 0.5, 32).input_width == 32


def test_each_cell_that_sees_a_face_has_a_box_of_its_own() -> None:
    first, second = (10.0, 20.0, 50.0, 70.0), (200.0, 100.0, 260.0, 180.0)
    output = output_for(first, 8, (256, 320), 1.0)
    other = output_for(second, 16, (256, 320), 1.0)
    cell = int(other[4].argmax())
    output[:, cell] = other[:, cell]
    boxes, _ = decode(output, (256, 320), 0.5)
    assert boxes == pytest.approx(np.array([first, second]), abs=1e-3)


def test_at_a_threshold_of_0_every_cell_is_a_face_and_at_1_only_what_is_sure() -> None:
    output = np.zeros((CHANNELS, len(cells(64, 64)[0])), np.float32)
    output[4] = -30
    output[4, :3] = (17.0, 17.5, 30.0)  # 1 / (1 + exp(-17.5)) is 1 in float32
    assert len(decode(output, (64, 64), 0.0)[1]) == output.shape[1]
    assert len(decode(output, (64, 64), 1.0)[1]) == 2


def test_landmarks_are_those_of_the_landmarker() -> None:
    asked: list[tuple[tuple[int, ...], list[Box]]] = []
    points = tuple((float(index), 7.0) for index in range(5))

    class Landmarker:
        def __call__(
            self, image: NDArray[np.uint8], boxes: list[Box]
        ) -> tuple[tuple[tuple[float, float], ...], ...]:
            asked.append((image.shape, boxes))
            return (points,) * len(boxes)

    network = network_for((-20, 60, 28, 124))
    (face,) = MultilevelDetector(network, 0.5, landmarker=Landmarker())(  # type: ignore[arg-type]
        np.zeros((480, 640, 3), np.uint8)
    )
    assert face.landmarks == points
    assert face.box.x1 == 0
    ((shape, (box,)),) = asked
    assert shape == (480, 640, 3), "the image itself, and not the input of the network"
    assert box.x1 == pytest.approx(-40, abs=1e-3), "the whole face, also where it is cut off"
