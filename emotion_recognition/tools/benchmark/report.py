"""A benchmark as a text for people, as JSON for programs, as Markdown and as a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emotion_recognition.tools.benchmark.comparison import Footprint, Ratio
from emotion_recognition.tools.benchmark.machine import Condition, Machine
from emotion_recognition.tools.benchmark.networks import MissingLibraryError
from emotion_recognition.tools.benchmark.stages import CLASSIFIER_STAGES, DETECTOR_STAGES, FRAME
from emotion_recognition.tools.benchmark.timing import Row, Subject

#: What a Markdown file is changed between, if it has both.
BEGIN = "<!-- written by `emotion_recognition benchmark --markdown` -->"
END = "<!-- end of what the benchmark has written -->"

TIMES = "Times"
NEEDS_MATPLOTLIB = "a plot needs the module matplotlib: pip install matplotlib"
_NETWORKS = (DETECTOR_STAGES[1], CLASSIFIER_STAGES[1])

Table = list[list[str]]

_MEBIBYTE = 1 << 20
_BUSY = 0.5  # runnable processes for each core before the start, from which on a machine is busy


@dataclass(frozen=True)
class Report:
    """Everything one run has found. missing: backends that are not installed, and what to do."""

    machine: Machine
    before: Condition
    after: Condition
    rows: Sequence[Row]
    missing: dict[str, str] = field(default_factory=dict)
    footprints: Sequence[Footprint] = ()
    ratios: Sequence[Ratio] = ()
    random_weights: bool = False


def as_json(report: Report) -> str:
    """Keys as the fields are named; times in milliseconds, sizes in bytes."""
    content = asdict(report)
    content["rows"] = [
        {"stage": row.stage, **asdict(row.subject), **asdict(row.spread)} for row in report.rows
    ]
    return json.dumps(content, indent=2, default=list) + "\n"


def as_text(report: Report) -> str:
    """For a terminal."""
    parts = [_machine_text(report)]
    parts += [f"{name}: not installed. {remedy}" for name, remedy in report.missing.items()]
    parts += [f"{title}\n" + "\n".join(_aligned(table)) for title, table in _tables(report)]
    return "\n\n".join(parts)


def as_markdown(report: Report) -> str:
    """Ratios first; times last and folded, as there are many."""
    parts = [
        f"**{title}**\n\n{_markdown_table(table)}"
        for title, table in reversed(_tables(report))
        if title != TIMES
    ]
    times = _markdown_table(_rows_table(report.rows))
    parts.append(f"<details><summary>{TIMES}</summary>\n\n{times}\n\n</details>")
    return "\n\n".join([*parts, _machine_text(report).replace("\n", "  \n")]) + "\n"


def _tables(report: Report) -> list[tuple[str, Table]]:
    """Titles and tables; those that matter most last, where a terminal shows them."""
    tables = [(TIMES, _rows_table(report.rows))]
    if report.footprints:
        tables.append(("Memory, each in a process of its own", _memory_table(report.footprints)))
    kinds = dict.fromkeys(ratio.kind for ratio in report.ratios)
    tables += [
        (f"{kind}, as a share of", _ratio_table(report.ratios, kind)) for kind in reversed(kinds)
    ]
    return tables


def write_markdown(file: Path, text: str) -> None:
    """Writes a file, or, if there is one with the two markers, what stands between them."""
    if file.exists():
        before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
        _, end, after = rest.partition(END)
        if begin and end:
            text = f"{before}{BEGIN}\n\n{text}\n{END}{after}"
    file.write_text(text, encoding="utf-8")


def save_plot(report: Report, file: Path) -> None:
    """Bars of the medians of whole frames and of networks. Raises MissingLibraryError."""
    try:
        import matplotlib
    except ImportError as error:
        raise MissingLibraryError(NEEDS_MATPLOTLIB) from error
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    panels = {
        FRAME: [row for row in report.rows if row.stage == FRAME],
        "networks": [row for row in report.rows if row.stage in _NETWORKS],
    }
    height = 1.5 + 0.2 * max(map(len, panels.values()))
    figure, axes = plt.subplots(1, 2, figsize=(16, height), layout="constrained")
    for axis, (title, rows) in zip(axes, panels.items(), strict=True):
        rows = sorted(rows, key=lambda row: row.spread.p50, reverse=True)
        places = range(len(rows))
        medians = [row.spread.p50 for row in rows]
        tails = [row.spread.p95 - row.spread.p50 for row in rows]
        axis.barh(places, medians, color="tab:blue", label="p50")
        axis.errorbar(
            medians, places, xerr=[[0] * len(rows), tails], fmt="none", color="gray", label="p95"
        )
        processor = [row.spread.processor for row in rows]
        axis.plot(processor, places, "|", color="black", label="processor time, p50")
        axis.set_yticks(places, list(map(_label, rows)), fontsize="small")
        axis.set_ylim(-0.7, len(rows) - 0.3)
        axis.set(xscale="log", xlabel="milliseconds", title=title)
        axis.set_xlim(left=min([*processor, *medians], default=1.0) / 2)
        axis.grid(alpha=0.3, axis="x")
    axes[0].legend(loc="upper right")
    machine = report.machine
    figure.suptitle(f"{machine.board or machine.processor}, {machine.cores} cores")
    figure.savefig(file, dpi=100)
    plt.close(figure)


def _label(row: Row) -> str:
    subject = row.subject
    words = [" ".join(filter(None, (subject.model, subject.input))), subject.backend]
    if row.stage != FRAME:
        words.append(subject.precision)
    words.append(f"{subject.threads} thread{'s' * (subject.threads > 1)}")
    words.append(f"{subject.faces} face{'s' * (subject.faces != 1)}")
    return ", ".join(words)


def _machine_text(report: Report) -> str:
    machine, before, after = report.machine, report.before, report.after
    governors = ", ".join(machine.governors) or "unknown"
    clock = f", up to {machine.frequency:.0f} MHz" if machine.frequency else ""
    temperatures = [value for value in (before.temperature, after.temperature) if value is not None]
    state = f"load {before.load:.1f} before, {after.load:.1f} after"
    if len(temperatures) == 2:
        state += f"; {temperatures[0]:.0f} °C before, {temperatures[1]:.0f} °C after"
    if before.throttling is not None and after.throttling is not None:
        state += f"; throttling: {', '.join(after.throttling) or 'none'}"
    lines = [
        f"{machine.board or machine.processor} ({machine.architecture}), {machine.cores} cores, "
        f"{machine.memory / (1 << 30):.1f} GB",
        f"governor {governors}{clock}; {state}",
        f"{machine.system}; "
        + ", ".join(f"{name} {version}" for name, version in machine.versions.items()),
    ]
    if machine.board and machine.processor:
        lines.insert(1, machine.processor)
    if before.load > _BUSY * machine.cores:
        lines.append("other programs were running: trust the ratios and the processor's time only")
    if after.throttling:
        lines.append("the board was slowed down: better cooling or power supply, then once more")
    if report.random_weights:
        lines.append("networks of peers without a file given have random weights")
    return "\n".join(lines)


def _subject_cells(subject: Subject) -> list[str]:
    return [
        subject.model,
        subject.backend,
        subject.precision,
        str(subject.threads),
        subject.input,
        str(subject.faces),
    ]


def _rows_table(rows: Sequence[Row]) -> Table:
    head = "stage,model,backend,precision,threads,input,faces,p50 ms,p95,p99,processor ms,calls"
    table = [head.split(",")]
    for row in rows:
        found = row.spread
        times = [f"{value:.2f}" for value in (found.p50, found.p95, found.p99, found.processor)]
        table.append([row.stage, *_subject_cells(row.subject), *times, str(found.count)])
    return table


def _memory_table(found: Sequence[Footprint]) -> Table:
    table = [["model", "backend", "files MiB", "process MiB", "of which networks"]]
    for item in found:
        sizes = (item.files, item.memory.working, item.memory.networks)
        table.append([item.model, item.backend, *(f"{size / _MEBIBYTE:.1f}" for size in sizes)])
    return table


def _ratio_table(ratios: Sequence[Ratio], kind: str) -> Table:
    """A row for what is here, a column for each of the others."""
    values = {(ratio.of, ratio.to): ratio.value for ratio in ratios if ratio.kind == kind}
    columns = list(dict.fromkeys(to for _, to in values))
    table = [["", *columns]]
    for of in dict.fromkeys(of for of, _ in values):
        found = [values.get((of, to)) for to in columns]
        table.append([of, *("" if value is None else f"{value:.3g}" for value in found)])
    return table


def _aligned(table: Table) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    numeric = [_is_number(column[-1]) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in table
    ]


def _markdown_table(table: Table) -> str:
    lines = [f"| {' | '.join(line)} |" for line in table]
    return "\n".join([lines[0], "|---" * len(table[0]) + "|", *lines[1:]])


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
