"""Shuffling that an interrupted run can take up again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler


class EpochSampler(Sampler[tuple[int, int]]):
    """Shuffles by epoch and passes the epoch on, so that augmentation can be reproduced.

    weights: of each sample, to draw it more or less often than the others; None: each once.
    """

    def __init__(self, length: int, seed: int, weights: Sequence[float] | None = None) -> None:
        self.length = length
        self.seed = seed
        self.shares = None if weights is None else np.asarray(weights) / np.sum(weights)
        self.epoch = 0

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[tuple[int, int]]:
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.shares is None:
            order = rng.permutation(self.length)
        else:
            order = rng.choice(self.length, self.length, p=self.shares)
        return iter([(self.epoch, int(index)) for index in order])
