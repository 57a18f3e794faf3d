"""The section `deliveries` of partner.yaml: what a partner gets, when, in which form and by which carrier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Literal, get_args
from uuid import UUID

import msgspec
from cronsim import CronSim, CronSimError
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import Beside, Checked, Document, FieldError, Finding, KeyPath, Name, Section, nearest, read
from gateway.db.models import PartnerConfig
from gateway.reports import REPORTS, Filters
from gateway.reports.filters import described
from gateway.reports.report import USUAL
from outbound.carriers import Carried
from outbound.forms import Form, FormSpec, faults
from outbound.forms.csv import CsvForm
from outbound.keys import public_key
from outbound.naming import pattern_fault

EventType = Literal[
    "client.updated", "case.opened", "case.updated", "case.stage_changed", "document.changed", "import.ended"
]
EVENT_TYPES: tuple[EventType, ...] = get_args(EventType)


def _check_cron(expression: str | None) -> str | None:
    """The expression, if it is one, or there is none.

    Raises:
        FieldError: it is none.
    """
    try:
        if expression is not None:
            next(CronSim(expression, clock.now()))
    except (CronSimError, StopIteration):
        raise FieldError(
            f'"{expression}" is no schedule; five fields say when: minute, hour, day, month and day of the week, such'
            ' as "0 6 * * 1-5".'
        ) from None
    return expression


def _check_name(pattern: str | None) -> str | None:
    """The pattern, if it makes the name of a file, or there is none.

    Raises:
        FieldError: it does not.
    """
    if pattern is not None and (fault := pattern_fault(pattern)):
        raise FieldError(fault)
    return pattern


Cron = Annotated[str | None, Meta(extra={"check": _check_cron})]
FileName = Annotated[str | None, Meta(extra={"check": _check_name})]


class Encrypt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For whom it is encrypted.

    Attributes:
        pgp: the partner's public key in armour: a file beside partner.yaml, or the name of a secret.
        armor: whether the message is text.
    """

    pgp: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
    armor: bool = False

    @property
    def is_file(self) -> bool:
        """Names of secrets hold no dot."""
        return "." in self.pgp


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that a partner gets: a report about itself, or what changes as it changes.

    Exactly one of `schedule` and `trigger` says when.
    """

    report: str | None = None
    filters: dict[str, str | int | float | bool] = {}  # the report's own, but for the partner
    format: Form | None = None  # of the report; csv by default
    schedule: Cron = None  # in the partner's zone
    trigger: Literal["after_import", "on_change"] | None = None
    feeds: Annotated[list[Name], Meta(min_length=1)] | None = None  # after_import: of these alone
    events: Annotated[list[EventType], Meta(min_length=1)] | None = None  # on_change: these alone
    file: FileName = None
    carrier: Carried
    encrypt: Encrypt | None = None

    def __post_init__(self) -> None:
        if (self.schedule is None) == (self.trigger is None):
            raise ValueError("When it leaves says exactly one of schedule and trigger.")
        if self.feeds is not None and self.trigger != "after_import":
            raise FieldError("Feeds are chosen with `trigger: after_import`.", at=("feeds",))
        if self.events is not None and self.trigger != "on_change":
            raise FieldError("Events are chosen with `trigger: on_change`.", at=("events",))
        if self.trigger == "on_change":
            self._refuse_report()
        elif self.report is None:
            raise ValueError("What leaves says `report`; with `trigger: on_change` each change leaves by itself.")

    def _refuse_report(self) -> None:
        for key, is_said in (("report", self.report), ("filters", self.filters), ("format", self.format)):
            if is_said:
                raise FieldError("What changes leaves as it is told, as JSON: it has no report and no form.", at=(key,))

    @property
    def form(self) -> FormSpec:
        """In which form its report leaves."""
        return self.format or CsvForm()

    @property
    def wanted(self) -> tuple[EventType, ...]:
        """The types of events that leave one by one."""
        return tuple(self.events or EVENT_TYPES) if self.trigger == "on_change" else ()


Deliveries = dict[Name, Delivery]


def _check(deliveries: Deliveries, document: Document, beside: Beside) -> Checked:
    findings = [one for name, each in deliveries.items() for one in _findings(name, each, document)]
    keys: dict[str, str] = {}
    for name, delivery in deliveries.items():
        if delivery.encrypt is not None and delivery.encrypt.is_file:
            found = public_key(beside, delivery.encrypt.pgp)
            keys |= {delivery.encrypt.pgp: found.text} if found.text is not None else {}
            if found.fault is not None:
                findings.append(document.finding(("deliveries", name, "encrypt", "pgp"), found.fault, found.near))
    return Checked(findings, keys)


DELIVERIES: Section[Deliveries] = Section("deliveries", Deliveries, _check)


def settled(session: Session, partner_id: UUID) -> Mapping[str, Delivery]:
    """What the settings in force say that a partner gets.

    Raises:
        ConfigError: they were applied when other things were allowed.
    """
    found = select(PartnerConfig.source).where(PartnerConfig.partner_id == partner_id, PartnerConfig.active)
    source = session.scalar(found)
    return applied(source) if source else {}


@lru_cache(maxsize=256)
def applied(source: str) -> Mapping[str, Delivery]:
    """What the text of a version says, which never changes.

    Raises:
        ConfigError: see `settled`.
    """
    return DELIVERIES.decoded(read(source))


def chosen(delivery: Delivery, **known: object) -> Filters:
    """What the report of a delivery is narrowed to.

    Args:
        delivery: whose report there is.
        known: what the settings do not say: the partner, and the import after which it leaves.

    Raises:
        msgspec.ValidationError: the report has no such filter, or no such value of it.
    """
    kind = REPORTS[str(delivery.report)].filters
    fitting = {name: value for name, value in known.items() if name in kind.__struct_fields__}
    return msgspec.convert({**delivery.filters, **fitting}, kind, strict=False)


def _findings(name: str, delivery: Delivery, document: Document) -> Iterator[Finding]:
    path = ("deliveries", name)
    yield from _feed_findings(path, delivery, document)
    yield from _contact_findings(path, delivery, document)
    if delivery.report is not None:
        yield from _report_findings(path, delivery.report, delivery, document)


def _report_findings(path: KeyPath, name: str, delivery: Delivery, document: Document) -> Iterator[Finding]:
    """Whether there is such a report for partners, with such filters, and whether the form fits its columns."""
    offered = [one for one, report in REPORTS.items() if report.permission == USUAL]
    if name not in offered:
        told = f"Partners can have {', '.join(offered)}."
        yield document.finding((*path, "report"), f'There is no report "{name}". {told}', nearest(name, offered))
        return
    yield from _filter_findings(path, delivery, document)
    for place, sentence in faults(delivery.form, REPORTS[name].columns):
        yield document.finding((*path, "format", *place), sentence)


def _filter_findings(path: KeyPath, delivery: Delivery, document: Document) -> Iterator[Finding]:
    known = {one.name: one.words for one in described(REPORTS[str(delivery.report)].filters) if one.name != "partner"}
    unknown = [one for one in delivery.filters if one not in known]
    for one in unknown:
        told = f"The report has the filters {', '.join(known)}." if known else "The report has no filters."
        yield document.finding((*path, "filters", one), f'"{one}" is none. {told}', nearest(one, known))
    strange = [one for one in delivery.filters if known.get(one) and delivery.filters[one] not in known[one]]
    for one in strange:
        value, told = str(delivery.filters[one]), f"There are {', '.join(known[one])}."
        yield document.finding((*path, "filters", one), f'"{value}" is none. {told}', nearest(value, known[one]))
    try:
        if not (unknown or strange):
            chosen(delivery)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$.")
        yield document.finding((*path, "filters", *([place.rstrip("`")] if place else [])), f"{told}.")


def _feed_findings(path: KeyPath, delivery: Delivery, document: Document) -> Iterator[Finding]:
    known = _feeds(document)
    for place, feed in enumerate(delivery.feeds or ()):
        if feed not in known:
            yield document.finding(
                (*path, "feeds", place), f'There is no feed "{feed}" in this file.', nearest(feed, known)
            )


def _contact_findings(path: KeyPath, delivery: Delivery, document: Document) -> Iterator[Finding]:
    for place, name in delivery.carrier.named_contacts():
        if not getattr(document.node(("contacts", name)), "value", ()):
            told = f"Nobody stands under `{name}` in this file's `contacts`; add somebody there, or say addresses here."
            yield document.finding((*path, "carrier", *place), told)


def _feeds(document: Document) -> list[str]:
    node = document.node(("feeds",))
    return [str(key.value) for key, _ in getattr(node, "value", ())] if node else []
