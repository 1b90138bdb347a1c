"""Teaches a published default classifier to tell how much can be told from a crop.

python -m emotion_recognition.training.train_certainty --help

The classifier stays as it is; `CertaintyClassifier` multiplies its logits by a number that is
learned here: on views of training faces that are whole, changed, partly hidden or under harsh
conditions the label shall be as likely as it can be made, and where the mouth cannot be seen the
answer shall be no surer than one that knows nothing but how often each emotion occurs.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion_recognition.core.manifest import MODELS, read_manifest
from emotion_recognition.training.emotion_data import input_batches, read_ferplus, votes_for
from emotion_recognition.training.harsh_conditions import harsh
from emotion_recognition.training.hidden_parts import (
    USUAL_LANDMARKS,
    cover_from_side,
    draw_mask,
    random_fill,
)
from emotion_recognition.training.labelled_faces import Crop, LabelledFaces
from emotion_recognition.training.opinions import MASKED, upright_faces
from emotion_recognition.training.perturbations import PERTURBATIONS
from emotion_recognition.training.published_weights import published_classifier
from emotion_recognition.training.residual_network import CertaintyClassifier

#: Masks are drawn here and there on a face, see below.
CHANGES = tuple(change for change in PERTURBATIONS if change.name != "mask")
MASK_REPEATS = 3  # of each face that wears a mask in the photograph
#: The part of a crop of FER2013 that hides the mouth, covered from below.
HIDES_THE_MOUTH = 0.35
CANNOT_TELL = -1  # as a label
BATCH = 1024
EPOCHS = 15
LEARNING_RATE = 3e-3


@dataclass(frozen=True)
class Views:
    """logits: float32 (N, C) of the classifier. means: float32 (N, M), what its certainty is told
    from. labels: (N,) indices of the emotions, or CANNOT_TELL.
    """

    logits: Tensor
    means: Tensor
    labels: Tensor


def random_view(crop: Crop, other: Crop, rng: np.random.Generator) -> tuple[Crop, bool]:
    """One in four as it is, the others harder to tell, and whether the mouth can be seen."""
    chance = rng.random()
    if chance < 0.25:
        return crop, True
    if chance < 0.48:
        change = CHANGES[int(rng.integers(len(CHANGES)))]
        level = float(rng.uniform(min(change.levels), max(change.levels)))
        covered = change.name == "covered below" and level > 100 * HIDES_THE_MOUTH
        return change.apply(crop, level, rng), not covered
    if chance < 0.63:
        side = np.array(crop.shape[::-1], np.float32)
        jitter = rng.normal(0, 0.025, (5, 2)) + rng.normal(0, 0.03, 2)
        landmarks = ((USUAL_LANDMARKS + jitter) * side).astype(np.float32)
        return draw_mask(crop, landmarks, float(rng.uniform(10, 250)), rng), False
    if chance < 0.83:
        side_of_four = int(rng.choice(4, p=(0.4, 0.2, 0.2, 0.2)))
        share = float(rng.uniform(0.05, 0.6))
        covered = side_of_four == 0 and share > HIDES_THE_MOUTH
        fill = random_fill(crop, other, rng)
        return cover_from_side(crop, share, side_of_four, fill), not covered
    return harsh(crop, rng), True


def labelled_faces(data: Path, classes: int) -> LabelledFaces:
    """Those of FER+ train of which more than half of the votes are for one emotion."""
    images = read_ferplus(data / "emotion" / "ferplus.npz", "train", kind=votes_for(classes))
    clear = np.flatnonzero(images.targets.max(axis=1) > 0.5)
    return LabelledFaces([images.crops[index] for index in clear.tolist()], images.labels[clear])


def look_at(network: CertaintyClassifier, crops: Sequence[Crop], labels: Sequence[int]) -> Views:
    with torch.inference_mode():
        parts = [network.read(inputs) for inputs in input_batches(crops)]
    logits, means = (torch.cat(part) for part in zip(*parts, strict=True))
    return Views(logits, means, torch.tensor(labels))


def views(
    network: CertaintyClassifier,
    faces: LabelledFaces,
    masked: Sequence[Crop],
    count: int,
    seed: int,
) -> Views:
    """So many random views of the faces, and those that wear masks, as they are and mirrored."""
    rng = np.random.default_rng(seed)
    crops, labels = [], []
    for index in rng.integers(len(faces.crops), size=count).tolist():
        other = faces.crops[int(rng.integers(len(faces.crops)))]
        crop, tellable = random_view(faces.crops[index], other, rng)
        crops.append(crop)
        labels.append(int(faces.labels[index]) if tellable else CANNOT_TELL)
    for crop in masked:
        for repeat in range(MASK_REPEATS):
            turned: NDArray[np.uint8] = crop[:, ::-1] if repeat % 2 else crop
            crops.append(np.ascontiguousarray(turned))
            labels.append(CANNOT_TELL)
    return look_at(network, crops, labels)


def certainty_loss(logits: Tensor, labels: Tensor, prior: Tensor) -> Tensor:
    """Cross entropy against the labels, or against the prior where there is none.

    logits: (N, C). labels: (N,). prior: (C,), how often each emotion occurs, falling, for whichever
    emotions are held likeliest: certainty cannot change their order.
    """
    scores = torch.log_softmax(logits, dim=1)
    known = labels != CANNOT_TELL
    of_labels = scores.gather(1, labels.clamp(min=0)[:, None])[:, 0]
    of_prior = scores.sort(dim=1, descending=True).values @ prior
    return -torch.where(known, of_labels, of_prior).mean()


def fit_certainty(
    network: CertaintyClassifier, seen: Views, temperature: float, seed: int, epochs: int = EPOCHS
) -> float:
    """Trains `network.certainty` alone; returns the loss of the last epoch.

    temperature: divides the logits before the softmax, as the published classifier's.
    """
    torch.manual_seed(seed)
    mean, deviation = seen.means.mean(dim=0), seen.means.std(dim=0) + 1e-6
    standard = (seen.means - mean) / deviation
    counts = seen.labels[seen.labels != CANNOT_TELL].bincount(minlength=seen.logits.shape[1])
    prior = (counts / counts.sum()).sort(descending=True).values
    first, last = network.certainty[0], network.certainty[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, 2.0)
    batches_an_epoch = max(1, len(standard) // BATCH)
    optimizer = torch.optim.AdamW(network.certainty.parameters(), LEARNING_RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches_an_epoch)
    total = 0.0
    for _ in range(epochs):
        batches = torch.randperm(len(standard)).split(BATCH)[:batches_an_epoch]
        total = 0.0
        for batch in batches:
            scaled = seen.logits[batch] * network.certainty(standard[batch]) / temperature
            loss = certainty_loss(scaled, seen.labels[batch], prior)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() / len(batches)
    with torch.no_grad():  # from here on it takes the means as they are
        first.weight.div_(deviation)
        first.bias.sub_(first.weight @ mean)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with emotion/ and faces/")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--classifier", default="default", help="name of the published one")
    parser.add_argument("--output", type=Path, required=True, help="a float.pt, for publish")
    parser.add_argument("--views", type=int, default=250_000, help="to learn from")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    manifest = read_manifest("classifier", options.classifier, options.models)
    classes = len(manifest.labels)
    network = CertaintyClassifier(classes).eval()
    network.classifier = published_classifier(manifest, options.data, classes)
    seen = views(
        network,
        labelled_faces(options.data, classes),
        upright_faces(options.data / "faces", MASKED),
        options.views,
        options.seed,
    )
    temperature = manifest.settings["temperature"]
    loss = fit_certainty(network, seen, temperature, options.seed, options.epochs)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), options.output)
    print(f"{len(seen.labels)} views, loss {loss:.4f}")


if __name__ == "__main__":
    main()
