"""A report is taken out: by somebody who may see what it is about, and on record."""

from __future__ import annotations

from typing import IO

from gateway.config import nearest
from gateway.domain.audit import Change, record
from gateway.domain.partners.homes import narrowed_to
from gateway.errors import Missing
from gateway.office import Acting
from gateway.reports import REPORTS, Filters
from gateway.reports.report import Report
from gateway.reports.writers import FORMS


def report_named(name: str) -> Report:
    """A report of the registry.

    Raises:
        Missing: `not_found`; the sentence offers the nearest name.
    """
    if name not in REPORTS:
        hint = nearest(name, REPORTS)
        raise Missing("not_found", f"There is no report {name!r}." + (f" Did you mean {hint!r}?" if hint else ""))
    return REPORTS[name]


def take_out(acting: Acting, name: str, asked: Filters, form: str, out: IO[bytes]) -> None:
    """Write a report about the actor's firm; for a partner, about itself alone.

    Args:
        acting: who takes it out.
        name: of the report.
        asked: what it is narrowed to.
        form: one of `FORMS`.
        out: where to.

    Raises:
        NotFound: there is no such partner in the actor's sight; nothing was written.
        Missing: there is no such report.
    """
    report, slug = report_named(name), narrowed_to(acting, asked.partner)
    record(acting, "report.read", changes=[Change("report", name, "read", new={"partner": slug})])
    FORMS[form].write(report, report.query(acting.session, Filters(slug, asked.since)), out)
