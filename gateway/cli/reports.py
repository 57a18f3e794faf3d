"""`gateway report`: any report of the registry, as a table for a spreadsheet or as JSON."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import rich_click as click
from msgspec.structs import replace

from gateway.cli.given import Id
from gateway.cli.office import When, instant_of, me, opened
from gateway.cli.output import examples, firm_option, sink
from gateway.config import nearest
from gateway.domain.access.accounts import find_firm
from gateway.domain.partners import homes
from gateway.errors import Missing
from gateway.office import Acting
from gateway.reports import REPORTS
from gateway.reports.filters import Described, described, offer
from gateway.reports.report import Report
from gateway.reports.taking import take_out
from gateway.reports.writers import FORMS

_METAVARS = {"partner": "PARTNER", "import_id": "IMPORT", "client": "CLIENT"}
_LISTED = "Lists (with --json) and other reports show ids."
_FEW = 10  # words that help can list


@click.group(
    "report",
    epilog=examples(
        "gateway report import_errors --firm northgate --since 2026-05-01",
        "gateway report case_status --firm northgate --partner acme --status open --format xlsx --out cases.xlsx",
    ),
)
def group() -> None:
    """Print a report about one firm, or write it to a file.

    Each report has filters of its own: gateway report NAME --help. A csv file starts with a byte order mark, so that
    spreadsheets show every letter; stdout has none.
    """


def _command(name: str, report: Report) -> click.Command:
    @firm_option
    @click.option("--format", "form", type=click.Choice(list(FORMS)), default="csv", show_default=True)
    @click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file to write instead of stdout.")
    def run(firm: str, form: str, out: Path | None, **given: Any) -> None:  # noqa: ANN401 - as click converts them
        _write(name, report, firm, form, out, given)

    for one in reversed(described(report.filters)):
        run = _option(one)(run)
    told = f"{report.title}.\n\nIts columns: {', '.join(report.columns)}."
    return click.command(name, help=told, epilog=examples(f"gateway report {name} --firm northgate"))(run)


def _option(one: Described) -> Any:  # noqa: ANN401 - click's decorators have no plain type
    kinds: Mapping[str, click.ParamType[Any]] = {"date-time": When(), "uuid": Id(one.name.removesuffix("_id"), _LISTED)}
    kind = _Words(one.words) if one.words else kinds.get(one.schema.get("format", ""))
    if one.schema.get("type") == "integer":
        kind = click.IntRange(one.schema.get("minimum"), one.schema.get("maximum"))
    flag = f"--{one.name.replace('_', '-')}"
    metavar = _METAVARS.get(one.name) or ("WORD" if len(one.words) > _FEW else None)
    return click.option(flag, one.name, type=kind, metavar=metavar, help=one.schema["description"])


class _Words(click.Choice[str]):
    """Offers the nearest of the words."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's name
        """What is told to whoever wrote a word that there is not."""
        return f"Nothing is called {value!r}. {offer(str(value), self.choices)}"


for _name, _report in REPORTS.items():
    group.add_command(_command(_name, _report))


def _write(name: str, report: Report, firm: str, form: str, out: Path | None, given: Mapping[str, Any]) -> None:
    with opened() as office:
        asking = find_firm(office, firm)
        meant = {key: _meant(value, asking.time_zone) for key, value in given.items()}
        asked = replace(report.filters(), **meant)
        with office.acting(asking.id, me()) as acting:
            _check_partner(acting, firm, asked.partner)
            with sink(out) as stream:
                if form == "csv" and out:
                    stream.write(codecs.BOM_UTF8)
                take_out(acting, name, asked, form, stream, told=_progress if sys.stderr.isatty() else None)


def _progress(rows: int) -> None:
    """One line that tells how far it is, on a terminal."""
    click.echo(f"\r{rows:,} rows", nl=False, err=True)


def _meant(value: object, time_zone: str) -> object:
    """A day is midnight in the firm's zone."""
    return instant_of(value, time_zone) if isinstance(value, date | datetime) else value


def _check_partner(acting: Acting, firm: str, partner: str | None) -> None:
    """Offers the nearest partner, which the API does not."""
    known = homes.slugs(acting)
    if partner is None or partner in known:
        return
    hint = nearest(partner, known)
    asked = f" Did you mean {hint!r}?" if hint else ""
    raise Missing("not_found", f"The firm {firm!r} has no partner {partner!r}.{asked}")
