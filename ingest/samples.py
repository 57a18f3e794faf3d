"""Runs a partner's samples through the pipeline, in order, and tells where they come to something else than agreed.

`expected.yaml` beside `partner.yaml` says what was agreed, one entry a file of `samples/`:

    samples:
      - file: roster_20260301.csv
        state: loaded_with_errors
        rows: {read: 3, created: 2, rejected: 1}        # counts that are nought are left out
        records: {clients: {created: 2}}
        problems:
          - {row: 4, column: DOB, code: bad_date}
        values:                                         # what some records hold once the file is in
          - {client: E1004, says: {family_name: "Müller", hire_date: "2020-02-29"}}
          - {client: E1004, document: passport, says: {expires_on: "2031-05-01"}}
          - {case: E1004-H1B, says: {status: open}}

A file may stand there twice, when it also arrives twice.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.config import FieldError, PartnerSettings, Reader, decode, nearest, read
from gateway.crypto import FirmCipher
from gateway.db.models import Case, Client, Document, Import, RowError
from gateway.db.models.records import Record
from gateway.domain.partners import versions
from gateway.domain.partners.homes import Home, find_home
from gateway.domain.people.fields import DURATION_OF_STATUS, FIELDS, Kind
from gateway.errors import Invalid
from gateway.office import Actor, Office
from ingest.account import counts_of, files_of
from ingest.arrival import Asked
from ingest.feed import Count
from ingest.reception import receive
from ingest.running import finish

PARTNER, EXPECTED, SAMPLES = "partner.yaml", "expected.yaml", "samples"

RowOutcome = Literal["read", "created", "updated", "unchanged", "stale", "superseded", "rejected", "skipped"]
Table = Literal["clients", "cases", "documents"]
Change = Literal["created", "updated", "closed"]

_PLAIN = re.compile(r"(?!(?:true|false|null)$)[A-Za-z_][\w.-]*( [\w.-]+)*", re.IGNORECASE)  # more cautious than YAML
_TESTER = Actor("system", "samples")


class ExpectedProblem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One problem, by what a partner would look for; the sentences are not compared."""

    row: int
    code: str
    column: str | None = None
    sheet: str | None = None

    def __str__(self) -> str:
        parts = {"row": self.row, "sheet": self.sheet, "column": self.column, "code": self.code}
        return _flow({key: value for key, value in parts.items() if value is not None})


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a record holds: of a person, of one of their documents, or of a case, in the words of `ingest.feed`.

    Attributes:
        client: the key of a person.
        document: a type; of several documents of that type, one must hold all of `says`.
        case: a case number.
        says: field to value; dates as ISO 8601, amounts with their decimals, lists as `A; B`, nothing as "".
    """

    client: str | None = None
    document: str | None = None
    case: str | None = None
    says: dict[str, str]

    def __post_init__(self) -> None:
        if (self.client is None) == (self.case is None) or (self.document and self.case):
            raise ValueError("A value is that of a `client`, of a `document` of a client, or of a `case`.")
        known = {*FIELDS[self.kind], DURATION_OF_STATUS} if self.document else FIELDS[self.kind]
        if unknown := next((name for name in self.says if name not in known), None):
            raise FieldError(
                f"A {self.kind} has no field {unknown!r}.", at=("says",), suggestion=nearest(unknown, known)
            )

    @property
    def kind(self) -> Kind:
        """Which record it speaks of."""
        return "document" if self.document else "case" if self.case else "client"

    @property
    def entry(self) -> str:
        """As it would stand in expected.yaml."""
        return _flow({key: value for key in self.__struct_fields__ if (value := getattr(self, key)) is not None})

    def __str__(self) -> str:
        return " ".join(f"{key} {value}" for key in ("client", "document", "case") if (value := getattr(self, key)))


class Sample(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one file must come to; `code` says why a file is held, refused or unchanged."""

    file: str
    state: str
    code: str | None = None
    rows: dict[RowOutcome, Count] = {}
    records: dict[Table, dict[Change, Count]] = {}
    problems: list[ExpectedProblem] = []
    values: list[Value] = []

    def __str__(self) -> str:
        """As it would stand in expected.yaml."""
        lines = [f"- file: {_word(self.file)}", f"  state: {self.state}"]
        lines += [f"  code: {self.code}"] if self.code else []
        rows, records = _counted(self.rows), {table: _counted(one) for table, one in self.records.items()}
        lines += [f"  rows: {_flow(rows)}"] if rows else []
        lines += (
            [f"  records: {_flow(told)}"] if (told := {table: one for table, one in records.items() if one}) else []
        )
        lines += ["  problems:", *(f"    - {one}" for one in self.problems)] if self.problems else []
        lines += ["  values:", *(f"    - {one.entry}" for one in self.values)] if self.values else []
        return "\n".join(lines)


class Expectation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of expected.yaml: the samples in the order in which they arrive."""

    samples: list[Sample]


class Difference(Struct, frozen=True):
    """One thing that is not as agreed.

    Attributes:
        file: the sample.
        what: `state`, `rows.created`, `records.clients.closed`, `problem`, `client E1004` or `file`.
        expected, found: the two sides, as they would stand in expected.yaml; None where there is nothing.
    """

    file: str
    what: str
    expected: object
    found: object

    def __str__(self) -> str:
        sides = (f"{_spoken(self.expected)} expected", f"{_spoken(self.found)} found")
        return f"{self.file}: {self.what}: {', '.join(sides)}"


class Trial(Struct, frozen=True):
    """What became of a partner's samples.

    Attributes:
        files: how many arrivals were tried.
        differences: what is not as agreed, in the order of arrival.
        found: what those files came to that differ, or are not agreed yet, as it would stand in expected.yaml.
    """

    partner: str
    files: int
    differences: list[Difference]
    found: list[Sample]


def run_samples(office: Office, folder: Path, reader: Reader) -> Trial:
    """Load a partner's samples into a database made for the purpose, and compare with expected.yaml.

    The partner's config becomes the version in force there, its firm is added where it is missing, and the records
    stay: never to be pointed at a database that anybody works with.

    Raises:
        ConfigError: partner.yaml or expected.yaml is wrong.
        Permanent: `samples_not_alone`, the partner has imports already, so its records would decide what is found;
            `partner_elsewhere`, another firm has a partner of this name.
    """
    settings = reader.read(folder / PARTNER)
    expected = _expected(folder)
    home = _ready(office, settings)
    differences = list(_unmatched(folder / SAMPLES, expected))
    found = []
    for sample in expected.samples:
        if (path := folder / SAMPLES / sample.file).exists():
            came, strange = _tried(office, home, sample, path)
            differences += strange
            found += [came] if strange else []
    unlisted = _unlisted(folder / SAMPLES, expected)
    found += [_tried(office, home, Sample(file=path.name, state=""), path)[0] for path in unlisted]
    return Trial(settings.head.partner, len(expected.samples) + len(unlisted), differences, found)


def arrivals(folder: Path) -> list[Path]:
    """A partner's samples in the order in which they arrive; by name where there is no expected.yaml.

    Raises:
        ConfigError: expected.yaml is wrong.
    """
    samples = folder / SAMPLES
    if (folder / EXPECTED).exists():
        return [path for one in _expected(folder).samples if (path := samples / one.file).exists()]
    return sorted(path for path in samples.glob("*") if path.is_file() and not path.name.startswith("."))


def _expected(folder: Path) -> Expectation:
    """What is agreed; nothing yet where there is no expected.yaml."""
    if not (folder / EXPECTED).exists():
        return Expectation(samples=[])
    return decode(read(folder / EXPECTED), Expectation)


def _unlisted(samples: Path, expected: Expectation) -> list[Path]:
    """Samples of which expected.yaml says nothing, by name; they arrive after the others."""
    listed = {sample.file for sample in expected.samples}
    lying = samples.glob("*") if samples.is_dir() else ()
    return sorted(
        path for path in lying if path.is_file() and path.name not in listed and not path.name.startswith(".")
    )


def _ready(office: Office, settings: PartnerSettings) -> Home:
    versions.settle(office, settings, _TESTER)
    home = find_home(office, settings.head.partner)
    with office.db.firm(home.firm_id) as session:
        if session.scalar(select(Import.id).where(Import.partner_id == home.partner_id).limit(1)):
            raise Invalid(
                "samples_not_alone",
                f"The partner {home.slug!r} has imports in this database already; samples need a fresh one.",
            )
    return home


def _tried(office: Office, home: Home, sample: Sample, path: Path) -> tuple[Sample, list[Difference]]:
    import_id = _load(office, home, path)
    with office.db.firm(home.firm_id) as session:
        came = _sample_of(session, path.name, session.get_one(Import, (home.firm_id, import_id)))
        records = _Values(session, home, office.cipher(session, home.firm_id))
        held = [(value, records.found(value)) for value in sample.values]
    odd = [_odd(path.name, *pair) for pair in held if pair[0] != pair[1]]
    return replace(came, values=[found for _, found in held if found]), [*_compared(sample, came), *odd]


def _load(office: Office, home: Home, path: Path) -> UUID:
    import_id = receive(office, home, path.name, iter([path.read_bytes()]), via="sample", by=_TESTER, asked=Asked())
    finish(office, home, import_id)
    with office.db.firm(home.firm_id) as session:
        packed = files_of(session, session.get_one(Import, (home.firm_id, import_id)))
    if len(packed) > 1:
        raise Invalid("sample_is_archive", f"{path.name} packs several files; put them among the samples unpacked.")
    if packed:
        import_id = UUID(packed[0]["import_id"])
        finish(office, home, import_id)
    return import_id


def _sample_of(session: Session, name: str, arrival: Import) -> Sample:
    told = select(RowError).where(RowError.import_id == arrival.id).order_by(RowError.place, RowError.code)
    problems = [
        ExpectedProblem(row=one.row, code=one.code, column=one.column_name, sheet=one.sheet)
        for one in session.scalars(told)
    ]
    counts: Mapping[str, Any] = counts_of(arrival.counts)
    return Sample(file=name, state=arrival.state, code=arrival.code, problems=problems, **counts)


# ------------------------------------------------------------------------------------------------ comparing


def _unmatched(samples: Path, expected: Expectation) -> Iterator[Difference]:
    listed = {sample.file for sample in expected.samples}
    lying = {path.name for path in samples.iterdir() if not path.name.startswith(".")} if samples.is_dir() else set()
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
    figures |= {f"rows.{name}": sample.rows.get(name, 0) for name in get_args(RowOutcome)}
    for table in get_args(Table):
        counts: Mapping[Any, int] = sample.records.get(table, {})
        figures |= {f"records.{table}.{change}": counts.get(change, 0) for change in get_args(Change)}
    return figures


def _odd(file: str, agreed: Value, found: Value | None) -> Difference:
    """The fields that are not as agreed, or that there is no record."""
    if found is None:
        return Difference(file, str(agreed), _flow(agreed.says), None)
    names = [name for name, said in agreed.says.items() if found.says[name] != said]
    sides = (_flow({name: one.says[name] for name in names}) for one in (agreed, found))
    return Difference(file, str(agreed), *sides)


class _Values:
    """What the records of one partner hold, as text."""

    def __init__(self, session: Session, home: Home, cipher: FirmCipher) -> None:
        self._session, self._home, self._cipher = session, home, cipher

    def found(self, value: Value) -> Value | None:
        """What the record that agrees best holds in the fields that a value speaks of; None where there is none."""
        held = [{name: self._text(one, name) for name in value.says} for one in self._records(value)]
        closest = max(held, key=lambda one: sum(one[name] == said for name, said in value.says.items()), default=None)
        return None if closest is None else replace(value, says=closest)

    def _records(self, value: Value) -> Sequence[Record]:
        if value.case is not None:
            wanted = select(Case).where(Case.partner_id == self._home.partner_id, Case.case_number == value.case)
            return self._session.scalars(wanted).all()
        client = select(Client).where(Client.partner_id == self._home.partner_id, Client.key == value.client)
        if value.document is None:
            return self._session.scalars(client).all()
        owner = client.with_only_columns(Client.id).scalar_subquery()
        wanted_documents = select(Document).where(Document.client_id == owner, Document.doc_type == value.document)
        return self._session.scalars(wanted_documents.order_by(Document.created_at, Document.id)).all()

    def _text(self, record: Record, name: str) -> str:
        held = getattr(record, name)
        if held is None:
            return ""
        if isinstance(held, bool):
            return str(held).lower()
        if isinstance(held, bytes):
            return self._cipher.decrypt(held, name)
        return "; ".join(held) if isinstance(held, list) else str(held)


def _counted(counts: Mapping[Any, int]) -> Mapping[Any, int]:
    return {name: count for name, count in counts.items() if count}


def _flow(pairs: Mapping[Any, object]) -> str:
    """A mapping as YAML writes it on one line."""
    return "{" + ", ".join(f"{key}: {_word(value)}" for key, value in pairs.items()) + "}"


def _word(value: object) -> str:
    """A scalar, quoted where YAML would read something else, and a mapping."""
    if isinstance(value, Mapping):
        return _flow(value)
    plain = isinstance(value, int) or _PLAIN.fullmatch(str(value))
    return str(value) if plain else json.dumps(str(value), ensure_ascii=False)


def _spoken(side: object) -> str:
    return "nothing" if side is None else str(side)
