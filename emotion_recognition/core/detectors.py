"""The detectors there are, each behind the network that it decodes."""

from __future__ import annotations

from emotion_recognition.core.arrays import Network
from emotion_recognition.core.detector import FaceDetector
from emotion_recognition.core.errors import ModelError
from emotion_recognition.core.heads.landmarker import FaceLandmarker
from emotion_recognition.core.manifest import Manifest
from emotion_recognition.core.multilevel import CHANNELS, STRIDES, MultilevelDetector, cells

Detector = FaceDetector | MultilevelDetector

#: Pixels that an input may be wide, of a detector that takes any.
INPUT_WIDTHS = range(160, 640 + 1, STRIDES[-1])


def expect_shapes(manifest: Manifest) -> None:
    """Raises ModelError unless a packaged detector's network has shapes that can be decoded."""
    if "input_width" not in manifest.settings:
        manifest.expect_shapes(FaceDetector.INPUT_SHAPE, FaceDetector.OUTPUT_SHAPE)
        return
    shape, width = manifest.input_shape, manifest.settings["input_width"]
    if len(shape) != 4 or any(side % STRIDES[-1] for side in (*shape[2:], width)):
        raise ModelError(
            f"{manifest.title}: input_shape is {shape} and input_width {width:g}, expected "
            f"(1, 3, height, width) and a width, all multiples of {STRIDES[-1]}"
        )
    number_of_cells = len(cells(*shape[2:])[1])
    manifest.expect_shapes((1, 3, *shape[2:]), (1, CHANNELS, number_of_cells))


def make_detector(
    manifest: Manifest,
    network: Network,
    input_width: int | None = None,
    landmarker: FaceLandmarker | None = None,
) -> Detector:
    """The detector of a packaged model.

    input_width: see `chosen_width`. landmarker: of the model that the manifest names, if it names
    one. Raises ValueError for a width that cannot be.
    """
    threshold = manifest.settings["score_threshold"]
    width = chosen_width(manifest, input_width)
    if width is None:
        return FaceDetector(network, threshold)
    return MultilevelDetector(network, threshold, width, landmarker)


def chosen_width(manifest: Manifest, input_width: int | None) -> int | None:
    """How wide the input of a packaged detector's network is; None where it has a fixed size.

    input_width: in pixels, one of INPUT_WIDTHS, for a model whose manifest says that it takes any
    (it has a default); None for that default. Raises ValueError for a width that cannot be.
    """
    default = manifest.settings.get("input_width")
    if input_width is None:
        return None if default is None else int(default)
    if default is None:
        raise ValueError(
            f"{manifest.title} has an input of fixed size; "
            f"expected no input_width, got {input_width}"
        )
    if input_width not in INPUT_WIDTHS:
        raise ValueError(
            f"input_width must be a multiple of {INPUT_WIDTHS.step} from {INPUT_WIDTHS[0]} to "
            f"{INPUT_WIDTHS[-1]}, got {input_width}"
        )
    return input_width
