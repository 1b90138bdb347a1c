"""The whole frame, so many times: for tools that count instructions, cache misses or energy.

    python -m emotion_recognition.tools.benchmark.repeated default default onnxruntime 1 100

Detector, classifier, backend, faces in the image (0 to 5), repetitions; one thread. The difference
between two runs is that of their repetitions: what starting takes cancels out.
"""

from __future__ import annotations

import sys

import cv2

from emotion_recognition.pipeline import EmotionPipeline
from emotion_recognition.tools.benchmark.scenes import scene
from emotion_recognition.tools.benchmark.stages import threshold_for


def main(arguments: list[str] | None = None) -> None:
    words = sys.argv[1:] if arguments is None else arguments
    if len(words) != 5:
        sys.exit("expected: detector classifier backend faces repetitions")
    detector, classifier, backend = words[:3]
    faces, repetitions = map(int, words[3:])
    cv2.setNumThreads(1)
    pipeline = EmotionPipeline(detector=detector, classifier=classifier, backend=backend, threads=1)
    image = scene(faces)
    threshold = threshold_for(pipeline, image, faces)
    for _ in range(repetitions):
        pipeline.process(image, threshold)


if __name__ == "__main__":
    main()
