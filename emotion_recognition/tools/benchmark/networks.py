"""Peers' networks with random weights, as ONNX files in memory: they take the time and the memory
of trained ones, and nothing has to be downloaded or packaged for a comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

NEEDS_ONNX = "networks of peers are built with the module onnx: pip install onnx"


#: Of a Resize: pixels are repeated, as PyTorch exports it and OpenCV reads it.
_REPEATING = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


class MissingLibraryError(RuntimeError):
    """A library that was not needed until now; the message says how to get it."""


class _Graph:
    """An ONNX graph under construction; a tensor is known by its name.

    Batch normalization is folded into the convolution before it, as in every file for inference.
    """

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise MissingLibraryError(NEEDS_ONNX) from error
        self._onnx = onnx
        self._random = np.random.default_rng(0)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:  # noqa: ANN401
        output = f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(
            self._onnx.helper.make_node(kind, list(inputs), [output], output, **attributes)
        )
        return output

    def constant(self, values: np.typing.NDArray[Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(self._onnx.numpy_helper.from_array(values, name))
        return name

    def convolution(
        self,
        x: str,
        channels: tuple[int, int],
        size: int,
        *,
        stride: int = 1,
        depthwise: bool = False,
        padding: int | None = None,
        bias: bool = True,
        gain: float = 1.0,
    ) -> str:
        """channels: in and out. padding: on each side; by default the size is kept."""
        inputs = 1 if depthwise else channels[0]
        deviation = gain * (2 / (inputs * size * size)) ** 0.5
        weights = self._random.normal(0, deviation, (channels[1], inputs, size, size))
        given = [x, self.constant(weights.astype(np.float32))]
        if bias:
            given.append(self.constant(np.zeros(channels[1], np.float32)))
        around = size // 2 if padding is None else padding
        return self.add(
            "Conv",
            *given,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[around] * 4,
            group=channels[0] if depthwise else 1,
        )

    def model(self, shape: Sequence[int | None], outputs: Sequence[str], axes: int) -> bytes:
        """The file's content. shape: of the input, None for any. axes: of each output."""
        helper, float32 = self._onnx.helper, self._onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "peer",
            [helper.make_tensor_value_info("input", float32, shape)],
            [helper.make_tensor_value_info(name, float32, [None] * axes) for name in outputs],
            self._constants,
        )
        opset = helper.make_opsetid("", 13)
        content: bytes = helper.make_model(
            graph, opset_imports=[opset], ir_version=8
        ).SerializeToString()
        return content

    def rename_output(self, name: str) -> str:
        """Gives the result of the last node this name."""
        self._nodes[-1].output[0] = name
        return name


def yunet(height: int, width: int) -> bytes:
    """YuNet_n (Wu et al., 2023; configs/yunet_n.py of libfacedetection.train), 75,856 parameters.

    height, width: of the input in pixels, multiples of 32. Input: (1, 3, height, width); outputs
    cls, obj, bbox and kps of strides 8, 16 and 32.
    """
    graph = _Graph()

    def unit(x: str, inputs: int, outputs: int, activates: bool = True, gain: float = 1.0) -> str:
        x = graph.convolution(x, (inputs, outputs), 1, gain=gain)
        x = graph.convolution(x, (outputs, outputs), 3, depthwise=True, gain=gain)
        return graph.add("Relu", x) if activates else x

    def halved(x: str) -> str:
        return graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])

    x = graph.add("Relu", graph.convolution("input", (3, 16), 3, stride=2))
    x = halved(unit(x, 16, 16))
    x = unit(unit(x, 16, 16), 16, 64)
    x = halved(unit(unit(x, 64, 64), 64, 64))
    levels = []
    for is_last in (False, False, True):
        x = unit(unit(x, 64, 64), 64, 64)
        levels.append(x)
        x = x if is_last else halved(x)
    for finer in (1, 0):
        coarse = levels[finer + 1] = unit(levels[finer + 1], 64, 64)
        sizes = graph.constant(np.array([1, 1, 2, 2], np.float32))
        larger = graph.add("Resize", coarse, "", sizes, mode="nearest", **_REPEATING)
        levels[finer] = graph.add("Add", levels[finer], larger)
    levels[0] = unit(levels[0], 64, 64)
    outputs: dict[str, str] = {}
    for stride, level in zip((8, 16, 32), levels, strict=True):
        shared = unit(level, 64, 64)
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            # Of small values, so that a network that was never trained sees no faces.
            x = unit(shared, 64, channels, activates=False, gain=0.01)
            x = graph.add("Transpose", x, perm=[0, 2, 3, 1])
            x = graph.add("Reshape", x, graph.constant(np.array([1, -1, channels], np.int64)))
            if channels == 1:
                x = graph.add("Sigmoid", x)
            outputs[f"{name}_{stride}"] = graph.rename_output(f"{name}_{stride}")
    names = [f"{name}_{stride}" for name in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)]
    return graph.model((1, 3, height, width), names, axes=3)


def tiny_yolo(size: int = 416, anchors: int = 5, classes: int = 1) -> bytes:
    """Tiny YOLO of YOLOv2 (Redmon and Farhadi, 2017; darknet's tiny-yolo-voc.cfg), here for faces.

    Input: (1, 3, size, size), a multiple of 32; output (1, anchors * (5 + classes), S, S).
    """
    graph = _Graph()

    def unit(x: str, inputs: int, outputs: int) -> str:
        return graph.add("LeakyRelu", graph.convolution(x, (inputs, outputs), 3), alpha=0.1)

    x, channels = "input", 3
    for outputs in (16, 32, 64, 128, 256):
        x = unit(x, channels, outputs)
        x = graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
        channels = outputs
    x = unit(x, 256, 512)
    x = graph.add("MaxPool", x, kernel_shape=[2, 2], strides=[1, 1], auto_pad="SAME_UPPER")
    x = unit(unit(x, 512, 1024), 1024, 1024)
    x = graph.convolution(x, (1024, anchors * (5 + classes)), 1)
    return graph.model((1, 3, size, size), [x], axes=4)


def mini_xception(size: int = 64, classes: int = 4) -> bytes:
    """Mini-Xception (Arriaga et al., 2017; oarriaga/face_classification), here for four classes.

    Input: (N, 1, size, size) of any N; output (N, classes). With seven classes 58,423 parameters.
    """
    graph = _Graph()

    def separable(x: str, inputs: int, outputs: int) -> str:
        x = graph.convolution(x, (inputs, inputs), 3, depthwise=True, bias=False)
        return graph.convolution(x, (inputs, outputs), 1)

    x = graph.add("Relu", graph.convolution("input", (1, 8), 3, padding=0))
    x = graph.add("Relu", graph.convolution(x, (8, 8), 3, padding=0))
    channels = 8
    for outputs in (16, 32, 64, 128):
        residual = graph.convolution(x, (channels, outputs), 1, stride=2)
        x = separable(graph.add("Relu", separable(x, channels, outputs)), outputs, outputs)
        x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
        x = graph.add("Add", x, residual)
        channels = outputs
    x = graph.convolution(x, (channels, classes), 3)
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    x = graph.add("Softmax", x, axis=1)
    return graph.model((None, 1, size, size), [x], axes=2)


def with_input(content: bytes, shape: Sequence[int]) -> bytes:
    """The same network, whose first input is declared to have this shape.

    Raises MissingLibraryError, and ValueError for what is no ONNX file or has another rank.
    """
    try:
        import onnx
    except ImportError as error:
        raise MissingLibraryError(NEEDS_ONNX) from error
    try:
        model = onnx.load_from_string(content)
    except Exception as error:
        raise ValueError(f"no ONNX file: {error}") from error
    if not model.graph.input:
        raise ValueError("no ONNX file: it has no input")
    for axis, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        axis.dim_value = size
    del model.graph.value_info[:]  # what was inferred from the former shape
    for output in model.graph.output:
        for axis in output.type.tensor_type.shape.dim:
            axis.Clear()
    changed: bytes = model.SerializeToString()
    return changed
