"""`gateway report`: any report of the registry, as a table for a spreadsheet or as JSON."""

from __future__ import annotations

import codecs
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import rich_click as click
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.cli.office import When, instant_of, me, opened
from gateway.cli.output import examples, firm_option, sink
from gateway.config import nearest
from gateway.db.models import Partner
from gateway.domain.access.accounts import find_firm
from gateway.domain.audit import Change, write
from gateway.errors import Missing
from gateway.reports import REPORTS, Filters
from gateway.reports.writers import FORMS


@click.command(
    "report",
    epilog=examples(
        "gateway report import_errors --firm northgate --since 2026-05-01",
        "gateway report import_errors --firm northgate --partner acme --format json --out problems.json",
    ),
)
@click.argument("name", type=click.Choice(list(REPORTS)))
@firm_option
@click.option("--partner", metavar="PARTNER", help="About this partner only.")
@click.option("--since", type=When(), help="What arrived on this day (of the firm's zone) or instant, or later.")
@click.option("--format", "form", type=click.Choice(list(FORMS)), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file to write instead of stdout.")
def command(
    name: str, firm: str, partner: str | None, since: date | datetime | None, form: str, out: Path | None
) -> None:
    """Print a report about one firm, or write it to a file.

    A csv file starts with a byte order mark, so that spreadsheets show every letter; stdout has none.
    """
    report = REPORTS[name]
    with opened() as office:
        with office.db.system() as session:
            asking = find_firm(session, firm)
            firm_id, zone = asking.id, asking.time_zone
        with office.db.firm(firm_id) as session:
            _check_partner(session, firm, partner)
            _note(session, firm_id, name, partner)
            rows = report.query(session, Filters(partner, instant_of(since, zone)))
            with sink(out) as stream:
                if form == "csv" and out:
                    stream.write(codecs.BOM_UTF8)
                FORMS[form].write(report, rows, stream)


def _check_partner(session: Session, firm: str, partner: str | None) -> None:
    if partner is None or session.scalar(select(Partner.id).where(Partner.slug == partner)):
        return
    hint = nearest(partner, session.scalars(select(Partner.slug)))
    asked = f" Did you mean {hint!r}?" if hint else ""
    raise Missing("not_found", f"The firm {firm!r} has no partner {partner!r}.{asked}")


def _note(session: Session, firm_id: UUID, name: str, partner: str | None) -> None:
    """Taking a report out is an act of somebody's."""
    change = Change("report", name, "read", new={"partner": partner})
    write(session, firm_id, me(), "report.read", changes=[change])
