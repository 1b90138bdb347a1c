"""Recomputes every published figure from the packaged files and the data.

python -m emotion_recognition.training.evaluate --data DATA --output OUTPUT

Writes evaluation.json (all figures), tables.md (as in the model cards, also printed), a chart of
each kind as PNG, and OUTPUT/sheets: contact sheets of the data's own images, which git ignores.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from emotion_recognition.backends import BACKENDS, Precision, open_model, resolve
from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.detectors import make_detector
from emotion_recognition.core.manifest import (
    MODELS,
    FileKind,
    Kind,
    Manifest,
    model_names,
    read_manifest,
)
from emotion_recognition.training.confidence import SPLIT_SEED
from emotion_recognition.training.detection_data import read_annotations
from emotion_recognition.training.evidence.cards import write_figures
from emotion_recognition.training.evidence.classifier import Shipped, measure_classifier
from emotion_recognition.training.evidence.classifier_charts import (
    save_classifier_charts,
    save_robustness,
)
from emotion_recognition.training.evidence.detector import measure_detector
from emotion_recognition.training.evidence.detector_charts import save_detector_charts
from emotion_recognition.training.evidence.reliability import BINS
from emotion_recognition.training.evidence.sheets import (
    save_classifier_sheet,
    save_detector_sheets,
    sheets_folder,
)
from emotion_recognition.training.evidence.tables import (
    classifier_tables,
    detector_tables,
    label_table,
)
from emotion_recognition.training.evidence.targets import (
    CLASSIFIER_TARGETS,
    DETECTOR_TARGETS,
    targets_table,
)
from emotion_recognition.training.headline import measure
from emotion_recognition.training.held_aside import NEGATIVES, held_aside_negatives
from emotion_recognition.training.labelled_faces import ferplus_valid, label_agreement, wild
from emotion_recognition.training.opinions import MASKED, SMALLEST, upright_faces

AGREEMENT = 8  # of ten annotators

PROTOCOL = {
    "classifier": "FER+ valid: votes of one dropped, images whose majority is one of four classes",
    "calibration": f"temperature and reject threshold from one half of valid (seed {SPLIT_SEED}), "
    f"measured on the other; {BINS} bins of equal width",
    "masked": f"faces of val's {' and '.join(MASKED)} from {SMALLEST} pixels, turned upright by "
    "their landmarks; nine in ten wear masks",
    "wild": "people for whom crc32(name) is a multiple of 5",
    "detector": "val; faces from 5 or 10 % of the image's longer side, smaller and flagged faces "
    "neither hit nor miss",
    "negatives": f"{NEGATIVES} images without a face, lowest SHA-256 of the file name",
}


@dataclass(frozen=True)
class Evaluation:
    """What is measured, on what, and with what.

    data: folder with faces/ and emotion/. output: folder that exists. models: folder of the
    packaged models; detectors and classifiers are names in it. limit: use only so many images of
    each set.
    """

    data: Path
    output: Path
    models: Path
    detectors: Sequence[str]
    classifiers: Sequence[str]
    backend: str
    precision: Precision
    limit: int | None


def evaluate_classifiers(options: Evaluation) -> tuple[dict[str, Any], list[str]]:
    """Figures by model; a table of the targets, and tables of each model."""
    others = wild(options.data / "emotion" / "wild", held_out=True, limit=options.limit)
    masked = upright_faces(options.data / "faces", MASKED, "val")[: options.limit]
    everything: dict[str, Any] = {}
    for name in options.classifiers:
        manifest = read_manifest("classifier", name, options.models)
        network = open_model(manifest, options.backend, precision=options.precision)
        classes = len(manifest.labels)
        ferplus = options.data / "emotion" / "ferplus.npz"
        valid = ferplus_valid(ferplus, options.limit, classes)
        agreed = ferplus_valid(ferplus, options.limit, classes, AGREEMENT)
        shipped = Shipped(
            manifest.settings["temperature"], manifest.settings.get("reject_threshold", 0.0)
        )
        evidence = measure_classifier(
            EmotionClassifier(network, labels=manifest.labels),
            shipped,
            valid,
            agreed,
            others,
            masked,
        )
        everything[name] = {"files": headline(manifest, options), **evidence.figures()}
        save_classifier_charts(name, evidence, options.output)
        sheet = sheets_folder(options.output) / f"classifier_{name}_errors.png"
        save_classifier_sheet(valid, evidence.probabilities, sheet)
    curves = {name: figures["robustness"] for name, figures in everything.items()}
    if curves:
        for key in ("accuracy", "coverage", "risk"):
            save_robustness(curves, key, options.output / f"classifier_robustness_{key}.png")
    targets = targets_table(CLASSIFIER_TARGETS, everything)
    tables = [classifier_tables(name, item) for name, item in everything.items()]
    return everything, [targets, *tables]


def evaluate_detectors(options: Evaluation) -> tuple[dict[str, Any], list[str]]:
    """Figures by model; a table of the targets, and tables of each model."""
    images = read_annotations(options.data / "faces", "val")[: options.limit]
    negatives = held_aside_negatives(read_annotations(options.data / "faces", "train"))
    everything: dict[str, Any] = {}
    for name in options.detectors:
        manifest = read_manifest("detector", name, options.models)
        network = open_model(manifest, options.backend, precision=options.precision)
        detector = make_detector(manifest, network)
        evidence = measure_detector(detector, images, negatives[: options.limit])
        everything[name] = {"files": headline(manifest, options), **evidence.figures()}
        save_detector_charts(name, evidence, options.output)
        save_detector_sheets(name, evidence, images, sheets_folder(options.output))
    targets = targets_table(DETECTOR_TARGETS, everything)
    tables = [detector_tables(name, item) for name, item in everything.items()]
    return everything, [targets, *tables]


def headline(manifest: Manifest, options: Evaluation) -> dict[FileKind, dict[str, float]]:
    """The headline figures of every file of a model."""
    return measure(manifest.kind, options.data, options.models, None, manifest.name, options.limit)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with faces/ and emotion/")
    parser.add_argument("--output", type=Path, default=Path("evaluation_output"))
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument(
        "--detectors", nargs="*", metavar="NAME", help="default: every packaged one"
    )
    parser.add_argument(
        "--classifiers", nargs="*", metavar="NAME", help="default: every packaged one"
    )
    parser.add_argument("--backend", choices=["auto", *BACKENDS], default="onnxruntime")
    parser.add_argument(
        "--precision", choices=get_args(Precision), default="auto", help="auto: int8 if it can"
    )
    parser.add_argument("--limit", type=int, help="only so many images of each set, to try it out")
    parser.add_argument(
        "--cards", action="store_true", help="write the tables into the model cards, too"
    )
    chosen = parser.parse_args(arguments)

    parts = (chosen.detectors, chosen.classifiers, chosen.limit)
    if chosen.cards and any(part is not None for part in parts):
        parser.error(
            "--cards: the cards are of all models and images; "
            "expected no --detectors, --classifiers or --limit"
        )
    for needed in (
        "faces/annotations.csv",
        "faces/landmarks.csv",
        "emotion/ferplus.npz",
        "emotion/wild/labels.csv",
    ):
        if not (chosen.data / needed).is_file():
            parser.error(f"--data: expected a folder with {needed}, there is no such file")
    options = Evaluation(
        data=chosen.data,
        output=chosen.output,
        models=chosen.models,
        detectors=_all_if_none(chosen.detectors, "detector", chosen.models),
        classifiers=_all_if_none(chosen.classifiers, "classifier", chosen.models),
        backend=resolve(chosen.backend),
        precision=chosen.precision,
        limit=chosen.limit,
    )
    options.output.mkdir(parents=True, exist_ok=True)
    classifiers, classifier_text = evaluate_classifiers(options)
    detectors, detector_text = evaluate_detectors(options)
    labels = label_agreement(options.data / "emotion" / "ferplus.npz")
    classifier_text = [*classifier_text, label_table(labels)]
    report = {
        "protocol": PROTOCOL,
        "labels_of_ferplus_and_fer2013": labels,
        "backend": options.backend,
        "precision": options.precision,
        "classifiers": classifiers,
        "detectors": detectors,
    }
    text = json.dumps(_rounded(report), indent=2)
    (options.output / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    tables = "\n\n".join(filter(None, [*classifier_text, *detector_text]))
    (options.output / "tables.md").write_text(tables + "\n", encoding="utf-8")
    print(tables)
    if chosen.cards:
        write_figures(options.models / "CLASSIFIER.md", classifier_text)
        write_figures(options.models / "DETECTOR.md", detector_text)


def _all_if_none(names: Sequence[str] | None, kind: Kind, models: Path) -> Sequence[str]:
    return model_names(kind, models) if names is None else names


def _rounded(value: Any) -> Any:  # noqa: ANN401
    """Figures with four decimals, as in the manifests."""
    if isinstance(value, dict):
        return {str(key): _rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
