"""The frame that mutants of every kind are judged in: what became of them, and what broke the rule.

A mutant is an input that was as it should be until it was changed where its reader looks. It must
be read, or refused with an error that its reader promises; see mutants.py for the command.
"""

from __future__ import annotations

import random
import resource
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from time import process_time
from typing import Any

LONGEST = 1.0  # seconds of processor time

#: Values at which sizes and lengths go wrong.
EDGES = (0, 1, 2, 7, 8, 63, 64, 127, 128, 255, 256, 32767, 32768, 65535, 2**31 - 1, 2**32 - 1)


@dataclass(frozen=True)
class Kind:
    """One kind of input.

    make: a mutant, the same for the same state of chance. read: gives it to what takes such an
    input; what it returns, if that is a text, names the outcome. refusals: the errors that are no
    more than a refusal. weight: how many of them there are beside the other kinds.
    """

    name: str
    make: Callable[[random.Random], Any]
    read: Callable[[Any], object]
    refusals: tuple[type[Exception], ...]
    weight: float = 1.0


@dataclass
class Report:
    """What became of the mutants of each kind.

    longest: seconds of processor time of each kind's slowest. wrong: of those that broke the rule,
    kind and number, what happened, and the mutant.
    """

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    longest: dict[str, float] = field(default_factory=dict)
    wrong: list[tuple[str, str, object]] = field(default_factory=list)

    @property
    def total(self) -> Counter[str]:
        """The outcomes of all kinds."""
        return sum(self.outcomes.values(), Counter())

    def __str__(self) -> str:
        lines = [
            f"{kind}: {outcomes.total()}, the longest {1e3 * self.longest[kind]:.0f} ms; "
            + ", ".join(f"{number} {name}" for name, number in outcomes.most_common())
            for kind, outcomes in sorted(self.outcomes.items())
        ]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return "\n".join(
            [
                *lines,
                f"{self.total.total()} mutants; {len(self.wrong)} broke the rule; the longest took "
                f"{1e3 * max(self.longest.values(), default=0):.0f} ms of processor time; "
                f"{peak:.0f} MB resident at most",
            ]
        )


def judge(
    kinds: Collection[Kind],
    number: int,
    seed: int = 0,
    first: int = 0,
    begins: Callable[[int], None] = lambda index: None,
) -> Report:
    """Has so many mutants read, or as many as there were before an interrupt (Ctrl-C).

    Mutant i of a seed is always the same, but for the gaps that a message in bytes has between its
    fields. begins: called with the number of each before it is made.
    """
    report = Report()
    with suppress(KeyboardInterrupt):
        _judge(report, kinds, range(first, first + number), seed, begins)
    return report


def _judge(
    report: Report,
    kinds: Collection[Kind],
    indices: Iterable[int],
    seed: int,
    begins: Callable[[int], None],
) -> None:
    weights = [kind.weight for kind in kinds]
    for index in indices:
        begins(index)
        chance = random.Random(seed << 40 | index)
        (kind,) = chance.choices(list(kinds), weights)
        mutant = kind.make(chance)
        problem, started = "", process_time()
        try:
            outcome = kind.read(mutant)
            name = outcome if isinstance(outcome, str) else "read"
        except kind.refusals as error:
            name = type(error).__name__
        except Exception as error:
            name = type(error).__name__
            problem = f"{name}: {error}"
        seconds = process_time() - started
        report.outcomes.setdefault(kind.name, Counter())[name] += 1
        report.longest[kind.name] = max(report.longest.get(kind.name, 0.0), seconds)
        if seconds > LONGEST:
            problem = problem or f"{seconds:.1f} s"
        if problem:
            report.wrong.append((f"{kind.name} {index}", problem, mutant))


def mutate_parts(parts: list[bytes], chance: random.Random) -> list[bytes]:
    """Parts of a file, some dropped, doubled, exchanged, cut or overwritten."""
    parts = list(parts)
    for _ in range(chance.randint(1, 4)):
        if not parts:
            break
        at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
        part = bytearray(parts[at])
        match chance.randrange(6):
            case 0:
                del parts[at]
                continue
            case 1:
                parts.insert(other, bytes(part))
                continue
            case 2:
                parts[at], parts[other] = parts[other], parts[at]
                continue
            case 3:
                part = part[: chance.randint(0, len(part))]
            case 4 if part:
                part[chance.randrange(len(part))] = chance.randrange(256)
            case _ if len(part) > 4:
                size = chance.choice((1, 2, 4))
                start = chance.randrange(len(part) - size + 1)
                part[start : start + size] = (chance.choice(EDGES) % 256**size).to_bytes(
                    size, "big"
                )
        parts[at] = bytes(part)
    return parts
