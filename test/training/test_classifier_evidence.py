"""What is measured of a classifier, on crops and with classifiers made here."""

import csv
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from ferplus_archive import write_ferplus
from numpy.typing import NDArray

from emotion_recognition.core.types import LABELS
from emotion_recognition.training.confidence import split_halves
from emotion_recognition.training.evidence.classifier import (
    Shipped,
    measure_calibration,
    measure_classifier,
)
from emotion_recognition.training.evidence.classifier_charts import (
    save_classifier_charts,
    save_robustness,
)
from emotion_recognition.training.evidence.report import (
    accuracy,
    classification_report,
    wilson_interval,
)
from emotion_recognition.training.evidence.robustness import by_level, robustness
from emotion_recognition.training.evidence.sheets import save_classifier_sheet, sheets_folder
from emotion_recognition.training.evidence.tables import classifier_tables
from emotion_recognition.training.labelled_faces import (
    LabelledFaces,
    is_held_out,
    label_agreement,
    wild,
)
from emotion_recognition.training.perturbations import PERTURBATIONS, Perturbation, perturbed


def by_brightness(crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """A classifier that tells the four classes by the mean gray value: 30, 90, 150, 210."""
    logits = [
        [-abs(float(crop.mean()) - center) / 10 for center in (30, 90, 150, 210)] for crop in crops
    ]
    exponentials = np.exp(np.array(logits, np.float32))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.fixture
def faces() -> LabelledFaces:
    labels = np.arange(80) % 4
    return LabelledFaces([np.full((48, 48), 30 + 60 * label, np.uint8) for label in labels], labels)


def perturbation(name: str) -> Perturbation:
    return next(item for item in PERTURBATIONS if item.name == name)


def apply(name: str, crop: NDArray[np.uint8], level: float) -> NDArray[np.uint8]:
    return perturbation(name).apply(crop, level, np.random.default_rng(0))


@pytest.fixture
def spot() -> NDArray[np.uint8]:
    """A bright spot in the middle of the right half."""
    crop = np.zeros((49, 49), np.uint8)
    cv2.circle(crop, (36, 24), 3, 255, -1)
    return crop


def center_of(crop: NDArray[np.uint8]) -> NDArray[np.float64]:
    rows, columns = np.nonzero(crop > 100)
    return np.array([columns.mean(), rows.mean()])


def test_the_report_of_a_known_case() -> None:
    counts = np.array([[3, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 2], [0, 0, 0, 2]])
    report = classification_report(counts)
    assert report["neutral"] == pytest.approx(
        {"precision": 1, "recall": 0.75, "f1": 6 / 7, "support": 4}
    )
    assert report["surprised"] == {"precision": 0, "recall": 0, "f1": 0, "support": 2}
    assert report["happy"]["precision"] == pytest.approx(0.5)
    assert report["macro average"]["recall"] == pytest.approx((0.75 + 1 + 0 + 1) / 4)
    assert accuracy(counts) == pytest.approx(0.7)


def test_the_interval_of_a_share_is_wider_for_fewer_cases() -> None:
    # Of 8 in 10 cases: Wilson's published interval.
    assert wilson_interval(0.8, 10) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson_interval(0.8, 1000)[0] > 0.77
    assert wilson_interval(1.0, 5)[1] == pytest.approx(1)


@pytest.mark.parametrize(
    "item",
    [item for item in PERTURBATIONS if item.name == "size" or item.unchanged is not None],
    ids=lambda item: item.name,
)
def test_the_unchanged_level_changes_nothing(item: Perturbation, spot: NDArray[np.uint8]) -> None:
    if item.name == "size":
        assert apply(item.name, spot, spot.shape[0]) == pytest.approx(spot)
    else:
        assert item.unchanged in item.levels
        assert apply(item.name, spot, item.unchanged) == pytest.approx(spot)


def test_shift_moves_by_a_part_of_the_side(spot: NDArray[np.uint8]) -> None:
    moved = center_of(apply("shift", spot, 10)) - center_of(spot)
    assert np.hypot(*moved) == pytest.approx(4.9, abs=0.5)


def test_rotation_turns_about_the_middle(spot: NDArray[np.uint8]) -> None:
    arm = center_of(apply("rotation", spot, 30)) - 24
    assert np.hypot(*arm) == pytest.approx(12, abs=0.5)
    assert abs(np.degrees(np.arctan2(arm[1], arm[0]))) == pytest.approx(30, abs=2)


@pytest.mark.parametrize(
    ("name", "axis", "hidden"),
    [
        ("covered below", 0, 1),
        ("covered above", 0, 0),
        ("covered left", 1, 0),
        ("covered right", 1, 1),
    ],
)
def test_a_covered_part_is_flat_and_the_rest_untouched(name: str, axis: int, hidden: int) -> None:
    crop = np.arange(2304, dtype=np.uint16).reshape(48, 48).astype(np.uint8)
    covered = apply(name, crop, 50)
    halves, originals = np.split(covered, 2, axis), np.split(crop, 2, axis)
    assert len(np.unique(halves[hidden])) == 1
    assert (halves[1 - hidden] == originals[1 - hidden]).all()


def test_a_looser_crop_shows_the_face_smaller(spot: NDArray[np.uint8]) -> None:
    assert center_of(apply("looseness", spot, 1.5))[0] - 24 == pytest.approx(8, abs=0.5)
    assert center_of(apply("looseness", spot, 0.8))[0] - 24 == pytest.approx(15, abs=0.5)


def test_size_light_and_blur_do_what_they_say(spot: NDArray[np.uint8]) -> None:
    assert apply("size", spot, 24).shape == (24, 24)
    gray = np.full((48, 48), 100, np.uint8)
    assert (apply("brightness", gray, 0.5) == 50).all()
    assert (apply("brightness", gray, 3) == 255).all()
    blurred = apply("blur", spot, 4)
    assert blurred.max() < spot.max()
    assert blurred.sum() == pytest.approx(spot.sum(), rel=0.03)


def test_noise_compression_and_masks_do_what_they_say() -> None:
    gray = np.full((48, 48), 100, np.uint8)
    assert apply("noise", gray, 20).std() == pytest.approx(20, rel=0.1)
    detail = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
    errors = [np.abs(apply("JPEG", detail, q).astype(int) - detail).mean() for q in (5, 40, 90)]
    assert errors == sorted(errors, reverse=True)
    masked = apply("mask", gray, 230)
    assert masked[36, 24] > 180  # the mouth
    assert (masked[:16] == 100).all()  # the eyes and above


def test_every_face_is_changed_in_its_own_way_and_always_the_same() -> None:
    crop = np.random.default_rng(0).integers(0, 255, (48, 48)).astype(np.uint8)
    faces = LabelledFaces([crop, crop], np.zeros(2, np.intp))
    first, second = perturbed(faces, perturbation("shift"), 20)
    assert (first != second).any()
    assert (perturbed(faces, perturbation("shift"), 20)[0] == first).all()


def test_robustness_of_a_known_case(faces: LabelledFaces) -> None:
    results, error = by_level(by_brightness, faces, 1.0, 0.5)
    assert {item.name for item in PERTURBATIONS} == set(results)
    assert results["brightness"][1].accuracy == 1
    # All are told as the darkest class.
    assert results["brightness"][0.2].accuracy == pytest.approx(0.25)
    assert {item.accuracy for item in results["shift"].values()} == {1}
    assert 0 < error < 0.5


def test_coverage_and_risk_are_of_the_answers_above_the_threshold() -> None:
    sure, unsure = [0.9, 0.1, 0, 0], [0.4, 0.3, 0.3, 0]
    probabilities = np.array([sure, sure, unsure, unsure], np.float32)
    labels = np.array([0, 1, 0, 1])
    result = robustness(probabilities, labels, 0.5)
    assert (result.accuracy, result.coverage, result.risk) == (0.5, 0.5, 0.5)
    assert robustness(probabilities, labels, 0.95).risk == 0


def test_two_sets_of_labels_are_compared_on_the_faces_that_both_have(tmp_path: Path) -> None:
    crops = [np.full((48, 48), value, np.uint8) for value in (10, 60, 120, 180, 240)]
    path = tmp_path / "ferplus.npz"
    write_ferplus(path, crops, np.array([0, 1, 2, 3, 3]), ["valid"] * 4 + ["train"])
    with np.load(path) as archive:
        contents = dict(archive)
    happy, sad = 3, 4  # FER2013's numbers
    contents["fer2013_label"][:2] = (happy, sad)
    np.savez(path, **contents)
    assert label_agreement(path) == {"faces": 3, "agreement": pytest.approx(2 / 3)}


def test_no_person_of_wild_is_in_both_parts(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    rows = []
    for index in range(60):
        name = f"images/{index}.png"
        cv2.imwrite(str(tmp_path / name), np.full((8, 8), index, np.uint8))
        rows.append([name, "news", LABELS[index % 4], f"person {index // 2}"])
    with open(tmp_path / "labels.csv", "w", newline="") as file:
        csv.writer(file).writerows([["file", "source", "label4", "identity"], *rows])
    held_out, others = (wild(tmp_path, held_out=part)["news"] for part in (True, False))
    pixels = [{int(crop[0, 0]) for crop in part.crops} for part in (held_out, others)]
    people = [{value // 2 for value in part} for part in pixels]
    assert not people[0] & people[1]
    assert pixels[0] | pixels[1] == set(range(60))
    assert 0 < len(pixels[0]) < 30
    assert all(
        int(crop[0, 0]) % 4 == label
        for crop, label in zip(held_out.crops, held_out.labels, strict=True)
    )


def test_the_part_of_a_person_never_changes() -> None:
    assert [i for i in range(20) if is_held_out(f"person {i}")] == [0, 9, 16]


def test_a_wild_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    person = next(f"p{i}" for i in range(99) if is_held_out(f"p{i}"))
    (tmp_path / "labels.csv").write_text(
        f"file,source,label4,identity\ngone.jpg,news,happy,{person}\n"
    )
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg"):
        wild(tmp_path, held_out=True)


def test_temperature_and_threshold_come_from_one_half_and_are_judged_on_the_other() -> None:
    probabilities = np.tile(np.array([0.7, 0.1, 0.1, 0.1], np.float32), (40, 1))
    fit, rest = split_halves(40)
    labels = np.zeros(40, np.intp)
    labels[rest] = 1
    calibration = measure_calibration(probabilities, labels, Shipped(1.0, 0.5))
    assert calibration.temperature < 1  # all answers of the first half are right
    assert calibration.threshold < 1
    reject = calibration.figures()["reject"]
    assert (reject["coverage"], reject["risk"]) == (1, 1)  # all of the other half are wrong
    assert calibration.figures()["measured_on"] == len(fit)
    assert calibration.figures()["other_half"]["accuracy"] == 0


def test_what_the_node_rejects_is_measured_at_the_manifests_temperature_and_threshold() -> None:
    # At temperature 1 all are 0.7 sure, at 0.5 about 0.94.
    probabilities = np.tile(np.array([0.7, 0.1, 0.1, 0.1], np.float32), (40, 1))
    labels = np.zeros(40, np.intp)
    for shipped, coverage in (
        (Shipped(1.0, 0.8), 0),
        (Shipped(1.0, 0.6), 1),
        (Shipped(0.5, 0.8), 1),
    ):
        figures = measure_calibration(probabilities, labels, shipped).figures()
        assert figures["reject_at_the_default_of_the_node"] == {
            "threshold": shipped.reject_threshold,
            "coverage": coverage,
            "risk": 0,
        }


def test_all_charts_and_tables_of_a_classifier(faces: LabelledFaces, tmp_path: Path) -> None:
    agreed = LabelledFaces(faces.crops[:4], np.array([0, 1, 2, 2]))
    evidence = measure_classifier(
        by_brightness,
        Shipped(1.0, 0.5),
        faces,
        agreed,
        {"news": faces, "films": faces},
        [np.full((64, 64), gray, np.uint8) for gray in (31, 60, 92, 60)],
    )
    figures = evidence.figures()
    assert figures["ferplus_valid"]["accuracy"] == 1
    assert (figures["annotators_agree"]["faces"], figures["annotators_agree"]["accuracy"]) == (
        4,
        0.75,
    )
    assert figures["wild_held_out"]["faces"] == 160
    assert figures["calibration"]["measured_on"] == 40
    assert figures["masked_faces"] == {"faces": 4, "answered": 0.5, "other_than_neutral": 0.25}
    save_classifier_charts("test", evidence, tmp_path)
    for key in ("accuracy", "coverage", "risk"):
        save_robustness({"test": figures["robustness"]}, key, tmp_path / f"{key}.png")
    wrong = LabelledFaces(faces.crops, (faces.labels + 1) % 4)
    save_classifier_sheet(wrong, evidence.probabilities, sheets_folder(tmp_path) / "errors.png")
    pictures = sorted(tmp_path.rglob("*.png"))
    assert len(pictures) == 8
    for picture in pictures:
        assert min(cv2.imread(str(picture)).shape[:2]) > 300, picture
    assert (tmp_path / "sheets" / ".gitignore").read_text() == "*\n"
    text = classifier_tables("test", {"files": {"onnx_int8": {"accuracy": 1.0}}, **figures})
    assert "| accuracy on FER+ valid | 1.000 (95 %: 0.954 to 1.000) |" in text
    assert "| share of 4 faces in masks that get an answer | 0.500 |" in text
    assert "| accuracy on films of wild (80 faces) | 1.000 (95 %: 0.954 to 1.000) |" in text
