"""What is fitted to a classifier's confidence becomes part of the files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ferplus_archive import write_ferplus
from torch import nn

from emotion_recognition.training.publish import RELEASES, fit_to_confidence, read_weights
from emotion_recognition.training.residual_network import DefaultClassifier


class ByBrightness(nn.Module):
    """Sees the class in the brightness of the crop, the brighter the higher."""

    def __init__(self, reluctance: float = 0.0) -> None:
        """reluctance: to say the second class."""
        super().__init__()
        self.linear = nn.Linear(1, 4)
        with torch.no_grad():
            self.linear.weight[:, 0] = torch.tensor([0.0, 10.0, 20.0, 30.0])
            self.linear.bias[:] = torch.tensor([0.0, -2.5 - reluctance, -7.5, -15.0])

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.linear(crops.mean(dim=(2, 3)))
        return logits


def write_faces(path: Path, count: int) -> None:
    """Crops of every brightness, labelled as likely as an honest `ByBrightness` says."""
    rng = np.random.default_rng(0)
    crops = [np.full((48, 48), level, np.uint8) for level in rng.integers(0, 256, count)]
    with torch.no_grad():
        logits = ByBrightness()(torch.from_numpy(np.stack(crops)[:, None]).float() / 255)
    likely = torch.softmax(logits, 1).numpy().cumsum(axis=1)
    labels = (likely < rng.random((count, 1))).sum(axis=1).clip(max=3)
    write_ferplus(path, crops, labels, ["valid"] * count)


@pytest.fixture
def ferplus(tmp_path: Path) -> Path:
    path = tmp_path / "ferplus.npz"
    write_faces(path, 1000)
    return path


def test_class_offsets_become_part_of_the_last_layer_of_every_file(ferplus: Path) -> None:
    calibrated, fused = ByBrightness(reluctance=1), ByBrightness(reluctance=1)
    release = RELEASES["classifier_default"]
    settings = fit_to_confidence(release, calibrated, fused, ferplus, certain=False)
    assert settings["temperature"] == pytest.approx(1, abs=0.3)
    assert torch.equal(calibrated.linear.bias, fused.linear.bias)
    corrected, honest = (
        network.linear.bias - network.linear.bias.mean() for network in (calibrated, ByBrightness())
    )
    # 500 faces undo a good part of the reluctance of 1, and add none to say the others.
    assert 0.15 < (honest - corrected)[1] < 0.6
    assert (honest - corrected).abs().max() < 0.6


def test_the_threshold_holds_under_hard_conditions_as_well(tmp_path: Path) -> None:
    path = tmp_path / "ferplus.npz"
    write_faces(path, 120)
    release = replace(RELEASES["classifier_default"], class_offsets=False)
    usual, hard = (
        fit_to_confidence(release, ByBrightness(), ByBrightness(), path, certain)
        for certain in (False, True)
    )
    # In three times the light most crops are white, and this network takes them for the last class.
    assert hard["reject_threshold"] > usual["reject_threshold"]


def test_a_classifier_that_tells_how_certain_it_is_has_its_offsets_already(ferplus: Path) -> None:
    network = ByBrightness(reluctance=1)
    fit_to_confidence(RELEASES["classifier_default"], network, network, ferplus, certain=True)
    assert torch.equal(network.linear.bias, ByBrightness(reluctance=1).linear.bias)


def test_the_papers_classifiers_stay_as_they_were_trained(ferplus: Path) -> None:
    for name in ("classifier_paper", "classifier_paper_fer2013"):
        network = ByBrightness(reluctance=1)
        fit_to_confidence(RELEASES[name], network, network, ferplus, certain=False)
        assert torch.equal(network.linear.bias, ByBrightness(reluctance=1).linear.bias)


def test_weights_that_know_eight_emotions_give_the_classifier_of_four_as_well(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    learned = DefaultClassifier(8).eval()
    torch.save(learned.state_dict(), tmp_path / "float.pt")
    crop = torch.rand(1, 1, 64, 64)
    for release, classes in (("classifier_eight", 8), ("classifier_default", 4)):
        network = RELEASES[release].network().eval()
        network.load_state_dict(read_weights(RELEASES[release], tmp_path / "float.pt"))
        assert torch.equal(network(crop), learned(crop)[:, :classes])
