"""In which order samples are drawn, and that a run can take the order up again."""

import numpy as np

from emotion_recognition.training.sampling import EpochSampler


def test_an_epoch_has_every_sample_once_in_an_order_of_its_own() -> None:
    sampler = EpochSampler(50, seed=1)
    first = list(sampler)
    assert sorted(first) == [(0, index) for index in range(50)]
    sampler.epoch = 1
    assert [index for _, index in sampler] != [index for _, index in first]


def test_weights_say_how_often_a_sample_is_drawn() -> None:
    sampler = EpochSampler(4000, seed=1, weights=[1.0, 3.0] * 2000)
    drawn = np.array([index for _, index in sampler])
    assert len(drawn) == 4000
    assert 0.7 < (drawn % 2).mean() < 0.8


def test_a_run_taken_up_again_draws_the_same_samples() -> None:
    for weights in (None, [1.0, 3.0] * 20):
        before, after = (EpochSampler(40, seed=1, weights=weights) for _ in range(2))
        before.epoch = after.epoch = 7
        assert list(before) == list(after)
