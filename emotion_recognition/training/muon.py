"""Muon: an optimizer whose steps change all directions of a weight alike.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024. The default detector
learned in three epochs with it what took AdamW fifteen. torch.optim has it for matrices alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

#: Coefficients of the Newton-Schulz iteration, and its steps, as published.
A, B, C = 3.4445, -4.7750, 2.0315
STEPS = 5
#: Makes the root mean square of a step that of AdamW's, so that its learning rates fit (Liu et al.,
#: "Muon is Scalable for LLM Training", 2025).
SCALE = 0.2


class Muon(torch.optim.Optimizer):
    """Muon for the weights of convolutions that mix channels, AdamW for all other parameters.

    learning_rate, weight_decay: of both, the decay decoupled from the gradient.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float
    ) -> None:
        super().__init__(
            parameters,
            {
                "lr": learning_rate,
                "weight_decay": weight_decay,
                "momentum": 0.95,
                "betas": (0.9, 0.999),
            },
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        assert closure is None, "a closure is not supported"
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if mixes_channels(parameter):
                    change = _orthogonal_step(parameter.grad, state, group["momentum"])
                else:
                    change = _adam_step(parameter.grad, state, *group["betas"])
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(change, alpha=group["lr"])


def mixes_channels(parameter: Tensor) -> bool:
    """Whether it is the weight of a convolution that is not depthwise."""
    return parameter.ndim == 4 and parameter.shape[1] > 1


def orthogonalized(matrix: Tensor) -> Tensor:
    """(M, N) -> the same with singular values near 1, by a Newton-Schulz iteration.

    Each step multiplies from one side by a polynomial of the small square matrix of products. All
    that are needed follow from the first, so the long matrix is multiplied twice and not ten times.
    """
    x: Tensor = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    square = x.T @ x if tall else x @ x.T
    product = torch.eye(len(square), dtype=x.dtype)
    for _ in range(STEPS):
        polynomial = torch.addmm(square, square, square, beta=B, alpha=C)
        polynomial.diagonal().add_(A)
        product = polynomial @ product
        square = polynomial @ square @ polynomial
    return x @ product if tall else product @ x


def _orthogonal_step(gradient: Tensor, state: dict[str, Tensor], momentum: float) -> Tensor:
    if not state:
        state["average"] = torch.zeros_like(gradient)
    average = state["average"]
    average.lerp_(gradient, 1 - momentum)
    matrix = gradient.lerp(average, momentum).flatten(1)  # Nesterov's look ahead
    change: Tensor = orthogonalized(matrix) * (SCALE * math.sqrt(max(matrix.shape)))
    return change.view_as(gradient)


def _adam_step(gradient: Tensor, state: dict[str, Tensor], beta1: float, beta2: float) -> Tensor:
    if not state:
        state["steps"] = torch.zeros(())
        state["average"] = torch.zeros_like(gradient)
        state["square"] = torch.zeros_like(gradient)
    steps, average, square = state["steps"], state["average"], state["square"]
    steps += 1
    average.lerp_(gradient, 1 - beta1)
    square.lerp_(gradient.square(), 1 - beta2)
    denominator = (square / (1 - beta2**steps)).sqrt() + 1e-8
    change: Tensor = average / (1 - beta1**steps) / denominator
    return change
