"""The command line of the benchmark."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from emotion_recognition.backends import BACKENDS
from emotion_recognition.core.errors import BackendError, ModelError
from emotion_recognition.core.manifest import DEFAULT_CLASSIFIER, DEFAULT_DETECTOR, model_names
from emotion_recognition.tools import option_values
from emotion_recognition.tools.benchmark import (
    comparison,
    machine,
    peers,
    regression,
    report,
    stages,
    timing,
)
from emotion_recognition.tools.benchmark.networks import MissingLibraryError
from emotion_recognition.tools.output_path import expect_different, expect_writable

INTERRUPTED = 130  # as a shell reports a program that Ctrl-C has ended

_SECONDS, _QUICK_SECONDS = 60.0, 8.0
_DEFAULT_WIDTHS = (160, 320, 640)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, or 1 if something cannot be run or written, with one line on it."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.check or options.accept:
            return _check(options)
        _expect_writable(options)
        result = run(options)
        _write(options, result)
        print(report.as_text(result))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (
        BackendError,
        ModelError,
        MissingLibraryError,
        peers.PeerError,
        RuntimeError,
        OSError,
    ) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> report.Report:
    """Measures what the options select."""
    here = machine.describe()
    before = machine.condition()
    backends, missing = stages.installed(options.backend)
    if not backends:
        raise BackendError("; ".join(missing.values()))
    selection = stages.Selection(
        backends=backends,
        threads=options.threads or ((1,) if options.quick else sorted({1, here.cores})),
        widths=options.input_width or (() if options.quick else _DEFAULT_WIDTHS),
        detectors=options.detector
        or ([DEFAULT_DETECTOR] if options.quick else model_names("detector")),
        classifier=options.classifier,
    )
    cases: list[timing.Case] = []
    others = _peers(options)
    if others is not None:  # first, as a file of the user's may be none
        cases += peers.cases(others, 1, (1, 5))
        cases += peers.opencv_cases(others, 1, (1, 5))
    cases = [*stages.cases(selection), *cases]
    seconds = options.seconds or (_QUICK_SECONDS if options.quick else _SECONDS)
    rows = timing.measure(cases, seconds, on_round=_show_progress)
    footprints = list(
        comparison.footprints(selection.detectors, selection.classifier, backends, others)
    )
    return report.Report(
        machine=here,
        before=before,
        after=machine.condition(),
        rows=rows,
        missing=missing,
        footprints=footprints,
        ratios=[*comparison.time_ratios(rows), *comparison.memory_ratios(footprints)],
        random_weights=others is not None and not (others.yunet and others.mini_xception),
    )


def _peers(options: argparse.Namespace) -> peers.Peers | None:
    if options.baselines or options.yunet or options.mini_xception:
        return peers.Peers(options.yunet, options.mini_xception, options.baselines)
    return None


def _check(options: argparse.Namespace) -> int:
    findings = regression.check(options.seconds or regression.SECONDS)
    print(regression.as_text(findings))
    if options.accept:
        regression.accept(findings)
        print(f"these are expected from now on: {regression.EXPECTED}")
    return 0


def _show_progress(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} rounds", end="\r", file=sys.stderr, flush=True)


def _expect_writable(options: argparse.Namespace) -> None:
    """Raises before the work what would otherwise be told after it."""
    outputs = (options.json, options.plot, options.markdown)
    expect_different(filter(None, (*outputs, options.yunet, options.mini_xception)))
    for path in filter(None, outputs):
        expect_writable(path)
    if options.plot is not None:
        if find_spec("matplotlib") is None:
            raise MissingLibraryError(report.NEEDS_MATPLOTLIB)
        if options.plot.suffix.lower() != ".png":
            raise OSError(f"expected a plot's file to end in .png, got '{options.plot}'")


def _write(options: argparse.Namespace, result: report.Report) -> None:
    if options.json is not None:
        options.json.write_text(report.as_json(result), encoding="utf-8")
    if options.plot is not None:
        report.save_plot(result, options.plot)
    if options.markdown is not None:
        report.write_markdown(options.markdown, report.as_markdown(result))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="emotion_recognition benchmark",
        description="How fast every stage and the whole frame are on this machine, with each "
        "backend, precision, number of threads and size of the detector's input.",
        epilog="Ratios are those of the processor's time, which other programs disturb least.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="the default detector, its own input, one thread")
    add(
        "--seconds",
        type=option_values.positive,
        help=f"to measure for ({_SECONDS:g}, quick {_QUICK_SECONDS:g})",
    )
    add(
        "--backend",
        nargs="+",
        choices=BACKENDS,
        default=list(BACKENDS),
        metavar="NAME",
        help=f"of {', '.join(BACKENDS)}; default: all that are installed",
    )
    add(
        "--threads",
        nargs="+",
        type=option_values.threads,
        metavar="N",
        help="default: 1, and one a core",
    )
    add(
        "--input-width",
        nargs="+",
        type=option_values.width,
        metavar="PIXELS",
        help=f"of a detector that takes any ({' '.join(map(str, _DEFAULT_WIDTHS))})",
    )
    detectors, classifiers = model_names("detector"), model_names("classifier")
    add(
        "--detector",
        nargs="+",
        choices=detectors,
        metavar="NAME",
        help=f"of {', '.join(detectors)}; default: all",
    )
    add(
        "--classifier",
        choices=classifiers,
        default=DEFAULT_CLASSIFIER,
        metavar="NAME",
        help=f"of {', '.join(classifiers)} (%(default)s)",
    )
    add("--json", type=Path, metavar="FILE", help="everything that was found, for programs")
    add("--plot", type=Path, metavar="FILE.png", help="bars; needs matplotlib")
    add(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="tables with the ratios first; in a file with its two markers, between them",
    )
    add(
        "--baselines",
        action="store_true",
        help="also YuNet, TinyYOLO and mini-Xception, with random weights; needs onnx, onnxruntime",
    )
    add("--yunet", type=Path, metavar="FILE.onnx", help="this YuNet, as in opencv_zoo, as a peer")
    add("--mini-xception", type=Path, metavar="FILE.onnx", help="this mini-Xception as a peer")
    add(
        "--check",
        action="store_true",
        help="only compare a few ratios with those that are expected; what is off is marked",
    )
    add("--accept", action="store_true", help="as --check, and expect what was found from now on")
    return parser
