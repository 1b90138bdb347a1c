"""Network, assignment and loss of the default detector, on faces made here."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from untrained_detector import untrained

from emotion_recognition.backends import onnxruntime_backend
from emotion_recognition.core.multilevel import CHANNELS, cells
from emotion_recognition.training.assignment import RADIUS, Assignment, assign
from emotion_recognition.training.default_detector import DefaultDetector, taking_pixels
from emotion_recognition.training.detection_loss import FACE, IGNORED
from emotion_recognition.training.multilevel_loss import (
    extended_iou,
    multilevel_loss,
    predicted_boxes,
)
from emotion_recognition.training.onnx_export import export_onnx
from emotion_recognition.training.quantize import fuse
from emotion_recognition.training.runtime import as_network
from emotion_recognition.training.trainer import (
    WARM_UP_STEPS,
    lengthening_average,
    warm_stable_decay,
)

SHAPE = (128, 160)
CENTERS, STRIDES = (torch.from_numpy(array) for array in cells(*SHAPE))


def target(*boxes: tuple[float, float, float, float], state: float = FACE) -> Tensor:
    """(1, 8, 5), see `multilevel_loss`."""
    result = torch.zeros(1, 8, 5)
    for index, box in enumerate(boxes):
        result[0, index] = torch.tensor([*box, state])
    return result


def perfect_output(faces: Tensor) -> Tensor:
    """(1, 5, A): every cell predicts the face whose middle is nearest, and is as sure of it."""
    boxes = faces[0, faces[0, :, 4] == FACE]
    middle = (boxes[:, :2] + boxes[:, 2:4]) / 2
    chosen = boxes[torch.cdist(CENTERS, middle).argmin(1)]
    output = torch.zeros(1, CHANNELS, len(CENTERS))
    stride = STRIDES[:, None]
    output[0, :2] = (((chosen[:, :2] + chosen[:, 2:4]) / 2 - CENTERS) / stride).T
    output[0, 2:4] = ((chosen[:, 2:4] - chosen[:, :2]) / stride).log().T
    return output


def assigned(output: Tensor, faces: Tensor) -> Assignment:
    values = output.permute(0, 2, 1)
    boxes = predicted_boxes(values, CENTERS, STRIDES)
    image, index = (faces[..., 4] == FACE).nonzero(as_tuple=True)
    return assign(boxes, values[..., 4], faces[image, index, :4], image, CENTERS, STRIDES)


def test_every_face_of_an_untrained_network_is_learned_by_a_cell_near_it() -> None:
    faces = target((4, 4, 12, 13), (20, 20, 60, 70), (70, 10, 150, 120))
    found = assigned(torch.zeros(1, CHANNELS, len(CENTERS)), faces)
    assert set(found.face.tolist()) == {0, 1, 2}
    middle = (faces[0, found.face, :2] + faces[0, found.face, 2:4]) / 2
    distance = (CENTERS[found.cell] - middle).abs().amax(1)
    assert (distance < RADIUS * STRIDES[found.cell]).all()


def test_a_face_gets_more_cells_the_better_they_predict_it() -> None:
    faces = target((20, 20, 100, 110))
    untrained = assigned(torch.zeros(1, CHANNELS, len(CENTERS)), faces)
    trained = assigned(perfect_output(faces), faces)
    assert len(untrained.cell) < len(trained.cell) == 10
    assert trained.iou == pytest.approx(torch.ones(10), abs=1e-4)


def test_a_cell_learns_the_one_of_two_faces_that_it_predicts() -> None:
    faces = target((40, 40, 80, 90), (44, 40, 84, 90))
    found = assigned(perfect_output(faces), faces)
    assert len(found.cell.unique()) == len(found.cell)
    assert set(found.face.tolist()) == {0, 1}
    assert (found.iou > 0.99).all()


def test_a_cell_that_two_faces_want_learns_one_of_them() -> None:
    faces = target((40, 40, 80, 90), (40, 40, 80, 90), (41, 41, 81, 91))
    found = assigned(torch.zeros(1, CHANNELS, len(CENTERS)), faces)
    assert len(found.cell.unique()) == len(found.cell) > 0


def test_of_cells_that_place_a_face_alike_the_surer_ones_learn_it() -> None:
    faces = target((40, 40, 80, 90))
    output = perfect_output(faces)
    output[0, 4, ::2] = 3
    assert (assigned(output, faces).cell % 2 == 0).all()


def test_faces_of_several_images_stay_apart() -> None:
    faces = torch.cat([target((40, 40, 80, 90)), target((44, 40, 84, 90))])
    output = torch.cat([perfect_output(faces[:1]), perfect_output(faces[1:])])
    found = assigned(output, faces)
    assert (found.image == found.face).all()
    assert len(found.cell) == 20
    assert (found.iou > 0.99).all()


def test_without_faces_no_cell_learns_one() -> None:
    assert len(assigned(torch.zeros(1, CHANNELS, len(CENTERS)), target()).cell) == 0


def test_extended_overlap_of_known_cases() -> None:
    a = torch.tensor([[0.0, 0, 10, 10]]).repeat(3, 1)
    b = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 20], [30, 0, 40, 10]])
    same, taller, apart = extended_iou(a, b).tolist()
    assert same == pytest.approx(1)
    assert taller == pytest.approx(0.5 - 25 / 500 - 100 / 400)
    assert apart == pytest.approx(-900 / 1700)


def test_a_perfect_output_costs_no_more_than_its_uncertainty() -> None:
    faces = target((40, 40, 80, 90))
    output = perfect_output(faces)
    output[0, 4] = -15
    output[0, 4, assigned(output, faces).cell] = 15
    assert multilevel_loss(output, faces, SHAPE).item() == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("channel", range(CHANNELS))
def test_every_kind_of_error_costs(channel: int) -> None:
    faces = target((40, 40, 80, 90))
    output = perfect_output(faces)
    output[0, 4] = -15
    output[0, 4, assigned(output, faces).cell] = 15
    before = multilevel_loss(output, faces, SHAPE)
    output[:, channel] -= 0.5 if channel != 4 else 15
    assert multilevel_loss(output, faces, SHAPE) > before + 0.01


def gradient(faces: Tensor) -> Tensor:
    output = torch.zeros(len(faces), CHANNELS, len(CENTERS), requires_grad=True)
    multilevel_loss(output, faces, SHAPE).backward()
    assert output.grad is not None
    assert output.grad.isfinite().all()
    return output.grad


def test_a_cell_on_an_ignored_face_learns_nothing() -> None:
    box = (40, 40, 80, 90)
    low, high = torch.tensor(box).split(2)
    inside = ((low < CENTERS) & (high > CENTERS)).all(1)
    learned = gradient(target(box, state=IGNORED))[0]
    assert inside.sum() > 30
    assert (learned[:, inside] == 0).all()
    assert (learned[4, (CENTERS[:, 0] > 100)] > 0).all()  # elsewhere: there is no face


def test_an_ignored_face_smaller_than_a_cell_touches_one_of_every_level() -> None:
    learned = gradient(target((41, 41, 43, 43), state=IGNORED))[0, 4]
    assert set(STRIDES[learned == 0].tolist()) == {8, 16, 32}


def test_pictures_without_faces_teach_that_there_are_none() -> None:
    assert (gradient(target())[0, 4] > 0).all()


def test_training_on_a_face_finds_it() -> None:
    torch.manual_seed(0)
    shape = (64, 64)
    network = DefaultDetector()
    image = torch.rand(1, 3, *shape) * 0.2
    image[:, :, 10:50, 16:48] += 0.6
    faces = target((16, 10, 48, 50))
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        loss = multilevel_loss(network(image), faces, shape)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    with torch.no_grad():
        output = network(image)
    centers, strides = (torch.from_numpy(array) for array in cells(*shape))
    boxes = predicted_boxes(output.permute(0, 2, 1), centers, strides)[0]
    best = boxes[output[0, 4].argmax()]
    assert extended_iou(best[None], faces[0, :1, :4]).item() > 0.6


def test_the_network_stays_within_its_budget() -> None:
    """Of parameters and of multiply-accumulates, which count for the smallest boards."""
    network = DefaultDetector().eval()
    total = 0

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d)
        total += output[0].numel() * layer.weight[0].numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    with torch.no_grad():
        output = network(torch.rand(1, 3, 256, 320))
    assert output.shape == (1, CHANNELS, len(cells(256, 320)[0]))
    assert sum(parameter.numel() for parameter in network.parameters()) < 250_000
    assert total < 66e6


def export(network: DefaultDetector, path: Path) -> None:
    export_onnx(fuse(taking_pixels(network)), torch.zeros(1, 3, 256, 320), path, any_size=True)


@pytest.mark.parametrize("size", [(256, 320), (320, 224), (32, 640)])
def test_the_exported_file_gives_the_same_for_inputs_of_any_shape(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    network = untrained()
    path = tmp_path / "float.onnx"
    export(network, path)
    exported = onnxruntime_backend.open_network(path.read_bytes(), threads=0)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, *size)).astype(np.float32)
    assert exported(pixels) == pytest.approx(as_network(taking_pixels(network))(pixels), abs=1e-3)


def test_opencv_reads_the_exported_file(tmp_path: Path) -> None:
    network = untrained()
    path = tmp_path / "float.onnx"
    export(network, path)
    opencv = cv2.dnn.readNetFromONNX(str(path))
    for shape in ((256, 320), (192, 320), (320, 256)):
        pixels = np.random.default_rng(0).integers(0, 256, (1, 3, *shape)).astype(np.float32)
        opencv.setInput(pixels)
        expected = as_network(taking_pixels(network))(pixels)
        assert opencv.forward() == pytest.approx(expected, abs=1e-3)


def test_pixels_from_0_to_255_give_what_their_fractions_gave() -> None:
    network = untrained()
    images = torch.rand(1, 3, 64, 96)
    with torch.no_grad():
        assert taking_pixels(network)(images * 255) == pytest.approx(network(images), abs=1e-4)


def rates(total: int, decay: int) -> list[float]:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
    schedule = warm_stable_decay(optimizer, total, decay)
    result = []
    for _ in range(total):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return result


def test_the_learning_rate_rises_stays_and_falls_to_nothing() -> None:
    steps = rates(2 * WARM_UP_STEPS, 200)
    assert steps[0] == pytest.approx(1 / WARM_UP_STEPS)
    assert steps[WARM_UP_STEPS:-200] == [1.0] * (WARM_UP_STEPS - 200)
    assert steps[-1] == pytest.approx(1 / 200)
    assert steps[-100] == pytest.approx(0.5)


def test_until_it_falls_the_learning_rate_does_not_depend_on_the_number_of_steps() -> None:
    short, long = rates(2 * WARM_UP_STEPS, 200), rates(3 * WARM_UP_STEPS, 0)
    assert short[:-200] == long[: len(short) - 200]
    assert long[-1] == 1.0


@pytest.mark.parametrize(("count", "decay"), [(1, 2 / 11), (90, 0.91), (10**6, 0.9995)])
def test_the_average_reaches_as_far_back_as_suits_the_steps_so_far(
    count: int, decay: float
) -> None:
    average = torch.ones(1)
    lengthening_average(0.9995)([average], [torch.zeros(1)], torch.tensor(count))
    assert average.item() == pytest.approx(decay)
