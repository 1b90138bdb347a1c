"""The training loop of all networks: schedules, weight averaging, resumable checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.data import DataLoader
from tqdm import tqdm

from emotion_recognition.training.curves import save_curves
from emotion_recognition.training.quantize import fuse, quantization_aware, take_weights

STATISTICS_BATCHES = 200
WARM_UP_STEPS = 500

Weights = tuple[Tensor, ...] | list[Tensor]
MakeOptimizer = Callable[..., torch.optim.Optimizer]


def train_and_save(
    network: nn.Module,
    train: Callable[[nn.Module], nn.Module],
    output: Path,
    calibrate: Callable[[nn.Module], torch.fx.GraphModule] | None = None,
) -> None:
    """Leaves weights for `publish` in `output`: float.pt, or fused.pt if trained with rounding.

    train: see `fit`. calibrate: gives the fused network the ranges to round to; None trains the
    network as it is.
    """
    if calibrate is None:
        torch.save(train(network).state_dict(), output / "float.pt")
        return
    fused = fuse(network)
    trained = train(quantization_aware(calibrate(fused)))
    torch.save(take_weights(fused, trained).state_dict(), output / "fused.pt")


def fit(
    model: nn.Module,
    loss_function: Callable[[Tensor, Tensor], Tensor],
    loader: DataLoader[tuple[Tensor, Tensor]],
    validate: Callable[[nn.Module], dict[str, float]],
    output: Path,
    epochs: int,
    learning_rate: float,
    weight_decay: float = 0.02,
    ema_decay: float = 0.998,
    validate_every: int = 1,
    decay_epochs: int | None = None,
    make_optimizer: MakeOptimizer = torch.optim.AdamW,
) -> nn.Module:
    """Trains and returns the averaged model, leaving checkpoint.pt and curves.png in `output`.

    The loader yields uint8 images and targets; images are scaled to [0, 1] here. Its sampler has
    an `epoch` attribute, so that an interrupted run, started again, draws the same samples and
    ends with the same weights. decay_epochs: see `warm_stable_decay`, with an average that suits
    any number of steps; None: one cycle with a cosine over all epochs. make_optimizer: called with
    the parameters, the learning rate and the keyword weight_decay.
    """
    output.mkdir(parents=True, exist_ok=True)
    multiplies_bfloat16 = has_bfloat16()
    checkpoint = output / "checkpoint.pt"
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(
        model,
        multi_avg_fn=get_ema_multi_avg_fn(ema_decay)
        if decay_epochs is None
        else lengthening_average(ema_decay),
    )
    optimizer = make_optimizer(
        [parameter for parameter in model.parameters() if parameter.requires_grad],
        learning_rate,
        weight_decay=weight_decay,
    )
    total_steps = epochs * len(loader)
    schedule: torch.optim.lr_scheduler.LRScheduler
    if decay_epochs is None:
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, learning_rate, total_steps=total_steps, pct_start=0.08, cycle_momentum=False
        )
    else:
        schedule = warm_stable_decay(optimizer, total_steps, decay_epochs * len(loader))
    history: list[dict[str, float]] = []
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        history = state["history"]

    with tqdm(
        total=total_steps, initial=len(history) * len(loader), unit="batch", mininterval=5
    ) as bar:
        for epoch in range(len(history), epochs):
            loader.sampler.epoch = epoch  # type: ignore[attr-defined]
            train_mode(model)
            total = 0.0
            for images, targets in loader:
                scaled = _scaled(images)
                with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16):
                    predictions = model(scaled)
                loss = loss_function(predictions.float(), targets)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 10.0)
                optimizer.step()
                schedule.step()
                average.update_parameters(model)
                total += loss.item()
                bar.update()
            record = {"epoch": epoch + 1.0, "loss": total / len(loader)}
            if (epoch + 1) % validate_every == 0 or epoch + 1 == epochs:
                record |= validate(average.module.eval())
            history.append(record)
            tqdm.write("  ".join(f"{key} {value:.4g}" for key, value in record.items()))
            partial = checkpoint.with_suffix(".partial")
            torch.save(
                {
                    "model": model.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "schedule": schedule.state_dict(),
                    "history": history,
                },
                partial,
            )
            partial.replace(checkpoint)  # a kill while writing leaves the previous checkpoint whole
            save_curves(history, output / "curves.png")
    # No batch was normalized with the averaged weights yet: measure the statistics that fit them.
    loader.sampler.epoch = epochs  # type: ignore[attr-defined]
    update_bn((_scaled(images) for images, _ in islice(loader, STATISTICS_BATCHES)), average.module)
    averaged: nn.Module = average.module.eval()
    return averaged


def warm_stable_decay(
    optimizer: torch.optim.Optimizer, total_steps: int, decay_steps: int
) -> torch.optim.lr_scheduler.LambdaLR:
    """A learning rate that is constant after WARM_UP_STEPS, and falls to 0 over the last steps.

    Until it falls it does not depend on the number of steps, so that a checkpoint can be taken up
    with more of them, or a copy of it with few, to see what the weights are worth by now.
    """

    def factor(step: int) -> float:
        left = (total_steps - step) / decay_steps if decay_steps else 1.0
        return min((step + 1) / WARM_UP_STEPS, 1.0) * min(max(left, 0.0), 1.0)

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def lengthening_average(decay: float) -> Callable[[Weights, Weights, Tensor | int], None]:
    """An exponential moving average over the last ninth of all steps, until `decay` is reached.

    So it never holds on to the weights of the beginning, however short the training is.
    """

    def update(averages: Weights, weights: Weights, count: Tensor | int) -> None:
        steps = float(count)
        get_ema_multi_avg_fn(min(decay, (1 + steps) / (10 + steps)))(averages, weights, count)

    return update


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; elsewhere it takes four times as long."""
    processor = torch.cpu.get_capabilities()
    return any(processor.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def train_mode(model: nn.Module) -> None:
    """Like `model.train()`, but normalizations whose weights are frozen keep their statistics."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()


def _scaled(images: Tensor) -> Tensor:
    """uint8 to [0, 1]."""
    return images.float().div(255).to(memory_format=torch.channels_last)
