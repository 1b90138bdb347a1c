"""What this package does with an image, in stages that can be timed, for each way to run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from emotion_recognition.backends import BACKENDS, Precision, resolve
from emotion_recognition.core.detectors import Detector
from emotion_recognition.core.errors import BackendError
from emotion_recognition.core.heads.crop import crop_face
from emotion_recognition.core.manifest import read_manifest
from emotion_recognition.core.multilevel import STRIDES, MultilevelDetector
from emotion_recognition.core.types import Box, Face
from emotion_recognition.pipeline import EmotionPipeline, load_classifier, load_detector
from emotion_recognition.tools.benchmark.scenes import HEIGHT, WIDTH, face_boxes, scene
from emotion_recognition.tools.benchmark.timing import Case, Run, Seconds, Subject, now, whole

Image = NDArray[np.uint8]

PRECISIONS: tuple[Precision, ...] = tuple(name for name in get_args(Precision) if name != "auto")
FACES = (0, 1, 5)

FRAME = "whole frame"
DETECTOR_STAGES = ("detector: prepare", "detector: network", "detector: decode")
LANDMARKS = "detector: landmarks"
CROP = "classifier: crop"
CLASSIFIER_STAGES = ("classifier: prepare", "classifier: network", "classifier: decide")
STAGES = (*DETECTOR_STAGES, LANDMARKS, CROP, *CLASSIFIER_STAGES, FRAME)

#: Detection score from which on candidates are looked at to find the one that splits a scene.
_LOWEST_SCORE = 0.05


@dataclass(frozen=True)
class Selection:
    """What is to be timed. widths: of the detector's input, for a detector that takes any."""

    backends: Sequence[str]
    threads: Sequence[int]
    widths: Sequence[int]
    detectors: Sequence[str]
    classifier: str


class TimedNetwork:
    """A network that knows when it was run, so that what comes before and after it is known."""

    def __init__(self, network: Any) -> None:  # noqa: ANN401
        self._network = network
        self.calls: list[tuple[Seconds, Seconds]] = []

    def __call__(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        start = now()
        result = self._network(*arguments, **options)
        self.calls.append((start, now()))
        return result

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._network, name)


def in_stages(owner: Any, call: Callable[[], object], stages: tuple[str, str, str]) -> Run:  # noqa: ANN401
    """`run` of a case in three stages: before the network of the owner is run, it, and after it.

    owner: a detector or classifier; its `network` is replaced by one that is timed. What lies
    between several runs of the network is before the next one.
    """
    if not isinstance(owner.network, TimedNetwork):
        owner.network = TimedNetwork(owner.network)
    network = owner.network

    def run() -> Mapping[str, Seconds]:
        network.calls.clear()
        start = now()
        call()
        end = now()
        inside = sum((after - before for before, after in network.calls), np.zeros(2))
        last = network.calls[-1][1] if network.calls else start
        return dict(zip(stages, (last - start - inside, inside, end - last), strict=True))

    return run


def installed(names: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Of these backends those that are installed, and for each of the others what it lacks.

    Raises BackendError for a name that is no backend's.
    """
    found, missing = [], {}
    for name in names:
        try:
            found.append(resolve(name))
        except BackendError as error:
            if name not in BACKENDS:
                raise
            missing[name] = str(error)
    return found, missing


def cases(selection: Selection) -> Iterator[Case]:
    """Every case there is of the selection; a precision that a backend lacks for a model has none.

    Raises ModelError, BackendError.
    """
    for backend in selection.backends:
        for threads in selection.threads:
            way = (backend, threads)
            for precision in PRECISIONS:
                yield from detector_cases(selection.detectors, selection.widths, *way, precision)
                yield from classifier_cases(selection.classifier, FACES, *way, precision)
            for name in selection.detectors:
                yield from frame_cases(name, selection.classifier, FACES, *way)


def frame_cases(
    detector: str, classifier: str, faces: Sequence[int], backend: str, threads: int
) -> Iterator[Case]:
    """The whole frame as the node computes it, for each number of faces."""
    try:
        pipeline = EmotionPipeline(
            detector=detector, classifier=classifier, backend=backend, threads=threads
        )
    except BackendError:  # it lacks a file of one of the two
        return
    for number in faces:
        image = scene(number)
        threshold = threshold_for(pipeline, image, number)
        call = partial(pipeline.process, image, threshold)
        subject = Subject(f"{detector} + {classifier}", backend, "auto", threads, faces=number)
        yield Case(subject, whole(FRAME, call))


def threshold_for(pipeline: EmotionPipeline, image: Image, faces: int) -> float:
    """The model's own score threshold where it leaves this number of faces, or else one that does.

    Raises RuntimeError if there are not as many candidates.
    """
    if len(pipeline(image)) == faces:
        return pipeline.score_threshold
    scores = [face.score for face in pipeline.process(image, _LOWEST_SCORE).faces] + [0.0]
    if len(scores) <= faces:
        raise RuntimeError(
            f"{pipeline.model_name} finds {len(scores) - 1} of {faces} faces in the drawn image"
        )
    return (([1.0, *scores][faces]) + scores[faces]) / 2


def detector_cases(
    names: Sequence[str], widths: Sequence[int], backend: str, threads: int, precision: Precision
) -> Iterator[Case]:
    """Of detectors in stages, with one face. widths: of the inputs of those that take any, their
    own where empty.
    """
    image = scene(1)
    for name in names:
        try:
            detector = load_detector(name, backend, threads, precision)
        except BackendError:  # it has no such file
            continue
        takes_any = isinstance(detector, MultilevelDetector)
        points = None
        if isinstance(detector, MultilevelDetector) and detector.landmarker is not None:
            points = whole(LANDMARKS, partial(detector.landmarker, image, face_boxes(1)))
            detector.landmarker = None
        for width in widths if takes_any and widths else (None,):
            subject = Subject(name, backend, precision, threads, input_of(detector, width), 1)
            call = partial(_detect, detector, image, width)
            stages = in_stages(detector, call, DETECTOR_STAGES)
            yield Case(subject, stages if points is None else _with_landmarks(stages, points))


def _with_landmarks(stages: Run, points: Run) -> Run:
    return lambda: {**stages(), **points()}


def _detect(detector: Detector, image: Image, width: int | None) -> tuple[Face, ...]:
    """One network serves every width, which takes a fraction of the memory of one for each."""
    if width is not None and isinstance(detector, MultilevelDetector):
        detector.input_width = width
    return detector(image)


def input_of(detector: Detector, width: int | None) -> str:
    """The size of the network's input for a scene, as WIDTHxHEIGHT."""
    if not isinstance(detector, MultilevelDetector):
        return "{3}x{2}".format(*detector.INPUT_SHAPE)
    width = detector.input_width if width is None else width
    unit = STRIDES[-1]
    return f"{width}x{-(-round(width * HEIGHT / WIDTH) // unit) * unit}"


def classifier_cases(
    name: str, faces: Sequence[int], backend: str, threads: int, precision: Precision
) -> Iterator[Case]:
    """Of a classifier in stages, for each number of faces that is not 0."""
    try:
        classifier = load_classifier(name, backend, threads, precision)
    except BackendError:  # it has no such file
        return
    scale = read_manifest("classifier", name).settings["crop_scale"]
    for number in filter(None, faces):
        image = scene(number)
        boxes = face_boxes(number)
        crops = [crop_face(image, box, scale) for box in boxes]
        subject = Subject(name, backend, precision, threads, "64x64", number)
        stages = in_stages(classifier, partial(classifier, crops), CLASSIFIER_STAGES)
        yield Case(subject, _with_crops(stages, image, boxes, scale))


def _with_crops(stages: Run, image: Image, boxes: Sequence[Box], scale: float) -> Run:
    cut = whole(CROP, lambda: [crop_face(image, box, scale) for box in boxes])
    return lambda: {**cut(), **stages()}
