"""`gateway report`: any report of the registry, as a table for a spreadsheet or as JSON."""

from __future__ import annotations

import codecs
from datetime import date, datetime
from pathlib import Path

import rich_click as click

from gateway.cli.office import When, instant_of, me, opened
from gateway.cli.output import examples, firm_option, sink
from gateway.config import nearest
from gateway.domain.access.accounts import find_firm
from gateway.domain.partners import homes
from gateway.errors import Missing
from gateway.office import Acting
from gateway.reports import REPORTS, Filters
from gateway.reports.taking import take_out
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
    with opened() as office:
        asking = find_firm(office, firm)
        asked = Filters(partner, instant_of(since, asking.time_zone))
        with office.acting(asking.id, me()) as acting:
            _check_partner(acting, firm, partner)
            with sink(out) as stream:
                if form == "csv" and out:
                    stream.write(codecs.BOM_UTF8)
                take_out(acting, name, asked, form, stream)


def _check_partner(acting: Acting, firm: str, partner: str | None) -> None:
    """Offers the nearest partner, which the API does not."""
    known = homes.slugs(acting)
    if partner is None or partner in known:
        return
    hint = nearest(partner, known)
    asked = f" Did you mean {hint!r}?" if hint else ""
    raise Missing("not_found", f"The firm {firm!r} has no partner {partner!r}.{asked}")
