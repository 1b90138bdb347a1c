"""ONNX files of the float network and of the calibrated int8 network (QDQ form)."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 17  # OpenCV 4.6, the oldest version on a supported robot, reads it


def export_onnx(model: nn.Module, example: Tensor, path: Path, any_size: bool = False) -> None:
    """Writes a float or calibrated network; int8 weights and biases are stored as integers.

    any_size: whether height and width of the input are left open; otherwise they are the
    example's, as the size of the batch always is.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the TorchScript exporter alone knows fake quantization
        torch.onnx.export(
            model.eval(),
            (example,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=["output"],
        )
    content = onnx.load(path)
    store_integers(content.graph)
    if any_size:
        open_size(content.graph)
    onnx.checker.check_model(content, full_check=True)
    onnx.save(content, path)


def open_size(graph: GraphProto) -> None:
    """Names the dimensions that follow from height and width instead of fixing them.

    For fully convolutional networks. Exported with dynamic axes, a network computes the shapes of
    its reshapes from its input, which OpenCV 4.6 refuses to read.
    """
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        for axis, dimension in enumerate(value.type.tensor_type.shape.dim[2:], start=2):
            dimension.dim_param = f"{value.name}_{axis}"


def store_integers(graph: GraphProto) -> None:
    """Replaces float constants by what their QuantizeLinear makes of them, and biases by int32.

    Without quantization in the graph only aliases of constants are resolved.
    """
    constants = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == "Constant":
            constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        elif node.op_type == "Identity" and node.input[0] in constants:
            constants[node.output[0]] = constants[node.input[0]]
        elif node.op_type == "QuantizeLinear" and node.input[0] in constants:
            value, scale, zero_point = (constants[name] for name in node.input)
            constants[node.output[0]] = _quantize(value, scale, zero_point)
        else:
            nodes.append(node)

    producers = {node.output[0]: node for node in nodes}
    complete: list[NodeProto] = []
    for node in nodes:
        if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            for name in node.input[1:]:
                if constants[name].size == 1:  # a whole tensor's scale is a scalar
                    constants[name] = constants[name].reshape(())
        if node.op_type in ("Conv", "Gemm") and len(node.input) == 3:
            sources = [producers.get(name) for name in node.input[:2]]
            if all(source and source.op_type == "DequantizeLinear" for source in sources):
                complete.append(_quantize_bias(node, sources, constants))
        complete.append(node)

    used = {name for node in complete for name in node.input}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(complete)
    graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in constants.items() if name in used
    )


def _quantize(
    value: NDArray[np.float32], scale: NDArray[np.float32], zero_point: NDArray[np.int8]
) -> NDArray[np.int8]:
    """Equation (2), one scale for each slice along axis 0."""
    shape = (-1,) + (1,) * (value.ndim - 1)
    limits = np.iinfo(zero_point.dtype)
    levels = np.round(value / scale.reshape(shape)) + zero_point.reshape(shape)
    return np.clip(levels, limits.min, limits.max).astype(zero_point.dtype)


def _quantize_bias(
    node: NodeProto, sources: list[NodeProto | None], constants: dict[str, NDArray[np.float32]]
) -> NodeProto:
    """int32, at the scale of the integer products that it is added to."""
    input_scale, weight_scale = (constants[source.input[1]] for source in sources if source)
    scale = np.asarray(input_scale.reshape(()) * weight_scale.reshape(-1), np.float32)
    name = node.input[2]
    quantized, scale_name, zero_name = (f"{name}.{end}" for end in ("int32", "scale", "zero_point"))
    constants[quantized] = np.round(constants[name] / scale).astype(np.int32)
    constants[scale_name] = scale
    constants[zero_name] = np.zeros(scale.shape, np.int32)
    node.input[2] = f"{name}.dequantized"
    return helper.make_node(
        "DequantizeLinear",
        [quantized, scale_name, zero_name],
        [node.input[2]],
        name=f"{name}/DequantizeLinear",
        axis=0,
    )
