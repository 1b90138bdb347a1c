"""The benchmark: what it times and how, what it says of the machine, and what it refuses."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emotion_recognition import EmotionPipeline, backends
from emotion_recognition.core.errors import BackendError
from emotion_recognition.core.types import Box, Face
from emotion_recognition.tools import cli
from emotion_recognition.tools.benchmark import (
    command,
    comparison,
    machine,
    regression,
    repeated,
    report,
    stages,
)
from emotion_recognition.tools.benchmark.comparison import Footprint, memory_ratios, time_ratios
from emotion_recognition.tools.benchmark.machine import Condition
from emotion_recognition.tools.benchmark.memory import Memory
from emotion_recognition.tools.benchmark.timing import (
    Case,
    Row,
    Spread,
    Subject,
    measure,
    spread,
    whole,
)


def busy(seconds: float) -> None:
    """Takes the processor for this time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def row(subject: Subject, stage: str, processor: float) -> Row:
    return Row(subject, stage, Spread(2 * processor, 3 * processor, 4 * processor, processor, 10))


def test_percentiles_are_times_that_were_seen() -> None:
    seconds = [np.array((i / 1000, i / 500)) for i in range(1, 201)]
    assert spread(seconds[::-1]) == Spread(100, 190, 198, 200, 200)
    assert spread(seconds[:1]) == Spread(1, 1, 1, 2, 1)


def test_what_is_compared_takes_turns() -> None:
    calls: list[str] = []
    cases = [
        Case(Subject(name), whole("all", lambda name=name: calls.append(name))) for name in "ab"
    ]  # type: ignore[misc]
    rows = measure(cases, seconds=0, least_rounds=3)
    turns = [name for name, before in zip(calls, ["", *calls], strict=False) if name != before]
    assert turns == ["a", "b"] * 3
    # The first of each turn is not timed.
    assert [row.spread.count for row in rows] == [calls.count(name) - 3 for name in "ab"]


def test_waiting_takes_time_but_not_the_processors() -> None:
    (row,) = measure([Case(Subject(), whole("all", lambda: time.sleep(0.05)))], 0, 1)
    assert row.spread.p50 >= 50
    assert row.spread.processor < 50


def test_a_call_is_divided_at_its_network() -> None:
    class Owner:
        def __init__(self) -> None:
            self.network = lambda number: busy(0.008) or number + 1

    owner = Owner()

    def call() -> None:
        busy(0.004)
        assert owner.network(1) == 2
        busy(0.004)
        assert owner.network(2) == 3
        busy(0.002)

    start = time.perf_counter()
    times = stages.in_stages(owner, call, ("before", "network", "after"))()
    total = time.perf_counter() - start
    least = {"before": 0.008, "network": 0.016, "after": 0.002}
    assert all(times[name].min() >= seconds for name, seconds in least.items())
    assert sum(value[0] for value in times.values()) <= total


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The JSON of a short run with one backend."""
    pytest.importorskip("onnxruntime")
    file = tmp_path_factory.mktemp("benchmark") / "result.json"
    words = ["--quick", "--seconds", "0.1", "--backend", "onnxruntime", "--json", str(file)]
    assert command.main([*words, "--detector", "default", "--input-width", "160", "224"]) == 0
    content: Mapping[str, Any] = json.loads(file.read_text())
    return content


def test_every_stage_is_in_the_json(measured: Mapping[str, Any]) -> None:
    rows = measured["rows"]
    assert {row["stage"] for row in rows} == set(stages.STAGES)
    assert {row["backend"] for row in rows} == {"onnxruntime"}
    assert {row["faces"] for row in rows if row["stage"] == stages.FRAME} == {0, 1, 5}
    networks = [row for row in rows if row["stage"] == stages.DETECTOR_STAGES[1]]
    assert [row["input"] for row in networks] == ["160x128", "224x192"]
    assert all(0 < row["p50"] <= row["p95"] <= row["p99"] for row in rows)
    assert all(row["count"] >= 3 for row in rows)


def test_the_json_tells_the_machine_and_the_memory(measured: Mapping[str, Any]) -> None:
    assert measured["machine"]["cores"] >= 1
    assert measured["machine"]["versions"].keys() >= {"numpy", "onnxruntime", "cv2", "python"}
    (footprint,) = measured["footprints"]
    assert footprint["memory"]["working"] > footprint["memory"]["libraries"] > 10_000_000
    assert footprint["files"] > 1_000_000


@pytest.mark.parametrize("faces", [0, 1, 5])
def test_a_scene_has_its_number_of_faces_for_every_detector(faces: int) -> None:
    pytest.importorskip("onnxruntime")
    from emotion_recognition.tools.benchmark.scenes import scene

    for name in ("default", "paper"):
        pipeline = EmotionPipeline(detector=name, backend="onnxruntime", threads=1)
        threshold = stages.threshold_for(pipeline, scene(faces), faces)
        assert len(pipeline.process(scene(faces), threshold).faces) == faces


def test_a_threshold_is_found_where_the_models_own_leaves_another_number() -> None:
    class Pipeline:
        model_name = "made/up"
        score_threshold = 0.5

        def process(self, image: object, threshold: float) -> Pipeline:
            self.faces = [Face(Box(0, 0, 1, 1), s) for s in (0.9, 0.4, 0.2) if s >= threshold]
            return self

        def __call__(self, image: object) -> list[Face]:
            return self.process(image, self.score_threshold).faces

    pipeline: Any = Pipeline()
    for faces in range(4):
        threshold = stages.threshold_for(pipeline, np.zeros((1, 1, 3), np.uint8), faces)
        assert len(pipeline.process(None, threshold).faces) == faces
    with pytest.raises(RuntimeError, match="made/up finds 3 of 4 faces"):
        stages.threshold_for(pipeline, np.zeros((1, 1, 3), np.uint8), 4)


@pytest.fixture
def without_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    find = backends.importlib.util.find_spec
    monkeypatch.setattr(
        backends.importlib.util,
        "find_spec",
        lambda name: None if name == "onnxruntime" else find(name),
    )


def test_a_backend_that_is_not_installed_is_named(without_onnxruntime: None) -> None:
    found, missing = stages.installed(["onnxruntime", "opencv"])
    assert found == ["opencv"]
    assert "pip install onnxruntime" in missing["onnxruntime"]
    text = report.as_text(short_report(missing=missing))
    assert "onnxruntime: not installed. " in text
    assert "pip install onnxruntime" in text


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The one line on standard error that goes with exit code 1."""
    assert command.main([str(word) for word in words]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("benchmark: ")
    return str(line)


def test_without_any_backend_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], without_onnxruntime: None
) -> None:
    assert "pip install onnxruntime" in refused(capsys, "--backend", "onnxruntime")


def test_what_cannot_be_written_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "run", lambda options: pytest.fail("it has begun"))
    assert "no folder" in refused(capsys, "--json", tmp_path / "nowhere" / "a.json")
    assert "to end in .png" in refused(capsys, "--plot", tmp_path / "plot.txt")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--input-width 100", "expected a multiple of 32 from 160 to 640, got 100"),
        ("--threads 0", "the cores here, got 0"),
        ("--threads all", "the cores here, got all"),
        ("--input-width wide", "expected a multiple of 32 from 160 to 640, got wide"),
        ("--seconds long", "expected a number above 0, got long"),
        ("--seconds -1", "expected a number above 0, got -1"),
        ("--seconds nan", "expected a number above 0, got nan"),
        ("--backend nothing", "invalid choice: 'nothing'"),
        ("--detector nothing", "invalid choice: 'nothing'"),
        ("--wrong", "unrecognized arguments: --wrong"),
    ],
)
def test_a_wrong_argument_ends_with_the_usage(
    capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words.split())
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("usage: emotion_recognition benchmark")
    assert said in error


def test_it_is_a_word_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["benchmark", "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage: emotion_recognition benchmark")


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """The root of a file system like that of a Raspberry Pi 4."""
    for name, text in {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/cpuinfo": "processor : 0\nCPU part\t: 0xd08\n",
        "proc/meminfo": "MemTotal:        3884360 kB\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
        "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1800000\n",
        "sys/class/thermal/thermal_zone0/temp": "81234\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50004\n",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_a_board_tells_its_clock_and_what_slows_it_down(board: Path) -> None:
    found = machine.describe(board)
    assert found.board == "Raspberry Pi 4 Model B Rev 1.4"
    assert found.processor == "Cortex-A72"
    assert found.governors == ("ondemand",)
    assert found.frequency == 1800
    assert found.memory == 3884360 * 1024
    state = machine.condition(board)
    assert state.temperature == pytest.approx(81.2, abs=0.1)
    assert state.throttling == ("throttled", "under-voltage since it was started")


def test_a_machine_that_tells_nothing_is_described_nevertheless(tmp_path: Path) -> None:
    found, state = machine.describe(tmp_path), machine.condition(tmp_path)
    assert (found.board, found.governors, found.frequency) == ("", (), 0)
    assert (state.temperature, state.throttling) == (None, None)


def short_report(**fields: Any) -> report.Report:  # noqa: ANN401
    rows = [row(Subject("a", "b", threads=1, faces=i), stages.FRAME, 1.0 + i) for i in (0, 1)]
    here, calm = machine.describe(), Condition(0.0, 40.0, ())
    return report.Report(**{"machine": here, "before": calm, "after": calm, "rows": rows} | fields)


def test_a_board_that_was_slowed_down_is_told() -> None:
    calm, slowed = Condition(0.0, 40.0, ()), Condition(0.0, 85.0, ("throttled",))
    assert "throttling: none" in report.as_text(short_report())
    assert "slowed down" not in report.as_text(short_report())
    text = report.as_text(short_report(before=calm, after=slowed))
    assert "throttling: throttled" in text
    assert "the board was slowed down" in text
    busy_machine = short_report(before=Condition(100.0, None, None))
    assert "other programs were running" in report.as_text(busy_machine)


def test_a_plot_is_a_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    report.save_plot(short_report(), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_markdown_goes_between_the_markers_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    report.write_markdown(file, report.as_markdown(short_report()))
    assert "| whole frame | a |" in file.read_text()
    file.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    for _ in range(2):
        report.write_markdown(file, "new\n")
    assert file.read_text() == f"before\n{report.BEGIN}\n\nnew\n\n{report.END}\nafter\n"


def test_ratios_are_of_processor_time_to_the_peers_and_to_one_face() -> None:
    rows = [
        row(Subject("default + default", "onnxruntime", faces=1), stages.FRAME, 2.0),
        row(Subject("default + default", "onnxruntime", faces=5), stages.FRAME, 3.0),
        row(Subject("YuNet + mini-Xception", "onnxruntime", faces=1), stages.FRAME, 8.0),
        row(Subject("default", "onnxruntime", "float"), stages.DETECTOR_STAGES[1], 1.0),
        row(Subject("YuNet", "onnxruntime", "float"), stages.DETECTOR_STAGES[1], 5.0),
        row(Subject("default", "onnxruntime", "float", 4), stages.DETECTOR_STAGES[1], 9.0),
    ]
    found = time_ratios(rows)
    assert [(ratio.kind, ratio.value) for ratio in found] == [
        (comparison.FRAMES, 0.25),
        (comparison.NETWORKS, 0.2),
        (comparison.MORE_FACES, 1.5),
    ]
    text = report.as_text(short_report(ratios=found))
    for line in (
        "Whole frame with one face, as a share of",
        "default + default, onnxruntime  0.25",
    ):
        assert line in re.sub(" +", " ", text).replace(", onnxruntime ", ", onnxruntime  ")


def test_memory_is_compared_on_disk_and_of_the_networks_alone() -> None:
    megabyte = 1_000_000
    found = [
        Footprint("paper + default", "onnxruntime", 2 * megabyte, Memory(60, 90)),
        Footprint("TinyYOLO + mini-Xception", "onnxruntime", 64 * megabyte, Memory(50, 350)),
    ]
    assert [ratio.value for ratio in memory_ratios(found)] == [2 / 64, 30 / 300]


def test_a_ratio_is_off_beyond_its_tolerance_only() -> None:
    tolerance = regression.TOLERANCES[regression.FIVE_FACES]
    kept = regression.Finding(regression.FIVE_FACES, 1.99 * tolerance, 2.0)
    off = regression.Finding(regression.FIVE_FACES, 2.01 * tolerance, 2.0)
    faster = regression.Finding(regression.FIVE_FACES, 0.1, 2.0)
    new = regression.Finding(regression.FIVE_FACES, 100.0, None)
    assert [finding.is_off for finding in (kept, off, faster, new)] == [False, True, False, False]
    assert "OFF" not in regression.as_text([kept, faster, new])
    assert "1 of 2 ratios are off" in regression.as_text([kept, off])


def test_every_ratio_has_an_expected_value() -> None:
    assert set(json.loads(regression.EXPECTED.read_text())) == set(regression.TOLERANCES)


def test_a_stage_that_became_slower_is_marked_and_nothing_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime")
    process = EmotionPipeline.process

    def slowed(pipeline: EmotionPipeline, *arguments: Any) -> Any:  # noqa: ANN401
        busy(0.03)
        return process(pipeline, *arguments)

    monkeypatch.setattr(EmotionPipeline, "process", slowed)
    assert command.main(["--check", "--seconds", "0.01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    marked = {
        name
        for name in regression.TOLERANCES
        for line in lines
        if line.startswith(name) and "OFF" in line
    }
    assert {regression.FRAME_TO_REFERENCE, regression.AROUND_NETWORKS} <= marked
    assert regression.FIVE_FACES not in marked
    assert "ratios are off" in lines[-1]


def test_what_was_found_is_expected_once_it_is_accepted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(regression, "EXPECTED", tmp_path / "expected.json")
    regression.accept([regression.Finding(regression.FIVE_FACES, 1.23456, None)])
    assert json.loads((tmp_path / "expected.json").read_text()) == {regression.FIVE_FACES: 1.235}


def test_what_counts_instructions_sees_so_many_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    process = EmotionPipeline.process

    def counted(pipeline: EmotionPipeline, *arguments: Any) -> Any:  # noqa: ANN401
        calls.append(1)
        return process(pipeline, *arguments)

    monkeypatch.setattr(EmotionPipeline, "process", counted)
    counts = []
    for repetitions in ("1", "3"):
        calls.clear()
        repeated.main(["default", "default", "opencv", "1", repetitions])
        counts.append(len(calls))
    assert counts[1] - counts[0] == 2
    with pytest.raises(SystemExit, match="expected: detector"):
        repeated.main(["default"])


def test_a_backend_that_lacks_a_model_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise BackendError("backend 'opencv' has no file of it")

    for name in ("EmotionPipeline", "load_detector", "load_classifier"):
        monkeypatch.setattr(stages, name, fail)
    selection = stages.Selection(["opencv"], [1], [320], ["default"], "default")
    assert list(stages.cases(selection)) == []
    monkeypatch.setattr(comparison, "file_size", lambda *arguments: None)
    assert list(comparison.footprints(["default"], "default", ["opencv"], None)) == []
