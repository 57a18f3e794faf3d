"""The columns of one part while they are being given to fields: which are free, and how each is addressed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import convert

from gateway.domain.people.fields import FIELDS, Kind
from ingest.feed import FieldSpec
from ingest.infer.counting import counted
from ingest.infer.draft import FieldDraft, RecordDraft, SectionDraft
from ingest.infer.options import Read, Terrain, reading
from ingest.infer.profile import ColumnProfile, TableProfile
from ingest.infer.vocabulary import KEPT, Likeness, Target, is_prevailing, likeness, targets
from ingest.mapping.fitting import identifies
from ingest.mapping.headers import Headers

_ONLY_CASES: dict[Target, Target] = {  # what a column about a person is in a file about cases
    ("client", "work_city"): ("case", "worksite_city"),
    ("client", "work_state"): ("case", "worksite_state"),
    ("client", "employer_name"): ("case", "employer_name"),
    ("client", "job_title"): ("case", "job_title"),
    ("client", "annual_salary"): ("case", "wage"),
}


MOST_COMPANIES = 0.1  # of the different values: with more of them, a column is none of persons' names
_PERSONS_NAMES = frozenset({"family_name", "given_name", "middle_name"})


@dataclass
class Bench:
    """One part being mapped.

    Attributes:
        free: columns that nothing was made of yet, by the name that addresses each.
        section: what has been made so far.
        shared: a column that tells the same people in all record types.
        is_main: whether this part tells who people are.
    """

    terrain: Terrain
    section: SectionDraft
    free: dict[str, ColumnProfile]
    all: dict[str, ColumnProfile] = field(default_factory=dict)
    shared: str | None = None
    is_main: bool = True

    def take(self, kind: Kind, name: str, address: str, because: str, **more: Any) -> FieldDraft | None:  # noqa: ANN401 - options of a field
        """The field that a column becomes; None, and told as left aside, where its values do not allow it."""
        column = self.all[address]
        why_not = _companies(column) if name in _PERSONS_NAMES else None
        read = why_not or reading(kind, name, column, self.terrain)
        if isinstance(read, str):
            self.free.pop(address, None)
            self.section.aside[address] = read
            return None
        self.free.pop(address, None)
        return drafted(address, read, because, **more)

    def assign(self, record: RecordDraft, found: list[tuple[Likeness, str, Target]]) -> None:
        """Give columns to the fields of a record, the best names first; a field takes one column."""
        for like, address, (kind, name) in sorted(found, key=_worst):
            if kind == record.kind and address in self.free and name not in record.fields:
                how = "" if like.score == 1 else f", like “{like.synonym}”"
                if made := self.take(kind, name, address, f"by its name{how}"):
                    record.fields[name] = made

    def doubt_spoiled(self) -> None:
        """Ask about identifiers that a spreadsheet may have taken for numbers: their rows will be rejected."""
        for record in self.section.records():
            for name, made in record.fields.items():
                spec = convert(made.options, FieldSpec)
                columns = [self.all[address] for address in made.columns if address in self.all]
                if identifies(record.kind, name, spec, is_key=name == record.key):
                    made.unsure += [_spoiled(column) for column in columns if column.spoiled]

    def by_name(self, *, only_cases: bool) -> list[tuple[Likeness, str, Target]]:
        """Which field each free column may be by its name."""
        found = []
        for address, column in self.free.items():
            organised = likeness(column.name, KEPT).score
            for like, target in targets(column.name):
                if like.score < organised == 1:
                    continue  # a job code is not a job title
                actual = _ONLY_CASES.get(target, target) if only_cases else target
                if actual[1] in FIELDS[actual[0]]:
                    found.append((like, address, actual))
        return found


def drafted(address: str, read: Read, because: str, **more: Any) -> FieldDraft:  # noqa: ANN401 - options of a field
    """A field from one column."""
    told = "; ".join(part for part in (because, read.because) if part)
    return FieldDraft({"from": address} | read.options | more, told, list(read.unsure), [address])


def _worst(one: tuple[Likeness, str, Target]) -> tuple[bool, float, int]:
    """How little a name tells: of two that are as alike, `city` goes behind `worksite city`."""
    like, address, _ = one
    return is_prevailing(address), -like.score, -len(like.synonym.split())


def companies_in(column: ColumnProfile) -> float:
    """Which part of the different values are called as companies are."""
    return column.companies / column.seen if column.seen else 0


def _companies(column: ColumnProfile) -> str | None:
    """Why a column holds no names of persons, where that is so."""
    share = companies_in(column)
    if share < MOST_COMPANIES:
        return None
    return f"would be a person's name, but {share:.0%} of its different values are called as companies are"


def _spoiled(column: ColumnProfile) -> str:
    return (
        f"{counted(column.spoiled, 'value')} such as {column.spoiled_one}: a spreadsheet made them of longer "
        "numbers, or of text, so their rows will be rejected (lost_digits). Have the column formatted as text and "
        "exported again"
    )


def addressed(profile: TableProfile) -> tuple[dict[str, ColumnProfile], list[str]]:
    """The columns by the name under which partner.yaml finds each, and those that it cannot find."""
    headers = Headers([column.name for column in profile.columns])
    found: dict[str, ColumnProfile] = {}
    lost = []
    for place, column in enumerate(profile.columns):
        names = [column.name.strip(), *(f"{column.name.strip()}#{nth}" for nth in range(2, 50))]
        address = next((name for name in names if name and headers.index(name) == place), None)
        if address is None:
            lost += [column.name] if column.filled else []
        else:
            found[address] = column
    return found, lost
