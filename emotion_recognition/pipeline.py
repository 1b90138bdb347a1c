"""The whole of inference: image -> faces -> crops -> probabilities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Lock
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.backends import Precision, open_model, resolve
from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.detector import checked_threshold
from emotion_recognition.core.detectors import Detector, expect_shapes, make_detector
from emotion_recognition.core.following.decision import decide
from emotion_recognition.core.heads.crop import crop_face
from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.core.manifest import (
    DEFAULT_CLASSIFIER,
    DEFAULT_DETECTOR,
    MODELS,
    Manifest,
    read_manifest,
)
from emotion_recognition.core.types import Face, Result, Timings


def load_detector(
    name: str = DEFAULT_DETECTOR,
    backend: str = "auto",
    threads: int = 0,
    precision: Precision = "auto",
    input_width: int | None = None,
) -> Detector:
    """A packaged face detector.

    name: a folder `models/detector_<name>`. backend: 'auto', 'onnxruntime', 'ncnn', 'torch'
    or 'opencv'. threads: for one inference, 0 for the backend's choice. precision: 'auto' (int8
    where the backend runs it), 'int8' or 'float'. input_width: see `make_detector`. Raises
    ModelError, BackendError, and ValueError for a width that cannot be.
    """
    return open_detector(
        read_manifest("detector", name), backend, threads, precision, input_width=input_width
    )


def open_detector(
    manifest: Manifest,
    backend: str,
    threads: int = 0,
    precision: Precision = "auto",
    models: Path = MODELS,
    input_width: int | None = None,
) -> Detector:
    """As `load_detector`, of a manifest that has been read. models: where its landmarker is."""
    expect_shapes(manifest)
    name = resolve(backend)
    network = open_model(manifest, name, threads, precision)
    if manifest.landmarker is None:
        return make_detector(manifest, network, input_width)
    points = read_manifest("landmarker", manifest.landmarker, models)
    points.expect_shapes(FaceLandmarker.INPUT_SHAPE, FaceLandmarker.OUTPUT_SHAPE)
    landmarker = FaceLandmarker(open_model(points, name, threads))
    return make_detector(manifest, network, input_width, landmarker)


def load_classifier(
    name: str = DEFAULT_CLASSIFIER,
    backend: str = "auto",
    threads: int = 0,
    precision: Precision = "auto",
) -> EmotionClassifier:
    """A packaged emotion classifier.

    name: a folder `models/classifier_<name>`. backend: 'auto', 'onnxruntime', 'ncnn', 'torch'
    or 'opencv'. threads: for one inference, 0 for the backend's choice. precision: 'auto' (int8
    where the backend runs it), 'int8' or 'float'. Raises ModelError, BackendError.
    """
    return _open_classifier(read_manifest("classifier", name), backend, threads, precision)


def _open_classifier(
    manifest: Manifest, backend: str, threads: int, precision: Precision = "auto"
) -> EmotionClassifier:
    manifest.expect_shapes(EmotionClassifier.INPUT_SHAPE, (1, len(manifest.labels)))
    network = open_model(manifest, resolve(backend), threads, precision)
    return EmotionClassifier(network, manifest.settings["temperature"], manifest.labels)


class EmotionPipeline:
    """Finds the faces of an image and estimates their expressions.

    detector, classifier: names of packaged models. backend, threads, input_width: as
    `load_detector`. labels: of the classifier's classes, in the order of a face's probabilities.
    score_threshold: detection score from which on a face counts. reject_threshold: probability that
    an emotion needs, otherwise it is `unknown`. Both are in [0, 1], default to the models' own and
    can be assigned later. Several threads may share a pipeline: it takes one image at a time.

    Raises ModelError for a model that is missing or damaged, BackendError for a backend that is
    missing or does not run it, ValueError for an input width that the detector cannot take and for
    a threshold outside [0, 1].
    """

    def __init__(
        self,
        detector: str = DEFAULT_DETECTOR,
        classifier: str = DEFAULT_CLASSIFIER,
        backend: str = "auto",
        score_threshold: float | None = None,
        threads: int = 0,
        reject_threshold: float | None = None,
        input_width: int | None = None,
    ) -> None:
        self.backend_name = resolve(backend)
        self.model_name = f"{detector}/{classifier}"
        self._lock = Lock()
        self._detect = load_detector(detector, self.backend_name, threads, input_width=input_width)
        manifest = read_manifest("classifier", classifier)
        self._classify = _open_classifier(manifest, self.backend_name, threads)
        self.labels = manifest.labels
        self._crop_scale = manifest.settings["crop_scale"]
        self.reject_threshold = (
            manifest.settings.get("reject_threshold", 0.0)
            if reject_threshold is None
            else reject_threshold
        )
        self.score_threshold = (
            self._detect.score_threshold if score_threshold is None else score_threshold
        )

    @property
    def score_threshold(self) -> float:
        return self._score_threshold

    @score_threshold.setter
    def score_threshold(self, threshold: float) -> None:
        self._score_threshold = checked_threshold(threshold)

    @property
    def reject_threshold(self) -> float:
        return self._reject_threshold

    @reject_threshold.setter
    def reject_threshold(self, threshold: float) -> None:
        self._reject_threshold = checked_threshold(threshold, "reject_threshold")

    def __call__(self, image: NDArray[np.uint8]) -> tuple[Face, ...]:
        """image: uint8 (H, W, 3) BGR. Faces in order of falling score; none give an empty tuple.

        Raises ImageError for an image of another kind, and FloatingPointError if a network answers
        with values that are not finite.
        """
        return self.process(image).faces

    def process(self, image: NDArray[np.uint8], score_threshold: float | None = None) -> Result:
        """As a call, with the time that each stage took, and a threshold for this image only."""
        threshold = self.score_threshold if score_threshold is None else score_threshold
        with self._lock:  # more at a time would compete for the same processor cores
            return self._process(image, threshold)

    def _process(self, image: NDArray[np.uint8], score_threshold: float) -> Result:
        start = perf_counter()
        faces = self._detect(image, score_threshold)
        detected = perf_counter()
        scale = self._crop_scale
        crops = [crop_face(image, face.box, scale, face.landmarks) for face in faces]
        rows = map(tuple, self._classify(crops).tolist())
        faces = tuple(
            replace(
                face,
                probabilities=row,
                emotion=decide(row, self.reject_threshold, self.labels),
                labels=self.labels,
            )
            for face, row in zip(faces, rows, strict=True)
        )
        return Result(faces, Timings(detected - start, perf_counter() - detected))
