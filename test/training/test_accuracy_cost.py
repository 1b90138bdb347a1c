"""The curve of what a detector finds against what it costs."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion_recognition.tools.benchmark.scenes import face_boxes, scene
from emotion_recognition.training import accuracy_cost

COLUMNS = "file,source,split,width,height,x1,y1,x2,y2,label_type,ignore"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two images of val with five drawn faces each."""
    faces = tmp_path / "faces"
    faces.mkdir()
    with open(faces / "annotations.csv", "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS.split(","))
        for name in ("a.png", "b.png"):
            cv2.imwrite(str(faces / name), scene(5))
            for box in face_boxes(5):
                corners = (box.x1, box.y1, box.x2, box.y2)
                table.writerow([name, "drawn", "val", 640, 480, *map(round, corners), "human", 0])
    return tmp_path


def test_the_curve_goes_into_the_page_a_file_and_a_chart(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accuracy_cost, "ROUNDS", 3)
    page = tmp_path / "page.md"
    page.write_text(f"before\n{accuracy_cost.BEGIN}\n{accuracy_cost.END}\nafter\n")
    words = ["--data", data, "--output", tmp_path, "--page", page, "--widths", "160", "640"]
    accuracy_cost.main([str(word) for word in words])

    points = json.loads((tmp_path / "accuracy_cost.json").read_text())["points"]
    assert [point["input_width"] for point in points] == [160, 320, 640]
    assert points[1]["cost"] == 1.0
    # 16 times the pixels: whatever the machine, it costs more.
    assert points[2]["cost"] > points[0]["cost"]
    assert all(0 < point["network_cost"] <= point["cost"] for point in points)
    assert points[1]["recall_3"] == 1.0, "the drawn faces are found"
    lines = page.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| ")][2:] == [
        "160",
        "320",
        "640",
    ]
    assert (tmp_path / "accuracy_cost.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_without_the_markers_is_refused(data: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("no markers\n")
    words = ["--data", data, "--output", tmp_path, "--page", page, "--widths", "320"]
    with pytest.raises(ValueError, match="expected one line"):
        accuracy_cost.main([str(word) for word in words])


def test_a_folder_without_data_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit):
        accuracy_cost.main(["--data", str(tmp_path)])
    assert "expected a folder with faces/annotations.csv" in capsys.readouterr().err


def test_only_the_network_counts_as_the_network() -> None:
    network = accuracy_cost.TimedNetwork(lambda tensor: np.sort(tensor))
    network(np.zeros(3, np.float32))
    first = network.seconds
    assert network(np.array([2, 1], np.float32)).tolist() == [1, 2]
    assert network.seconds > first > 0
