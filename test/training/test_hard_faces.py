"""Faces of which a part is hidden, and conditions under which little can be told."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from emotion_recognition.training.emotion_data import EmotionDataset, EmotionImages
from emotion_recognition.training.harsh_conditions import CONDITIONS
from emotion_recognition.training.hidden_parts import (
    USUAL_LANDMARKS,
    cover_from_side,
    draw_mask,
    hide_part,
    mask_outline,
)

Crop = NDArray[np.uint8]


def noise(seed: int = 0) -> Crop:
    return np.asarray(np.random.default_rng(seed).integers(60, 200, (64, 64)), np.uint8)


@pytest.mark.parametrize(
    ("side", "hidden"),
    [
        (0, np.s_[48:, :]),
        (1, np.s_[:16, :]),
        (2, np.s_[:, :16]),
        (3, np.s_[:, 48:]),
    ],
)
def test_a_quarter_is_covered_from_the_side_that_was_asked_for(
    side: int, hidden: tuple[slice, slice]
) -> None:
    crop, fill = noise(), np.full((64, 64), 7, np.uint8)
    covered = cover_from_side(crop, 0.25, side, fill)
    assert (covered[hidden] == 7).all()
    seen = np.ones((64, 64), bool)
    seen[hidden] = False
    np.testing.assert_array_equal(covered[seen], crop[seen])


def test_a_mask_hides_mouth_and_nose_and_leaves_the_eyes() -> None:
    crop = noise()
    landmarks = USUAL_LANDMARKS * 64
    masked = draw_mask(crop, landmarks, 250, np.random.default_rng(0))
    changed = masked != crop
    for x, y in landmarks[2:].astype(int):
        assert changed[y - 2 : y + 3, x - 2 : x + 3].mean() > 0.9
    for x, y in landmarks[:2].astype(int):
        assert not changed[y - 3 : y + 4, x - 3 : x + 4].any()


def test_a_mask_turns_with_the_face() -> None:
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    landmarks = USUAL_LANDMARKS * 64
    np.testing.assert_allclose(
        mask_outline((landmarks @ turn.T).astype(np.float32)),
        mask_outline(landmarks) @ turn.T,
        atol=1e-3,
    )


def test_hiding_a_part_changes_much_and_not_all_of_a_face() -> None:
    crop = noise()
    shares = [
        (hide_part(crop, noise(1), np.random.default_rng(seed)) != crop).mean()
        for seed in range(60)
    ]
    assert max(shares) < 0.7
    assert np.median(shares) > 0.1


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_harsh_condition_keeps_the_shape_and_costs_detail(
    condition: Callable[[Crop, np.random.Generator], Crop],
) -> None:
    crop, changes = noise(), []
    for seed in range(8):
        changed = condition(crop, np.random.default_rng(seed))
        assert changed.shape == crop.shape
        assert changed.dtype == np.uint8
        changes.append(np.abs(changed.astype(int) - crop).mean())
    assert max(changes) > 3


def test_as_many_samples_are_hidden_as_were_asked_for() -> None:
    white = np.full((48, 48), 255, np.uint8)
    images = EmotionImages([white] * 100, np.eye(4, dtype=np.float32)[[0] * 100])
    plain, hidden = (EmotionDataset(images, 0, hidden=share) for share in (0.0, 1.0))
    differences = [
        not np.array_equal(plain[(0, index)][0], hidden[(0, index)][0]) for index in range(20)
    ]
    assert np.mean(differences) > 0.7
    assert hidden[(0, 3)][1].tolist() == [1, 0, 0, 0]
