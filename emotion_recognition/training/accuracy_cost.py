"""What a packaged detector finds, and what it costs, over the width of its input.

python -m emotion_recognition.training.accuracy_cost --data DATA

Writes accuracy_cost.json and accuracy_cost.png, and the table into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion_recognition.backends import BACKENDS
from emotion_recognition.core.arrays import Network
from emotion_recognition.core.detectors import Detector
from emotion_recognition.core.manifest import model_names, read_manifest
from emotion_recognition.pipeline import load_detector
from emotion_recognition.training.detection_data import AnnotatedImage, read_annotations
from emotion_recognition.training.evaluate_detector import detector_figures
from emotion_recognition.training.evidence.cards import write_figures
from emotion_recognition.training.evidence.style import LINES, MARKERS, panels, save
from emotion_recognition.training.evidence.tables import markdown_table

WIDTHS = (160, 192, 224, 256, 320, 384, 448, 512, 640)
REFERENCE_WIDTH = 320  # whose cost is 1
PERCENTS = (3, 5, 10)  # of the image's longer side, from which on faces count
BEGIN = "<!-- accuracy and cost: written by emotion_recognition.training.accuracy_cost -->"
END = "<!-- end of accuracy and cost -->"

_IMAGE = (480, 640, 3)  # of which the cost is taken
ROUNDS = 30  # of the cost


class TimedNetwork:
    """A network that adds up the seconds of the processor that it takes."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.seconds = 0.0

    def __call__(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        start = time.process_time()
        output = self._network(tensor)
        self.seconds += time.process_time() - start
        return output


def costs(detectors: Sequence[Detector]) -> list[tuple[float, float]]:
    """Milliseconds of the processor that each takes for an image of 640x480, one thread: medians of
    all of it, and of the network alone.

    They take turns, so that their ratios hold on a busy machine.
    """
    image = np.random.default_rng(0).integers(0, 255, _IMAGE, np.uint8)
    networks = [TimedNetwork(detector.network) for detector in detectors]
    times: list[list[tuple[float, float]]] = [[] for _ in detectors]
    for detector, network in zip(detectors, networks, strict=True):
        detector.network = network
    for _ in range(ROUNDS):
        for detector, network, found in zip(detectors, networks, times, strict=True):
            detector(image)
            for _ in range(3):
                start, before = time.process_time(), network.seconds
                detector(image)
                found.append((time.process_time() - start, network.seconds - before))
    medians = [1e3 * np.median(found, axis=0) for found in times]
    return [(float(whole), float(network)) for whole, network in medians]


def curve(
    name: str,
    backend: str,
    images: Sequence[AnnotatedImage],
    widths: Sequence[int],
) -> list[dict[str, float]]:
    """For each width, REFERENCE_WIDTH among them: AP, recall, false positives and the cost."""
    detectors = [load_detector(name, backend, 1, input_width=width) for width in widths]
    cv2.setNumThreads(1)
    points = []
    for width, detector, cost in zip(widths, detectors, costs(detectors), strict=True):
        figures = detector_figures(detector, images, detector.score_threshold, PERCENTS)
        whole, network = cost
        point = {"input_width": float(width), "milliseconds": whole, "network": network}
        points.append({**point, **figures})
    reference = points[list(widths).index(REFERENCE_WIDTH)]["milliseconds"]
    return [
        {
            **point,
            "cost": point["milliseconds"] / reference,
            "network_cost": point["network"] / reference,
        }
        for point in points
    ]


def table(points: Sequence[dict[str, float]]) -> str:
    """A row for each width."""
    header = ["input width", f"cost, {REFERENCE_WIDTH}: 1", "of that the network"]
    header += [f"AP50, faces from {percent} %" for percent in PERCENTS]
    header += ["recall, from 3 %", "false positives an image"]
    rows = [
        [
            f"{point['input_width']:.0f}",
            f"{point['cost']:.2f}",
            f"{point['network_cost']:.2f}",
            *(point[f"ap50_{percent}"] for percent in PERCENTS),
            point["recall_3"],
            point["false_positives_per_image_3"],
        ]
        for point in points
    ]
    return markdown_table(header, rows)


def save_chart(name: str, points: Sequence[dict[str, float]], path: Path) -> None:
    """AP50 over the cost, a line for each size of faces."""
    figure, (axis,) = panels(1, width=7)
    cost = [point["cost"] for point in points]
    for percent, color, marker in zip(PERCENTS, LINES, MARKERS, strict=False):
        values = [point[f"ap50_{percent}"] for point in points]
        label = f"faces from {percent} % of the image"
        axis.plot(cost, values, color=color, marker=marker, label=label)
    for point in points:
        lowest = point[f"ap50_{PERCENTS[0]}"]
        axis.annotate(f"{point['input_width']:.0f}", (point["cost"], lowest), xytext=(4, -12),
                      textcoords="offset points", fontsize="small")  # fmt: skip
    axis.set(xlabel=f"processor time, input of {REFERENCE_WIDTH} pixels: 1", ylabel="AP at IoU 0.5")
    axis.set_title(f"detector '{name}', by the width of its input in pixels")
    axis.legend(loc="lower right")
    save(figure, path)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [
        name
        for name in model_names("detector")
        if "input_width" in read_manifest("detector", name).settings
    ]
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/")
    parser.add_argument("--detector", choices=names, default="default", help="(%(default)s)")
    parser.add_argument("--backend", choices=BACKENDS, default="onnxruntime", help="(%(default)s)")
    parser.add_argument("--widths", type=int, nargs="+", default=list(WIDTHS))
    parser.add_argument("--output", type=Path, default=Path("docs/evaluation"))
    parser.add_argument("--page", type=Path, default=Path("docs/performance.md"))
    parser.add_argument("--limit", type=int, help="only so many images, to try it out")
    options = parser.parse_args(arguments)
    if not (options.data / "faces" / "annotations.csv").is_file():
        parser.error("--data: expected a folder with faces/annotations.csv, there is no such file")
    widths = sorted({*options.widths, REFERENCE_WIDTH})

    images = read_annotations(options.data / "faces", "val")[: options.limit]
    points = curve(options.detector, options.backend, images, widths)
    rounded = [{key: round(value, 4) for key, value in point.items()} for point in points]
    content = {"detector": options.detector, "backend": options.backend, "images": len(images)}
    text = json.dumps({**content, "points": rounded}, indent=2)
    (options.output / "accuracy_cost.json").write_text(text + "\n", encoding="utf-8")
    save_chart(options.detector, points, options.output / "accuracy_cost.png")
    write_figures(options.page, [table(points)], BEGIN, END)
    print(table(points))


if __name__ == "__main__":
    main()
