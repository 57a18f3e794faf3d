"""A report is taken out: by somebody who may see what it is about, and on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from typing import IO, NamedTuple

from msgspec import to_builtins
from msgspec.structs import replace
from sqlalchemy import select

from gateway.config import nearest
from gateway.db.models import Credential, Staff
from gateway.domain.access.permissions import holds
from gateway.domain.audit import Change, record
from gateway.domain.partners.homes import narrowed_to
from gateway.errors import Forbidden, Invalid, Missing
from gateway.office import Acting
from gateway.reports import REPORTS, Filters
from gateway.reports.report import FETCH, USUAL, Report, Rows
from gateway.reports.writers import FORMS

MOST_AT_ONCE = 50_000  # rows of an answer for which somebody waits
MOST_DRAWN = 20_000  # rows of a picture: more take longer than a page may


def report_named(name: str) -> Report:
    """A report of the registry.

    Raises:
        Missing: `not_found`; the sentence offers the nearest name.
    """
    if name not in REPORTS:
        hint = nearest(name, REPORTS)
        raise Missing("not_found", f"There is no report {name!r}." + (f" Did you mean {hint!r}?" if hint else ""))
    return REPORTS[name]


def take_out(
    acting: Acting,
    name: str,
    asked: Filters,
    form: str,
    out: IO[bytes],
    *,
    most: int | None = None,
    told: Callable[[int], None] | None = None,
) -> None:
    """Write a report about the actor's firm; for a partner, about itself alone.

    Args:
        acting: who takes it out.
        name: of the report.
        asked: what it is narrowed to; the report's own struct.
        form: one of `FORMS`.
        out: where to.
        most: so many rows at most; None for all there are.
        told: hears now and then how many rows there are so far.

    Raises:
        Forbidden: the report is for others.
        Invalid: `report_too_long`, it has more rows; what was written by then is no report.
        NotFound: there is no such partner in the actor's sight; nothing was written.
        Missing: there is no such report.
    """
    report, filters = _noted(acting, name, asked)
    with closing(_rows(acting, report, filters)) as rows:
        counted = rows if told is None else _counted(rows, told)
        FORMS[form].write(report, counted if most is None else _limited(counted, most, name), out)


class Looked(NamedTuple):
    """What somebody sees of a report.

    Attributes:
        rows: the first of them.
        cells: of every row what the report's plot is made of, in its order; None where there are too many to draw, or
            it has no plot.
    """

    rows: Sequence[Sequence[object]]
    cells: Sequence[Sequence[object]] | None


def looked_into(acting: Acting, name: str, asked: Filters, most: int) -> Looked:
    """The first rows of a report, and of all of them what is drawn; as much on record as if it had been taken out.

    Raises:
        Problem: as `take_out`.
    """
    report, filters = _noted(acting, name, asked)
    with closing(_rows(acting, report, filters)) as rows:
        first = list(islice(rows, most))
        if report.plot is None:
            return Looked(first, None)
        wanted = [report.columns.index(column) for column in report.plot.columns]
        some = islice(chain(first, rows), MOST_DRAWN + 1)
        cells = [tuple(row[place] for place in wanted) for row in some]
        return Looked(first, cells if len(cells) <= MOST_DRAWN else None)


def _noted(acting: Acting, name: str, asked: Filters) -> tuple[Report, Filters]:
    report, filters = asked_for(acting, name, asked)
    noted = {key: value for key, value in to_builtins(filters).items() if value is not None}
    record(acting, "report.read", changes=[Change("report", name, "read", new={"partner": None, **noted})])
    return report, filters


def _rows(acting: Acting, report: Report, filters: Filters) -> Rows:
    """What the report says to this actor."""
    veil = report.veil
    is_veiled = veil is not None and not _is_permitted(acting, veil.permission)
    with closing(report.query(acting.session, filters)) as rows:
        yield from map(veil.over, rows) if veil and is_veiled else rows


def asked_for(acting: Acting, name: str, asked: Filters) -> tuple[Report, Filters]:
    """A report, and what it is narrowed to for this actor.

    Raises:
        Forbidden: the report is for others.
        Invalid: `bad_filter`, a period that ends before it begins: it would look as if there were nothing to tell.
        NotFound: there is no such partner in the actor's sight.
        Missing: there is no such report.
    """
    report = report_named(name)
    check_permitted(acting, report)
    since, until = getattr(asked, "since", None), getattr(asked, "until", None)
    if since and until and until <= since:
        raise Invalid("bad_filter", "until: it must be later than since.")
    return report, replace(asked, partner=narrowed_to(acting, asked.partner))


def check_permitted(acting: Acting, report: Report) -> None:
    """What everybody may who may read reports needs no look; whoever is at the machine may all.

    Raises:
        Forbidden: the report is for others.
    """
    if report.permission != USUAL and not _is_permitted(acting, report.permission):
        raise Forbidden("forbidden", f"This report is not for you; it takes {report.permission}.")


def _is_permitted(acting: Acting, permission: str) -> bool:
    """Whether the actor holds a permission now: also long after the request, when a job makes what was ordered."""
    actor = acting.actor
    if actor.kind == "system":
        return True
    if actor.kind == "partner":
        scopes = acting.session.scalar(select(Credential.scopes).where(Credential.id == actor.id))
        return scopes is not None and holds(permission, role=None, scopes=frozenset(scopes))
    role = acting.session.scalar(select(Staff.role).where(Staff.id == actor.id))
    return role is not None and holds(permission, role=role, scopes=frozenset())


def _counted(rows: Iterable[Sequence[object]], told: Callable[[int], None]) -> Iterator[Sequence[object]]:
    number = 0
    for number, row in enumerate(rows, start=1):
        if number % FETCH == 0:
            told(number)
        yield row
    told(number)


def _limited(rows: Iterable[Sequence[object]], most: int, name: str) -> Iterator[Sequence[object]]:
    for number, row in enumerate(rows, start=1):
        if number > most:
            raise Invalid(
                "report_too_long",
                f"This report has more than {most:,} rows. Narrow it by its filters, or order it with"
                f" POST /v1/reports/{name} and fetch it when it is there.",
            )
        yield row
