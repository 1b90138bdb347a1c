"""ncnn files, made from ONNX files with pnnx, ncnn's own converter.

python -m emotion_recognition.training.ncnn_export --data DATA

adds them to the packaged models, with their figures. Publishing a model does so by itself.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import onnx
import pnnx

from emotion_recognition.core.manifest import MODELS, Kind, model_names
from emotion_recognition.training.headline import measure
from emotion_recognition.training.package_files import FILE_NAMES, write_manifest

#: What is stored and computed in 32 bits, even where the processor has 16. On it these move the
#: boxes of the default detector by a third of a pixel, and a probability of a small face by 0.1.
IN_32_BITS: frozenset[tuple[Kind, str]] = frozenset({("detector", "default")})

#: ncnn's feature mask of a layer: neither storage nor arithmetic in 16 bits. Without arithmetic
#: alone it takes three times the instructions.
EXACT = " 31=3"


def export_ncnn(source: Path, path: Path, exact: bool = False) -> None:
    """Writes the network of a float ONNX file as `backends.ncnn_backend` reads it.

    Its weights take 16 bits each, or 32 if it is to be exact; see IN_32_BITS. Sides of the input
    that the ONNX file leaves open stay open. Raises RuntimeError with pnnx's last words if it
    cannot convert the network.
    """
    with TemporaryDirectory() as folder:
        # A copy, because pnnx leaves a simplified network beside the one that it reads.
        network = shutil.copy(source, folder)
        results = {"ncnnparam": Path(folder, "layers"), "ncnnbin": Path(folder, "weights")}
        others = ("pnnxparam", "pnnxbin", "pnnxpy", "pnnxonnx", "ncnnpy")
        finished = subprocess.run(
            [
                pnnx.EXEC_PATH,
                network,
                *(f"{name}={result}" for name, result in results.items()),
                *(f"{name}={Path(folder, name)}" for name in others),
                f"fp16={int(not exact)}",
            ],
            cwd=folder,  # where it leaves whatever else it writes
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        layers, weights = results.values()
        if finished.returncode or not (layers.is_file() and weights.is_file()):
            raise RuntimeError(f"pnnx cannot convert {source}: {finished.stdout[-500:]}")
        text = with_input_shape(layers.read_text(encoding="ascii"), input_shape(source))
        if exact:
            text = in_32_bits(text)
        path.write_bytes(text.encode("ascii") + b"\0" + weights.read_bytes())


def input_shape(source: Path) -> tuple[int, int, int]:
    """Channels, height and width of an ONNX file's input for one image; 0 where it is open."""
    (image,) = onnx.load(source).graph.input
    _, channels, height, width = (axis.dim_value for axis in image.type.tensor_type.shape.dim)
    return channels, height, width


def with_input_shape(layers: str, shape: tuple[int, int, int]) -> str:
    """ncnn's text of the layers, its input with the shape that it takes: pnnx leaves it out."""
    channels, height, width = shape
    head, line, rest = layers.partition("0 1 in0\n")
    if not line:
        raise RuntimeError("pnnx has written no layer that takes the input")
    return f"{head}0 1 in0 0={width} 1={height} 2={channels}\n{rest}"


def in_32_bits(layers: str) -> str:
    """ncnn's text of the layers, all after `Input` marked to be computed in 32 bits."""
    magic_number, counts, first, *others = layers.splitlines()
    return "\n".join([magic_number, counts, first, *(line + EXACT for line in others), ""])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/ and emotion/")
    parser.add_argument("--models", type=Path, default=MODELS)
    options = parser.parse_args()
    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind, name in [(k, n) for k in kinds for n in model_names(k, options.models)]:
        folder = options.models / f"{kind}_{name}"
        source, path = folder / FILE_NAMES["onnx_float"], folder / FILE_NAMES["ncnn_float"]
        export_ncnn(source, path, exact=(kind, name) in IN_32_BITS)
        content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        write_manifest(kind, folder, content)
        content["metrics"] |= measure(kind, options.data, options.models, ("ncnn_float",), name)
        write_manifest(kind, folder, content)
        print(f"{kind} '{name}': {content['metrics']['ncnn_float']}")


if __name__ == "__main__":
    main()
