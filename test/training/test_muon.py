"""The optimizer of the default detector."""

import torch
from torch import nn

from emotion_recognition.training.muon import Muon, mixes_channels, orthogonalized


def test_an_orthogonalized_matrix_changes_all_directions_alike() -> None:
    torch.manual_seed(0)
    stretched = torch.randn(24, 24) @ torch.diag(torch.logspace(0, -1.5, 24)) @ torch.randn(24, 90)
    for matrix in (stretched, stretched.T):
        singular_values = torch.linalg.svdvals(orthogonalized(matrix))
        assert singular_values.max() < 1.3
        assert singular_values.min() > 0.4


def test_only_convolutions_that_mix_channels_are_orthogonalized() -> None:
    assert mixes_channels(nn.Conv2d(8, 16, 3).weight)
    assert not mixes_channels(nn.Conv2d(8, 8, 3, groups=8).weight)
    assert not mixes_channels(nn.BatchNorm2d(8).weight)


def test_a_step_does_not_depend_on_the_size_of_the_gradient() -> None:
    changes = []
    for size in (1.0, 1e-3):
        torch.manual_seed(0)
        layer = nn.Conv2d(4, 8, 3)
        before = [parameter.detach().clone() for parameter in layer.parameters()]
        optimizer = Muon(layer.parameters(), 0.01, weight_decay=0.0)
        (layer(torch.ones(1, 4, 3, 3)).sum() * size).backward()
        optimizer.step()
        changes.append(
            [
                parameter.detach() - old
                for parameter, old in zip(layer.parameters(), before, strict=True)
            ]
        )
    for large, small in zip(*changes, strict=True):
        assert large.abs().max() > 0
        torch.testing.assert_close(large, small, rtol=1e-3, atol=1e-6)


def test_weights_decay_without_a_gradient_of_their_own() -> None:
    layer = nn.Conv2d(4, 8, 3, bias=False)
    before = layer.weight.detach().clone()
    optimizer = Muon(layer.parameters(), 0.1, weight_decay=0.5)
    layer.weight.grad = torch.zeros_like(layer.weight)
    optimizer.step()
    torch.testing.assert_close(layer.weight.detach(), before * (1 - 0.1 * 0.5))


def test_a_convolution_learns() -> None:
    torch.manual_seed(0)
    wanted, layer = nn.Conv2d(3, 16, 3), nn.Conv2d(3, 16, 3)
    images = torch.randn(32, 3, 8, 8)
    optimizer = Muon(layer.parameters(), 0.02, weight_decay=0.0)
    losses = []
    for _ in range(60):
        loss = (layer(images) - wanted(images).detach()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
