"""The structs of `feeds:` in partner.yaml: what a partner's file is and which of its columns become what.

Everything here is plain data. What a name means is decided where it is used: `mapping.types` knows types,
`mapping.cleaners` knows cleaners, `formats` knows formats. Structs refuse unknown keys, so a typo is an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct, field
from msgspec.structs import asdict, replace

from gateway.config import FieldError
from gateway.values import dates
from ingest.arrivals import Arrival
from ingest.formats import Format

Names = str | list[str]
Percent = Annotated[float, Meta(ge=0, le=100)]
Count = Annotated[int, Meta(ge=0)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping in partner.yaml."""


class Condition(Section, frozen=True):
    """A test on one column: `is` (any of), `is_not` (none of) or `not_blank`; stripped, case-sensitive."""

    column: str
    is_: list[str] | None = field(default=None, name="is")
    is_not: list[str] | None = None
    not_blank: bool = False

    def __post_init__(self) -> None:
        if (self.is_ is not None) + (self.is_not is not None) + self.not_blank != 1:
            raise ValueError("A condition asks one thing of its column: is, is_not or not_blank.")


class FieldSpec(Section, frozen=True):
    """Where one value comes from, how it is cleaned, what it must be, and what happens when it is not.

    Exactly one of `from`, `join` and `value` says where; `type` is a name in `mapping.types.TYPES`.
    """

    from_: Names | None = field(default=None, name="from")  # a column or a list of aliases, tried in order
    join: list[str] | None = None  # columns put together ...
    with_: str = field(default="", name="with")  # ... with this between them
    value: str | None = None  # a constant

    clean: list[str | dict[str, Any]] = field(default_factory=lambda: ["strip"])
    type: str = "text"
    formats: list[str] | None = None  # dates: strptime patterns, tried in order
    pivot: Annotated[int, Meta(ge=0, le=99)] | None = None  # two-digit years up to this are 20xx, above 19xx
    tokens: dict[str, str] | None = (
        None  # words that stand for something else than a value: {"D/S": duration_of_status}
    )
    map: dict[str, str] | None = None  # codes: the partner's word -> ours
    decimal: Literal[".", ","] = "."  # numbers: the decimal mark; the other one groups thousands
    implied: Annotated[int, Meta(ge=1, le=6)] | None = None  # numbers: so many digits are decimals, without a mark
    region: str | None = None  # phones without a country code: ISO 3166 alpha-2

    required: bool = False
    pattern: str | None = None
    min: str | int | float | None = None  # numbers, or dates as ISO, `today`, `today+10y`
    max: str | int | float | None = None
    length: list[Count] | None = None  # [least, most] characters
    one_of: list[str] | None = None
    unique: bool = False  # no two records of one file may share it

    if_bad: Literal["reject", "drop"] = "reject"
    blank: Literal["keep", "clear", "reject"] = "keep"
    clear_token: str | None = None


class ClientSpec(Section, frozen=True):
    """The one client that a row names."""

    key: str  # which field of `fields` identifies the person with this partner
    fields: dict[str, FieldSpec]
    when: Condition | None = None


class CaseSpec(Section, frozen=True):
    """The case that a row names, where it names one."""

    fields: dict[str, FieldSpec]
    key: Literal["case_number"] = "case_number"
    when: Condition | None = None


class DocumentType(Section, frozen=True):
    """The document type read from a column, code by code."""

    from_: Names = field(name="from")
    map: dict[str, str]


class DocumentSpec(Section, frozen=True):
    """One document that a row may carry."""

    type: str | DocumentType
    fields: dict[str, FieldSpec]
    when: Condition | None = None


class NotBefore(Section, frozen=True, tag_field="rule", tag="not_before"):
    """A date must not lie before another: `{rule: not_before, field: documents.passport.expires_on, than: ...}`."""

    field: str
    than: str


class RequiredWhen(Section, frozen=True, tag_field="rule", tag="required_when"):
    """A field must have a value when a column says so."""

    field: str
    when: Condition


Rule = NotBefore | RequiredWhen

Plain = str | int | float | bool


class Lookup(Section, frozen=True, tag_field="step", tag="lookup"):
    """Fields from a CSV table beside partner.yaml: the row of the table that says the same in the column `by`."""

    table: str  # the name of a file
    by: Names  # a column, called alike in the partner's file and in the table, or aliases
    give: dict[str, str | FieldSpec]  # our field -> the table's column, or how to read it
    missing: Literal["warn", "reject", "ignore"] = "warn"  # what a word that the table does not have leads to


class Translate(Section, frozen=True, tag_field="step", tag="map"):
    """A field by the word in another: `{step: map, field: case.complexity, of: case.case_type, map: {PERM: 7}}`."""

    field: str
    of: str
    map: dict[str, Plain]
    otherwise: Plain | None = None  # for words that the map does not have


class Shift(Section, frozen=True, tag_field="step", tag="shift"):
    """A date so long after another, or before it: `{step: shift, field: ..., of: client.hire_date, plus: 90d}`."""

    field: str
    of: str
    plus: Annotated[str, Meta(pattern=r"^[-+]?[0-9]{1,5}[dmy]$")]  # days, months or years


class Earliest(Section, frozen=True, tag_field="step", tag="earliest"):
    """The earliest of several dates, as far as they are there."""

    field: str
    of: Annotated[list[str], Meta(min_length=1)]


class Latest(Section, frozen=True, tag_field="step", tag="latest"):
    """The latest of several dates, as far as they are there."""

    field: str
    of: Annotated[list[str], Meta(min_length=1)]


Derived = Translate | Shift | Earliest | Latest
Step = Lookup | Derived


class Tier(Section, frozen=True):
    """A share of the feed's open records, and a number of them; where so many are missing, a person must look."""

    percent: Percent
    at_least: Count


class Vanish(Section, frozen=True):
    """Two tiers as settings wrote them before there were lists of them: a share, or so many whatever the share."""

    percent: Percent = 10
    at_least: Count = 5
    or_: Count = field(default=100, name="or")

    @property
    def tiers(self) -> list[Tier]:
        """The same as a list."""
        return [Tier(percent=self.percent, at_least=self.at_least), Tier(percent=0, at_least=self.or_)]


def _usual_tiers() -> list[Tier]:
    """A tenth of few people, or many of many: 100 leavers are an accident among 1,000, and a month among 48,000."""
    return [Tier(percent=10, at_least=5), Tier(percent=2, at_least=100)]


class Guards(Section, frozen=True):
    """When a file is held for a person instead of loaded (page: merging)."""

    vanish: list[Tier] | Vanish = field(default_factory=_usual_tiers)  # any of them; no tier holds nothing
    reject_percent: Percent = 50
    shrink_percent: Percent = 50

    @property
    def tiers(self) -> list[Tier]:
        """How many open records may be missing from a full file, in whichever form it is written."""
        return self.vanish.tiers if isinstance(self.vanish, Vanish) else self.vanish


class Order(Section, frozen=True):
    """Which of several rows about one person is the newest: the one with the greatest value, else the last.

    `by` is one of our fields, or a column; `type`, `formats`, `pivot` and `decimal` read a column that no field does.
    """

    by: str
    type: Literal["text", "integer", "decimal", "money", "boolean", "date", "datetime"] | None = None
    formats: list[str] | None = None
    pivot: Annotated[int, Meta(ge=0, le=99)] | None = None
    decimal: Literal[".", ","] = "."

    def __post_init__(self) -> None:
        if self.type is None and (self.formats or self.pivot is not None or self.decimal != "."):
            raise ValueError("How a column is to be read begins with its type.")


class AsOf(Section, frozen=True):
    """Which instant a file speaks of; without it, the time it arrived.

    Exactly one of `file_name`, `column` and `line` says where it stands; `formats` and `pivot` read it as a field's do.
    """

    file_name: str | None = None  # a strptime pattern over the whole name: "roster_%Y%m%d.csv"
    column: str | None = None  # of the rows, which must agree, or of a header or trailer of fixed width
    line: int | None = None  # of a CSV, from 1, or from -1 at the end ...
    cell: Annotated[int, Meta(ge=1)] | None = None  # ... one cell of it; by default all of its text
    formats: list[str] | None = None
    pivot: Annotated[int, Meta(ge=0, le=99)] | None = None

    def __post_init__(self) -> None:
        if (self.file_name is not None) + (self.column is not None) + (self.line is not None) != 1:
            raise ValueError("Of which instant a file speaks says one of file_name, column and line.")
        if self.line == 0:
            raise FieldError("Lines are counted from 1, or from -1 at the end.", at=("line",))
        if self.cell and self.line is None:
            raise FieldError("A cell is one of a `line`.", at=("cell",))
        if self.file_name is not None and (self.formats or self.pivot is not None):
            raise FieldError("The pattern in `file_name` is the format.", at=("formats" if self.formats else "pivot",))
        if self.file_name is not None and (fault := dates.name_fault(self.file_name)):
            raise FieldError(fault, at=("file_name",))


class Expected(Section, frozen=True):
    """When the partner promised the file, so that somebody notices silence."""

    by: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]  # in the partner's zone
    days: Literal["weekdays", "daily"] | Annotated[list[Weekday], Meta(min_length=1)] = "weekdays"
    short_percent: Percent = 50  # fewer rows than this share of the usual are told; 0 tells of none

    @property
    def weekdays(self) -> Sequence[str]:
        """The days of the week on which it is due."""
        if isinstance(self.days, list):
            return self.days
        return WEEKDAYS if self.days == "daily" else WEEKDAYS[:5]


class Unpack(Section, frozen=True):
    """What must be taken off the file before it can be read."""

    zip: bool = False
    gzip: bool = False
    pgp_key: str | None = None  # a secret's name
    signer: str | None = None  # of what pgp_key opens: a public key, or a secret's name

    def __post_init__(self) -> None:
        if self.signer is not None and self.pgp_key is None:
            raise FieldError("A signature is looked at in what `pgp_key` opens.", at=("signer",))


class PartMapping(Section, frozen=True):
    """What the rows of one sheet or record type become; it takes the place of the feed's own mapping."""

    where: Condition | None = None
    client: ClientSpec | None = None
    case: CaseSpec | None = None
    documents: list[DocumentSpec] = []
    enrich: list[Step] = []
    rules: list[Rule] = []


class Feed(Section, frozen=True):
    """One kind of file from one partner."""

    file: Names  # globs of arriving names
    format: Format
    contents: Literal["full", "changes"]
    arrivals: list[Arrival] = []
    unpack: Unpack = Unpack()
    absent: Literal["ignore", "close"] = "ignore"
    as_of: AsOf | None = None
    guards: Guards = Guards()
    expected: Expected | None = None
    where: Condition | None = None
    order: Order | None = None
    none_values: list[str] = field(default_factory=lambda: [""])
    client: ClientSpec | None = None
    case: CaseSpec | None = None
    documents: list[DocumentSpec] = []
    enrich: list[Step] = []
    rules: list[Rule] = []
    parts: dict[str, PartMapping] = {}  # by sheet or record type; the others are read as above
    duplicates: Literal["last", "reject"] = "last"
    keep: list[str] = []
    primary: list[str] = []  # fields (client.annual_salary) of which this feed alone has the word, for whom it lists

    @property
    def tables(self) -> frozenset[str]:
        """The names of the tables in which its steps, or those of its parts, look something up."""
        steps = [*self.enrich, *(step for part in self.parts.values() for step in part.enrich)]
        return frozenset(step.table for step in steps if isinstance(step, Lookup))

    def section(self, part: str | None) -> Feed:
        """The feed as it reads one part of a file."""
        own = self.parts.get(part) if part is not None else None
        return self if own is None else replace(self, parts={}, **asdict(own))
