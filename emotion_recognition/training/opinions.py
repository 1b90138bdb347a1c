"""What several teachers think of every face there is to learn from: targets for a classifier.

Their opinions of the face as it is and of its mirror image are averaged once, and what a student
sees of the face is then varied: shown half of a face, it learns what can be told from that half.

python -m emotion_recognition.training.opinions --help
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion_recognition.backends import open_model
from emotion_recognition.core.classifier import EmotionClassifier
from emotion_recognition.core.manifest import read_manifest
from emotion_recognition.core.types import LABELS
from emotion_recognition.training.emotion_data import EmotionImages, input_batches, read_ferplus
from emotion_recognition.training.evaluate_classifier import Classify, predict
from emotion_recognition.training.face_landmarks import read_landmarked
from emotion_recognition.training.image_cache import read_pixels
from emotion_recognition.training.labelled_faces import wild
from emotion_recognition.training.teachers import EMOTIONS, TEACHERS

#: Sources of face images whose people wear no masks, and those whose people do.
WITHOUT_MASKS = (
    "karan",
    "karan_web",
    "selfie",
    "wm",
    "drivers",
    "drowsy",
    "p1",
    "ptrack_coco",
    "ptrack_misc",
)
#: Nine in ten of the faces of mask853 do.
MASKED = ("karan_mask", "mask853")
SMALLEST = 40  # pixels of the longer side of a box
SIDE = 64  # of the crops that are made here

Crop = NDArray[np.uint8]


def upright_faces(folder: Path, sources: Sequence[str], split: str = "train") -> list[Crop]:
    """Gray crops (64, 64) of faces with landmarks, turned so that the eyes are level."""
    crops = []
    for image in read_landmarked(folder, split):
        if image.source not in sources:
            continue
        pixels: NDArray[np.uint8] | None = None
        for box, ignore, landmarks in zip(image.boxes, image.ignore, image.landmarks, strict=True):
            side = float(max(box[2] - box[0], box[3] - box[1]))
            if ignore or side < SMALLEST or not np.isfinite(landmarks).all():
                continue
            if pixels is None:
                gray = cv2.cvtColor(read_pixels(image.path), cv2.COLOR_BGR2GRAY)
                pixels = np.asarray(gray, np.uint8)
            crops.append(upright(pixels, box, landmarks))
    return crops


def upright(gray: Crop, box: NDArray[np.float32], landmarks: NDArray[np.float32]) -> Crop:
    """The square around a face, its side the box's longer one, turned about its middle."""
    side = float(max(box[2] - box[0], box[3] - box[1]))
    across = landmarks[1] - landmarks[0]
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    middle = ((box[:2] + box[2:]) / 2).tolist()
    matrix = cv2.getRotationMatrix2D(middle, angle, SIDE / side)
    matrix = matrix + np.array([[0, 0, SIDE / 2 - middle[0]], [0, 0, SIDE / 2 - middle[1]]])
    shrinks = side > 1.5 * SIDE
    if shrinks:  # warpAffine does not average what it leaves out
        sigma = 0.4 * side / SIDE
        gray = np.asarray(cv2.GaussianBlur(gray, (0, 0), sigma), np.uint8)
    view = cv2.warpAffine(
        gray, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(view, np.uint8)


def all_faces(data: Path) -> EmotionImages:
    """FER+ train with votes for eight emotions, then faces without any: targets of zeros.

    data: folder with emotion/ and faces/. Always in the same order.
    """
    labelled = read_ferplus(
        data / "emotion" / "ferplus.npz", "train", kind="all_votes", with_unlabelled=True
    )
    others = wild(data / "emotion" / "wild", held_out=False)
    crops = [crop for source in sorted(others) for crop in others[source].crops]
    crops += upright_faces(data / "faces", WITHOUT_MASKS)
    nothing = np.zeros((len(crops), EMOTIONS), np.float32)
    return EmotionImages([*labelled.crops, *crops], np.concatenate([labelled.targets, nothing]))


def fingerprint(images: EmotionImages) -> str:
    """SHA-256 of all crops: of which faces the opinions are."""
    digest = hashlib.sha256()
    for crop in images.crops:
        digest.update(crop.tobytes())
    return digest.hexdigest()


def opinions(teachers: Sequence[nn.Module], images: EmotionImages, batch: int = 256) -> Tensor:
    """(N, 8) mean probabilities of the teachers on each crop and on its mirror image."""
    parts = []
    for inputs in input_batches(images.crops, batch):
        with torch.inference_mode():
            views = (inputs, inputs.flip(3))
            answers = [torch.softmax(one(view), dim=1) for one in teachers for view in views]
        parts.append(torch.stack(answers).mean(dim=0))
    return torch.cat(parts)


def with_classifier(
    opinion: NDArray[np.float32], teachers: int, classify: Classify, images: EmotionImages
) -> NDArray[np.float32]:
    """A packaged classifier of LABELS as one more teacher, of how these four divide what they have.

    opinion: (N, 8) mean probabilities of so many teachers. classify: at temperature 1.
    """
    mirrored = [np.asarray(crop[:, ::-1], np.uint8) for crop in images.crops]
    views = (images.crops, mirrored)
    answers = [predict(classify, EmotionImages(view, images.targets)) for view in views]
    four = len(LABELS)
    together = opinion[:, :four].sum(axis=1, keepdims=True)
    mean = (teachers * opinion[:, :four] + together * sum(answers) / len(views)) / (teachers + 1)
    return np.concatenate([mean, opinion[:, four:]], axis=1).astype(np.float32)


def read_opinions(path: Path, images: EmotionImages) -> NDArray[np.float32]:
    """Those that `main` wrote. Raises ValueError if they are of other faces."""
    with np.load(path, allow_pickle=False) as archive:
        if str(archive["fingerprint"]) != fingerprint(images):
            raise ValueError(f"{path} has the opinions of other faces; make it again")
        return np.asarray(archive["opinions"], np.float32)


def with_opinions(
    images: EmotionImages, opinion: NDArray[np.float32], share: float, classes: int
) -> EmotionImages:
    """Targets over the first `classes` emotions of which `share` is the teachers' opinion.

    A face with no votes for these is the teachers' alone (Hinton et al., 2015).
    """
    votes, opinion = images.targets[:, :classes], opinion[:, :classes]
    opinion = opinion / opinion.sum(axis=1, keepdims=True)
    voted = votes.sum(axis=1, keepdims=True)
    shares = votes / np.maximum(voted, 1e-6)
    # Few votes for these emotions say little about them.
    trust = (1 - share) * (voted > 0.3)
    return EmotionImages(
        images.crops, np.asarray(trust * shares + (1 - trust) * opinion, np.float32)
    )


def read_teacher(name: str, path: Path) -> nn.Module:
    network = TEACHERS[name]()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with emotion/ and faces/")
    parser.add_argument("--output", type=Path, required=True, help="opinions.npz")
    parser.add_argument(
        "--teacher",
        nargs=2,
        action="append",
        required=True,
        metavar=("NETWORK", "WEIGHTS"),
        help=f"one of {', '.join(TEACHERS)}, and the float.pt of its run; repeat it",
    )
    parser.add_argument("--classifier", help="a packaged one of four emotions, as another teacher")
    options = parser.parse_args()
    images = all_faces(options.data)
    teachers = [read_teacher(name, Path(path)) for name, path in options.teacher]
    answers = np.asarray(opinions(teachers, images).numpy(), np.float32)
    if options.classifier:
        manifest = read_manifest("classifier", options.classifier)
        network = open_model(manifest, "onnxruntime", precision="float")
        classify = EmotionClassifier(network)
        answers = with_classifier(answers, len(teachers), classify, images)
    half = answers.astype(np.float16)
    np.savez(options.output, opinions=half, fingerprint=fingerprint(images))
    print(f"{len(teachers)} teachers, {len(images.crops)} faces")


if __name__ == "__main__":
    main()
