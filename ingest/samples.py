"""Runs a partner's samples through the pipeline, in order, and tells where they come to something else than agreed.

`expected.yaml` beside `partner.yaml` says what was agreed, one entry a file of `samples/`:

    samples:
      - file: roster_20260301.csv
        state: loaded_with_errors
        rows: {read: 3, created: 2, rejected: 1}        # counts that are nought are left out
        records: {clients: {created: 2}}
        problems:
          - {row: 4, column: DOB, code: bad_date}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import crypto
from gateway.config import Document, decode, read
from gateway.db.models import Firm, Import, RowError
from gateway.domain import accounts, partners
from gateway.domain.audit import Actor
from gateway.domain.partners import Home
from gateway.errors import Permanent
from ingest.account import counts_of
from ingest.feed import Count
from ingest.imports import finish
from ingest.office import Asked, Office
from ingest.partner import Partner, read_partner
from ingest.reception import receive

PARTNER, EXPECTED, SAMPLES = "partner.yaml", "expected.yaml", "samples"

Outcome = Literal["read", "created", "updated", "unchanged", "stale", "superseded", "rejected", "skipped"]
Table = Literal["clients", "cases", "documents"]
Change = Literal["created", "updated", "closed"]

_TESTER = Actor("system", "samples")


class Told(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One problem, by what a partner would look for; the sentences are not compared."""

    row: int
    code: str
    column: str | None = None
    sheet: str | None = None

    def __str__(self) -> str:
        parts = {"row": self.row, "sheet": self.sheet, "column": self.column, "code": self.code}
        return "{" + ", ".join(f"{key}: {value}" for key, value in parts.items() if value is not None) + "}"


class Sample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one file must come to; `code` says why a file is held, refused or unchanged."""

    file: str
    state: str
    code: str | None = None
    rows: dict[Outcome, Count] = {}
    records: dict[Table, dict[Change, Count]] = {}
    problems: list[Told] = []


class Expectation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of expected.yaml: the samples in the order in which they arrive."""

    samples: list[Sample]


class Difference(Struct, frozen=True):
    """One thing that is not as agreed.

    Attributes:
        file: the sample.
        what: `state`, `rows.created`, `records.clients.closed`, `problem` or `file`.
        expected, found: the two sides, as they would stand in expected.yaml; None where there is nothing.
    """

    file: str
    what: str
    expected: object
    found: object

    def __str__(self) -> str:
        sides = (f"{_spoken(self.expected)} expected", f"{_spoken(self.found)} found")
        return f"{self.file}: {self.what}: {', '.join(sides)}"


def run_samples(office: Office, folder: Path) -> list[Difference]:
    """Load a partner's samples into a database made for the purpose, and compare with expected.yaml.

    The partner's config becomes the version in force there, its firm is added where it is missing, and the records
    stay: never to be pointed at a database that anybody works with.

    Raises:
        ConfigError: partner.yaml or expected.yaml is wrong.
        Permanent: `samples_not_alone`, the partner has imports already, so its records would decide what is found.
    """
    partner, document = read_partner(folder / PARTNER)
    expected = decode(read(folder / EXPECTED), Expectation)
    home = _ready(office, partner, document)
    differences = list(_unmatched(folder / SAMPLES, expected))
    for sample in expected.samples:
        if (path := folder / SAMPLES / sample.file).exists():
            differences += _compared(sample, _run(office, home, path))
    return differences


def _ready(office: Office, partner: Partner, document: Document) -> Home:
    firm_id = _ensure_firm(office, partner.firm).id
    with office.db.firm(firm_id) as session:
        # mypy holds a PartnerFile[Feed] for no PartnerFile[object], since its feeds are a dict
        partners.apply(session, firm_id, partner, document, _TESTER)
    home = office.home(partner.partner)
    with office.db.firm(firm_id) as session:
        if session.scalar(select(Import.id).where(Import.partner_id == home.partner_id).limit(1)):
            raise Permanent(
                "samples_not_alone",
                f"The partner {home.slug!r} has imports in this database already; samples need a fresh one.",
            )
    return home


def _ensure_firm(office: Office, slug: str) -> Firm:
    with office.db.system() as session:
        if firm := session.scalar(select(Firm).where(Firm.slug == slug)):
            return firm
        key = crypto.load_master_key(office.settings)
        return accounts.add_firm(session, slug, slug, time_zone="UTC", master_key=key, actor=_TESTER)


def _run(office: Office, home: Home, path: Path) -> Sample:
    [import_id] = receive(office, home, path.name, iter([path.read_bytes()]), via="sample", asked=Asked())
    finish(office, home, import_id, _unwatched)
    with office.db.firm(home.firm_id) as session:
        return _sample_of(session, path.name, session.get_one(Import, (home.firm_id, import_id)))


def _sample_of(session: Session, name: str, arrival: Import) -> Sample:
    told = select(RowError).where(RowError.import_id == arrival.id).order_by(RowError.row, RowError.code)
    problems = [
        Told(row=one.row, code=one.code, column=one.column_name, sheet=one.sheet) for one in session.scalars(told)
    ]
    counts: Mapping[str, Any] = counts_of(arrival.counts)
    return Sample(file=name, state=arrival.state, code=arrival.code, problems=problems, **counts)


def _unwatched(rows: int, position: int, size: int) -> None:
    """Progress that nobody watches."""


# ------------------------------------------------------------------------------------------------ comparing


def _unmatched(samples: Path, expected: Expectation) -> Iterator[Difference]:
    listed = {sample.file for sample in expected.samples}
    lying = {path.name for path in samples.iterdir()} if samples.is_dir() else set()
    for name in sorted(listed ^ lying):
        yield Difference(name, "file", name if name in listed else None, name if name in lying else None)


def _compared(expected: Sample, found: Sample) -> Iterator[Difference]:
    agreed, came = _figures(expected), _figures(found)
    yield from (Difference(found.file, what, agreed[what], came[what]) for what in agreed if agreed[what] != came[what])
    missing, surplus = Counter(expected.problems), Counter(found.problems)
    yield from (Difference(found.file, "problem", one, None) for one in (missing - surplus).elements())
    yield from (Difference(found.file, "problem", None, one) for one in (surplus - missing).elements())


def _figures(sample: Sample) -> dict[str, object]:
    """State, code and every count, nought where the sample does not say it."""
    figures: dict[str, object] = {"state": sample.state, "code": sample.code}
    figures |= {f"rows.{name}": sample.rows.get(name, 0) for name in get_args(Outcome)}
    for table in get_args(Table):
        counts: Mapping[Any, int] = sample.records.get(table, {})
        figures |= {f"records.{table}.{change}": counts.get(change, 0) for change in get_args(Change)}
    return figures


def _spoken(side: object) -> str:
    return "nothing" if side is None else str(side)
