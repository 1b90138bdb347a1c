"""Figures of the default detector's weights, before they are packaged.

python -m emotion_recognition.training.evaluate_default_detector --help
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from emotion_recognition.core.multilevel import DEFAULT_INPUT_WIDTH, MultilevelDetector
from emotion_recognition.training.default_detector import DefaultDetector, taking_pixels
from emotion_recognition.training.detection_data import AnnotatedImage, read_annotations
from emotion_recognition.training.evaluate_detector import Detect, detect_all, summarize
from emotion_recognition.training.face_landmarks import LandmarkedImage
from emotion_recognition.training.held_aside import held_aside_negatives
from emotion_recognition.training.image_cache import read_pixels
from emotion_recognition.training.metrics import ImageDetections, assign
from emotion_recognition.training.runtime import as_network

PERCENTS = (3, 5, 10)  # of the image's longer side, from which on faces count
MATCH = 0.5  # overlap from which on a detection is of a face


def read_weights(path: Path) -> DefaultDetector:
    """The network of a float.pt, or with the averaged weights of a checkpoint.pt."""
    content = torch.load(path, weights_only=True)
    if "average" in content:
        prefix = "module."
        content = {
            name.removeprefix(prefix): value
            for name, value in content["average"].items()
            if name.startswith(prefix)
        }
    network = DefaultDetector()
    network.load_state_dict(content)
    return network.eval()


def landmark_error(
    detect: Detect, images: Sequence[LandmarkedImage], score_threshold: float
) -> dict[str, float]:
    """How far landmarks lie from an annotator's, over the faces that have those and are found.

    landmark_error: mean distance of the five points over the distance between the eyes, mean over
    the faces. landmark_faces: how many there are.
    """
    errors: list[float] = []
    for image in images:
        if not image.human.any():
            continue
        faces = detect(read_pixels(image.path), score_threshold)
        boxes = [[face.box.x1, face.box.y1, face.box.x2, face.box.y2] for face in faces]
        found, _ = assign(
            ImageDetections(
                np.array(boxes, np.float32).reshape(-1, 4),
                np.array([face.score for face in faces], np.float32),
                image.boxes,
                ~image.human,
            ),
            MATCH,
        )
        for face, index in zip(faces, found, strict=True):
            if index >= 0:
                expected = image.landmarks[index]
                distance = np.linalg.norm(np.array(face.landmarks) - expected, axis=1).mean()
                errors.append(float(distance / np.linalg.norm(expected[1] - expected[0])))
    mean = float(np.mean(errors)) if errors else float("nan")
    return {"landmark_error": mean, "landmark_faces": float(len(errors))}


def figures(
    detect: Detect,
    images: Sequence[AnnotatedImage],
    negatives: Sequence[AnnotatedImage],
    score_threshold: float,
) -> dict[str, float]:
    """Those of `summarize` on images, the mean IoU of source p1, and false alarms."""
    results = detect_all(detect, images)
    portraits = [index for index, image in enumerate(images) if image.source == "p1"]
    p1 = summarize([results[i] for i in portraits], [images[i] for i in portraits], score_threshold)
    counts = [len(detect(read_pixels(image.path), score_threshold)) for image in negatives]
    return {
        **summarize(results, images, score_threshold, PERCENTS),
        "mean_iou_p1": p1["mean_iou_5"],
        "detections_on_no_face": float(np.mean(counts)) if counts else 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with annotations.csv")
    parser.add_argument(
        "--weights", type=Path, required=True, help="float.pt, or checkpoint.pt of a run under way"
    )
    parser.add_argument("--input-widths", type=int, nargs="+", default=[DEFAULT_INPUT_WIDTH])
    parser.add_argument("--score-threshold", type=float, default=0.5)
    parser.add_argument("--limit", type=int, help="only so many images of each set, to try it out")
    options = parser.parse_args()

    images = read_annotations(options.data, "val")[: options.limit]
    negatives = held_aside_negatives(read_annotations(options.data, "train"))[: options.limit]
    network = as_network(taking_pixels(read_weights(options.weights)))
    result = {}
    for width in options.input_widths:
        detector = MultilevelDetector(network, options.score_threshold, width)
        measured = figures(detector, images, negatives, options.score_threshold)
        result[width] = {name: round(value, 4) for name, value in measured.items()}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
