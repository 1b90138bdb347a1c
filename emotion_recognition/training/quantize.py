"""Fusion, calibration, training with rounding, conversion to int8: equation (2) of the paper.

Everything that depends on `torch.ao.quantization` and TorchScript, both deprecated, is in this
module. Their successors are torchao's PT2E quantization and torch.export.

The calibrated network is a float network whose fake-quantization modules round weights (int8, one
scale a channel) and activations (uint8, one scale a tensor). It is the only source of scales: the
TorchScript and the ONNX file are made from it, so they compute the same function.
"""

from __future__ import annotations

import copy
import operator
import warnings
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.ao.quantization import (
    FakeQuantize,
    HistogramObserver,
    PerChannelMinMaxObserver,
    QConfig,
    QConfigMapping,
    disable_fake_quant,
    disable_observer,
    enable_fake_quant,
    enable_observer,
)
from torch.ao.quantization.quantize_fx import convert_fx, fuse_fx, prepare_qat_fx

warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")

_ACTIVATION = {"quant_min": 0, "quant_max": 255, "dtype": torch.quint8}
_WEIGHT = FakeQuantize.with_args(
    observer=PerChannelMinMaxObserver,
    quant_min=-128,
    quant_max=127,
    dtype=torch.qint8,
    qscheme=torch.per_channel_symmetric,
    ch_axis=0,
)
#: Bins enough that a range does not depend on the last digits of the weights.
_OBSERVER = HistogramObserver.with_args(bins=8192)
_HIDDEN = QConfig(FakeQuantize.with_args(observer=_OBSERVER, **_ACTIVATION), _WEIGHT)


def fuse(model: nn.Module) -> torch.fx.GraphModule:
    """Folds each batch normalization into the convolution before it, and joins the ReLU to them."""
    return fuse_fx(model.eval())


def calibrate(
    model: nn.Module, output_layer: str, batches: Iterable[Tensor], example: Tensor
) -> torch.fx.GraphModule:
    """Post-training quantization: takes activation ranges from real images.

    model: fused. output_layer: name of its last layer, which stays float: at 8 bits a coordinate
    would jump by pixels, and the layer costs next to nothing. So do a classifier's means and what
    follows from them. batches: float inputs. Returns the network with fixed scales and fake
    quantization switched on.
    """
    mapping = QConfigMapping().set_global(_HIDDEN)
    for module in (output_layer, "certainty"):
        mapping.set_module_name(module, None)
    for operation in (nn.AdaptiveAvgPool2d, torch.flatten, torch.cat, operator.mul):
        mapping.set_object_type(operation, None)
    prepared = prepare_qat_fx(copy.deepcopy(model).train(), mapping, (example,))
    prepared.apply(disable_fake_quant).apply(enable_observer)
    with torch.no_grad():
        for batch in batches:
            prepared(batch)
    prepared.apply(disable_observer).apply(enable_fake_quant)
    return prepared.eval()


def quantization_aware(calibrated: torch.fx.GraphModule) -> torch.fx.GraphModule:
    """Makes a calibrated network ready to be trained further while it rounds as int8 does.

    Gradients pass straight through the rounding. Scales of the weights follow the weights, ranges
    of the activations stay: the weights move little, and `calibrate` measures them again after.
    """
    for name, module in calibrated.named_modules():
        if name.endswith("weight_fake_quant") and isinstance(module, FakeQuantize):
            module.enable_observer()
    return calibrated


def take_weights(fused: torch.fx.GraphModule, trained: nn.Module) -> torch.fx.GraphModule:
    """The fused network with the weights of its quantization-aware copy, to calibrate anew."""
    for name, layer in fused.named_modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            # A convolution joined to its ReLU is a sequence here and one layer in the copy.
            joined = isinstance(fused.get_submodule(name.rpartition(".")[0]), nn.Sequential)
            source = trained.get_submodule(name.rpartition(".")[0] if joined else name)
            layer.load_state_dict(
                {key: getattr(source, key).detach() for key in layer.state_dict()}
            )
    return fused


def convert_to_int8(calibrated: torch.fx.GraphModule) -> torch.fx.GraphModule:
    """A copy of a calibrated network that computes with int8 kernels."""
    return convert_fx(copy.deepcopy(calibrated).eval())


def save_torchscript(network: nn.Module, example: Tensor, path: Path) -> None:
    """Traces a float or int8 network, and writes a TorchScript file."""
    with torch.inference_mode():
        traced = torch.jit.trace(network.eval(), example)
    torch.jit.save(torch.jit.freeze(traced.eval()), str(path))
