"""What templates are given: plain data, initials instead of names; `Within` stands inside of a message alone.

Subjects and short texts are read on locked telephones and in lists of mail, so nothing that is `Within` may stand in
them; a template that tries is refused. Links are in no template: every message has them, whatever its words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

_END = r"(?![\s\S])"  # $ would let a line break follow, and \Z is no pattern where OpenAPI is read
_NO_NUL = r"^[^\x00]*$"

Line = Annotated[str, Meta(min_length=1, max_length=100, pattern=rf"^[^\x00-\x1f\x7f]*{_END}")]
Within = Annotated[str, Meta(max_length=2_000, pattern=_NO_NUL, extra={"within": True})]
Wanted = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_NUL, extra={"within": True})]
Paragraph = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=_NO_NUL, extra={"within": True})]


class Shape(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every template is given.

    Attributes:
        firm: its name; set by the house.
        you: it is told to whom it is about; set by the house.
    """

    firm: str | UnsetType = UNSET
    you: bool | UnsetType = UNSET

    @property
    def link(self) -> str | None:
        """Where to read on."""
        return None

    @property
    def press(self) -> str:
        """What following that link is called."""
        return "Read on"


class Paper(Struct, frozen=True, kw_only=True):
    """A paper that ends; see `gateway.domain.expiry.items.Item`."""

    initials: str
    employer: str
    what: str
    expires_on: date
    days_left: int
    why: Within
    next_action: Within
    controlling: Within | None = None
    case: Within | None = None
    owner: Within | None = None
    needs_answer: bool = False
    step: int = 0
    fresh_on: date | None = None


class OnePaper(Shape, frozen=True, kw_only=True):
    """Of `expiry` and `escalation`; `more` papers beside it end as well, where several leave together."""

    paper: Paper
    more: Sequence[Paper] = ()


class OfEmployer(Struct, frozen=True, kw_only=True):
    """Papers of one employer's people."""

    employer: str
    papers: Sequence[Paper]


class InDays(Struct, frozen=True, kw_only=True):
    """Papers with as many days left."""

    days_left: int
    employers: Sequence[OfEmployer]


class ManyPapers(Shape, frozen=True, kw_only=True):
    """Of `digest`: the fewest days first, then by employer; `fresh_on` of the feed that was read the longest ago."""

    count: int
    days: Sequence[InDays]
    fresh_on: date | None = None


class OfFeed(Shape, frozen=True, kw_only=True):
    """Of the alarms of a feed, each of which says some of these."""

    partner: str
    feed: str
    due_on: date | None = None
    last_on: date | None = None
    rows: int | None = None
    usual: int | None = None


class OfPlace(Shape, frozen=True, kw_only=True):
    """Of a place that cannot be reached."""

    partner: str
    place: Within
    why: Within


class OfDelivery(Shape, frozen=True, kw_only=True):
    """Of a delivery that fails; `percent` of the time after which it is switched off."""

    partner: str
    delivery: str
    code: str
    percent: int


class OfParcel(Shape, frozen=True, kw_only=True):
    """Of a parcel that was given up."""

    partner: str
    delivery: str
    code: str


class OfRejectedRows(Shape, frozen=True, kw_only=True):
    """Of rows of a file that were rejected; `address` leads to where they are repaired, `until` a day."""

    partner: str
    file: Within
    rejected: int
    loaded: int
    until: date
    address: Within

    @property
    def link(self) -> str | None:
        """Where to read on."""
        return self.address

    @property
    def press(self) -> str:
        """What following that link is called."""
        return "Repair them here"


class OfNewCases(Shape, frozen=True, kw_only=True):
    """Of cases that somebody got: the numbers of the first of them, and how many `more` there are."""

    partner: str
    count: int
    cases: Sequence[Within]
    more: int = 0


class OfWaitingCases(Shape, frozen=True, kw_only=True):
    """Of cases that wait for an attorney; `why` as it is with most of them."""

    partner: str
    count: int
    why: Within
    forecast_on: date | None = None


class OfResumedCases(Shape, frozen=True, kw_only=True):
    """Of reopened cases that are over a capacity; `whose` is None for the attorney."""

    partner: str
    count: int
    cases: Sequence[Within]
    more: int = 0
    whose: Within | None = None
    why: Within


class OfHandovers(Shape, frozen=True, kw_only=True):
    """Of cases that are to pass on from `whose` to others; `to` is empty for whoever is to take them over.

    Attributes:
        planned: one press carries it out; else it waits for the receiver's yes.
        deadline_on: the first of them.
    """

    partner: str
    count: int
    cases: Sequence[Within]
    more: int = 0
    whose: Within
    to: Sequence[Within] = ()
    planned: bool
    deadline_on: date | None = None


class Nothing(Shape, frozen=True, kw_only=True):
    """Of a test."""


class Announcement(Shape, frozen=True, kw_only=True):
    """Something that the firm, or a partner, wants people to know; `url` leads on, by https."""

    title: Line
    paragraphs: Annotated[list[Paragraph], Meta(min_length=1, max_length=20)]
    url: Annotated[str, Meta(max_length=500, pattern=rf"^https://[^\s\x00-\x20\"<>@]+{_END}")] | None = None

    @property
    def link(self) -> str | None:
        """Where to read on."""
        return self.url


class DocumentsNeeded(Shape, frozen=True, kw_only=True):
    """Papers that somebody is asked to send."""

    documents: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=200, extra={"within": True})]],
        Meta(min_length=1, max_length=50),
    ]
    by: date | None = None
    note: Paragraph | None = None


def plain(data: Shape) -> dict[str, Any]:
    """As a template has it: texts, numbers, lists and tables of them; days in ISO 8601; None where nothing is known."""
    return {name: _plain(getattr(data, name)) for name in data.__struct_fields__}


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON's types
    if isinstance(value, Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    return None if value is UNSET else value
