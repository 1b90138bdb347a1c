"""Faces and their emotions in images, videos and webcams, without ROS.

    emotion_recognition photo.jpg
    emotion_recognition video.mp4 --json faces.jsonl --annotated annotated.mp4
    emotion_recognition benchmark --quick
    emotion_recognition video.mp4 --summary --plot timeline.png
    emotion_recognition 0 --web

Writes one line of JSON for each image: source, frame (its number), time (in seconds from the start,
null for single images), width, height, and faces: box (x1, y1, x2, y2 in pixels), landmarks (eyes,
nose tip, corners of the mouth as x, y in pixels, the one further left in the image first), score,
track_id, emotion, confidence, probabilities by emotion, yaw (radians by which the head is turned to
the left of the image, null without landmarks). The faces of videos and webcams are tracked and
smoothed; raw_probabilities are those before that, and facing tells whether a face turns to the
camera.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, TextIO

from emotion_recognition import __version__
from emotion_recognition.core.detectors import INPUT_WIDTHS
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.images.overlay import draw_faces
from emotion_recognition.core.images.sources import FrameSource, SourceError, open_source
from emotion_recognition.core.manifest import DEFAULT_CLASSIFIER, DEFAULT_DETECTOR
from emotion_recognition.pipeline import EmotionPipeline
from emotion_recognition.tools import option_values
from emotion_recognition.tools.annotated_copy import AnnotatedCopy
from emotion_recognition.tools.answers import Answer, answers, record
from emotion_recognition.tools.output_path import OutputError, expect_different, expect_writable
from emotion_recognition.tools.tracks_report import TracksReport, add_options

if TYPE_CHECKING:
    from emotion_recognition.tools.live_page import LivePage

#: The one word that is no source; a folder of this name is ./benchmark.
BENCHMARK = "benchmark"

# The share of its images that a video must give; containers count them roughly.
_ENOUGH = 0.9

INTERRUPTED = 130  # as a shell reports a program that Ctrl-C has ended


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, or 1 if something cannot be read, run or written, with one line on it."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == [BENCHMARK]:
        from emotion_recognition.tools.benchmark import command

        return command.main(words[1:])
    options = _parser().parse_args(words)
    try:
        with _terminated_like_interrupted():
            return _run(options)
    except KeyboardInterrupt:  # before there was anything to end
        return INTERRUPTED
    except BrokenPipeError:  # as of `emotion_recognition video.mp4 | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (SourceError, ModelError, BackendError, OutputError, OSError) as error:
        print(f"emotion_recognition: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="emotion_recognition",
        description="Find the faces in images, videos or a webcam and the emotion that each shows.",
        epilog="How fast it is on this machine: emotion_recognition benchmark --help",
    )
    parser.add_argument("source", help="image, folder of images, video, or webcam (0, /dev/video0)")
    parser.add_argument(
        "--json",
        metavar="FILE",
        help="file for one line of JSON an image, - for standard output; "
        "the default is -, and no JSON with --annotated, --summary, --plot or --web",
    )
    parser.add_argument(
        "--annotated",
        metavar="PATH",
        type=Path,
        help="copy with the faces drawn in: an image or a folder for images, else .mp4 or .avi",
    )
    add_options(parser)
    parser.add_argument(
        "--web",
        action="store_true",
        help="show the answers live in a browser, until Ctrl-C",
    )
    parser.add_argument(
        "--web-network",
        action="store_true",
        help="the same for others on the network, who need the address with its token",
    )
    parser.add_argument(
        "--web-port",
        metavar="PORT",
        type=option_values.port,
        help="the same as --web, at this port; 0: any that is free",
    )
    parser.add_argument(
        "--detector", default=DEFAULT_DETECTOR, help="packaged detector (%(default)s)"
    )
    parser.add_argument(
        "--classifier", default=DEFAULT_CLASSIFIER, help="packaged classifier (%(default)s)"
    )
    parser.add_argument(
        "--backend", default="auto", help="auto, onnxruntime, ncnn, torch or opencv (%(default)s)"
    )
    parser.add_argument(
        "--score-threshold",
        metavar="SCORE",
        type=option_values.score,
        help="detection score from which on a face counts, 0 to 1; the default is the detector's",
    )
    parser.add_argument(
        "--input-width",
        metavar="PIXELS",
        type=option_values.width_or_default,
        help="to which the longer side of an image is scaled for the detector: a multiple of "
        f"{INPUT_WIDTHS.step} from {INPUT_WIDTHS[0]} to {INPUT_WIDTHS[-1]}, a large one for small "
        "faces; the default is the detector's",
    )
    parser.add_argument(
        "--threads",
        type=option_values.threads_or_default,
        default=0,
        help="of one inference; 0: the backend's choice",
    )
    parser.add_argument("--version", action="version", version=__version__)
    return parser


def _run(options: argparse.Namespace) -> int:
    source = open_source(options.source)
    has_page = options.web or options.web_network or options.web_port is not None
    reports = options.summary or options.plot is not None
    writes = options.annotated is not None or reports or has_page
    json_path = options.json or (None if writes else "-")
    json_file = None if json_path in (None, "-") else Path(json_path)
    expect_different(filter(None, (json_file, options.annotated, options.plot)))
    with ExitStack() as stack:
        copy = lines = page = report = None
        if options.annotated is not None:
            copy = stack.enter_context(AnnotatedCopy(options.annotated, source))
        if reports:
            output = sys.stderr if json_path == "-" else sys.stdout
            table = output if options.summary else None
            report = TracksReport(source, table, options.plot)
        if json_file is not None:
            expect_writable(json_file, source)
        pipeline = _pipeline(options)
        if has_page:
            page = stack.enter_context(_open_page(options, source))
        if json_path is not None:  # only now, as it empties a file of an earlier run
            lines = stack.enter_context(_open_lines(json_file))
        was_interrupted, count = False, 0
        has_bar = not (json_path == "-" and sys.stdout.isatty())
        try:
            for answer in _with_progress(answers(pipeline, source), source.frame_count, has_bar):
                count += 1
                if lines is not None:
                    print(json.dumps(record(answer)), file=lines, flush=source.is_live)
                if copy is not None:
                    copy.add(draw_faces(answer.image, answer.faces), answer.index, answer.time)
                if report is not None:
                    report.add(answer)
                if page is not None:
                    page.add(answer)
            _warn_of_missing(source, count)
            if page is not None:
                page.stay()
        except KeyboardInterrupt:  # the way to end a webcam, and the page
            was_interrupted = not source.is_live and page is None
        except SourceError:
            if report is not None:  # of what there was until then
                report.finish(pipeline.labels)
            raise
        if report is not None:
            report.finish(pipeline.labels)
    return INTERRUPTED if was_interrupted else 0


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM, as systemd and docker send it, ends a recording as Ctrl-C does: it can be read."""
    if current_thread() is not main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _warn_of_missing(source: FrameSource, count: int) -> None:
    """Where there was much less than the source had told of; count: of its images."""
    if count < _ENOUGH * source.frame_count:
        print(
            f"emotion_recognition: warning: '{source.name}' tells of {source.frame_count} images, "
            f"of which {count} could be read; it may be damaged",
            file=sys.stderr,
        )


def _open_page(options: argparse.Namespace, source: FrameSource) -> LivePage:
    try:
        from emotion_recognition.tools.live_page import LivePage
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        advice = "apt install python3-aiohttp, or pip install aiohttp"
        raise OutputError(f"--web needs aiohttp: {advice}") from error
    model = f"{options.detector}/{options.classifier}"
    return LivePage(source, model, options.web_port, options.web_network)


def _pipeline(options: argparse.Namespace) -> EmotionPipeline:
    try:
        return EmotionPipeline(
            options.detector,
            options.classifier,
            options.backend,
            options.score_threshold,
            options.threads,
            input_width=options.input_width,
        )
    except ValueError as error:  # an input width for a detector of another kind
        raise ModelError(str(error)) from error


@contextmanager
def _open_lines(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        sys.stdout.flush()  # here, where a closed pipe is still noticed
    else:
        with path.open("w", encoding="utf-8") as file:
            yield file


def _with_progress(items: Iterator[Answer], count: int, wanted: bool) -> Iterable[Answer]:
    """With a progress bar on standard error if that is a terminal and tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return items
    disable = None if wanted else True  # None: disabled where there is no terminal
    bar: Iterable[Answer] = tqdm(items, total=count or None, unit=" images", disable=disable)
    return bar


if __name__ == "__main__":
    sys.exit(main())
