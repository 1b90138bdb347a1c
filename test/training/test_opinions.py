"""Teachers' opinions as targets, and the faces that they are of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion_recognition.training.emotion_data import EmotionImages
from emotion_recognition.training.opinions import (
    fingerprint,
    opinions,
    read_opinions,
    read_teacher,
    upright,
    with_classifier,
    with_opinions,
)
from emotion_recognition.training.teachers import EMOTIONS, TEACHERS


class Certain(nn.Module):
    """Of one emotion, whatever it sees."""

    def __init__(self, emotion: int) -> None:
        super().__init__()
        self.emotion = emotion

    def forward(self, crops: Tensor) -> Tensor:
        return 100 * torch.eye(EMOTIONS)[[self.emotion] * len(crops)]


class LooksLeft(nn.Module):
    """Certain of emotion 0 where the left half is brighter, of emotion 1 elsewhere."""

    def forward(self, crops: Tensor) -> Tensor:
        brighter = crops[..., :32].mean((1, 2, 3)) > crops[..., 32:].mean((1, 2, 3))
        return 100 * torch.eye(EMOTIONS)[(~brighter).long()]


def faces(count: int = 3) -> EmotionImages:
    rng = np.random.default_rng(0)
    crops = [np.asarray(rng.integers(0, 256, (48, 48)), np.uint8) for _ in range(count)]
    return EmotionImages(crops, np.zeros((count, EMOTIONS), np.float32))


def test_several_teachers_weigh_the_same() -> None:
    answers = opinions([Certain(1), Certain(2)], faces())
    expected = torch.zeros(3, EMOTIONS)
    expected[:, 1:3] = 0.5
    torch.testing.assert_close(answers, expected)


def test_a_face_and_its_mirror_image_weigh_the_same() -> None:
    crop = np.zeros((64, 64), np.uint8)
    crop[:, :32] = 200
    one_sided = EmotionImages([crop], np.zeros((1, EMOTIONS), np.float32))
    answers = opinions([LooksLeft()], one_sided)
    torch.testing.assert_close(answers[0, :2], torch.tensor([0.5, 0.5]))


def test_a_face_without_votes_is_the_teachers_alone() -> None:
    votes = np.zeros((2, EMOTIONS), np.float32)
    votes[0, 0] = 1
    opinion = np.zeros((2, EMOTIONS), np.float32)
    opinion[:, 1] = 1
    targets = with_opinions(EmotionImages(faces(2).crops, votes), opinion, 0.75, EMOTIONS).targets
    np.testing.assert_allclose(targets[0, :2], [0.25, 0.75])
    np.testing.assert_allclose(targets[1, :2], [0, 1])


def test_of_eight_emotions_four_are_told_apart_as_if_there_were_no_others() -> None:
    votes = np.array([[0.5, 0, 0, 0, 0.5, 0, 0, 0]], np.float32)
    opinion = np.array([[0.1, 0.1, 0, 0, 0.8, 0, 0, 0]], np.float32)
    targets = with_opinions(EmotionImages(faces(1).crops, votes), opinion, 0.5, 4).targets
    np.testing.assert_allclose(targets, [[0.75, 0.25, 0, 0]], atol=1e-6)


def test_a_classifier_of_four_judges_only_how_these_divide_what_they_have() -> None:
    opinion = np.array([[0.4, 0, 0.1, 0, 0.5, 0, 0, 0]], np.float32)

    def classify(crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Of the second emotion where the left is bright, of the third in the mirror."""
        return np.eye(4, dtype=np.float32)[[1 if crop[0, 0] else 2 for crop in crops]]

    crop = np.zeros((48, 48), np.uint8)
    crop[:, :24] = 200
    images = EmotionImages([crop], np.zeros((1, EMOTIONS), np.float32))
    together = with_classifier(opinion, 1, classify, images)
    np.testing.assert_allclose(together, [[0.2, 0.125, 0.175, 0, 0.5, 0, 0, 0]], atol=1e-6)


def test_opinions_of_other_faces_are_refused(tmp_path: Path) -> None:
    images = faces()
    answers = np.full((3, EMOTIONS), 1 / EMOTIONS, np.float16)
    np.savez(tmp_path / "opinions.npz", opinions=answers, fingerprint=fingerprint(images))
    np.testing.assert_array_equal(read_opinions(tmp_path / "opinions.npz", images), answers)
    with pytest.raises(ValueError, match="other faces"):
        read_opinions(tmp_path / "opinions.npz", faces(2))


@pytest.mark.parametrize("name", TEACHERS)
def test_a_teacher_comes_back_from_its_weights(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = TEACHERS[name]().eval()
    torch.save(network.state_dict(), tmp_path / "float.pt")
    crops = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(read_teacher(name, tmp_path / "float.pt")(crops), network(crops))
        assert network(crops).shape == (2, EMOTIONS)


def test_an_upright_face_has_its_eyes_level() -> None:
    gray = np.zeros((200, 200), np.uint8)
    eyes = np.array([[80, 80], [120, 100]])
    for x, y in eyes:
        gray[y - 3 : y + 4, x - 3 : x + 4] = 255
    landmarks = np.array([*eyes, [90, 110], [75, 120], [105, 135]], np.float32)
    view = upright(gray, np.array([50, 50, 150, 170], np.float32), landmarks)
    rows, columns = np.nonzero(view > 100)
    left, right = columns < 32, columns >= 32
    assert left.any()
    assert right.any()
    assert abs(rows[left].mean() - rows[right].mean()) < 1
    distance = columns[right].mean() - columns[left].mean()
    assert distance == pytest.approx(np.hypot(40, 20) * 64 / 120, abs=1)
