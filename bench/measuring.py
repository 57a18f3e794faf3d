"""What a row of the table is: work, what it is measured against, and how rounds come to a verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from laboratory import Laboratory, laboratory


@dataclass(frozen=True)
class Row:
    """One budget and what was measured: medians over the rounds, the ratio being the median of the rounds' ratios.

    Attributes:
        budget: the largest ratio allowed.
        rss_mb: the highest peak of resident memory of the importing process in any round; its budget in MB, or None.
        unit: of the figures, where it is not seconds.
    """

    name: str
    work: str
    floor: str
    seconds: float
    floor_seconds: float
    ratio: float
    budget: float
    rss_mb: float
    rss_budget: int | None
    rounds: int
    met: bool
    unit: str = ""


class Sample(NamedTuple):
    """One round's figures for one row, in its unit."""

    seconds: float
    floor_seconds: float
    rss_mb: float


Samples = Iterator[tuple[str, Sample]]


class Budget(NamedTuple):
    """What a row promises."""

    work: str
    floor: str
    ratio: float
    rss_mb: int | None = None
    unit: str = ""


@dataclass(frozen=True)
class Scenario:
    """Rows that share a round: each round is a fresh installation, and a row and its floor follow each other in it."""

    rows: dict[str, Budget]
    round: Callable[[Laboratory], Samples]
    rounds: int
    long: bool = False

    def measure(self) -> list[Row]:
        """Run all rounds."""
        found: dict[str, list[Sample]] = defaultdict(list)
        for _ in range(self.rounds):
            with laboratory() as lab:
                for name, sample in self.round(lab):
                    found[name].append(sample)
        return [_row(name, self.rows[name], samples) for name, samples in found.items()]


def _row(name: str, budget: Budget, samples: list[Sample]) -> Row:
    ratio = median(one.seconds / one.floor_seconds for one in samples)
    memory = max(one.rss_mb for one in samples)
    return Row(
        name=name,
        work=budget.work,
        floor=budget.floor,
        seconds=round(median(one.seconds for one in samples), 3),
        floor_seconds=round(median(one.floor_seconds for one in samples), 3),
        ratio=round(ratio, 3),
        budget=budget.ratio,
        rss_mb=round(memory, 1),
        rss_budget=budget.rss_mb,
        rounds=len(samples),
        met=ratio <= budget.ratio and (budget.rss_mb is None or memory <= budget.rss_mb),
        unit=budget.unit,
    )
