"""`gateway eligibility outcomes`: how comparable cases ended, and tables of decided cases brought in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import rich_click as click
from msgspec import to_builtins

from gateway.cli.failing import FAILED
from gateway.cli.ingest import OnDisk, following
from gateway.cli.office import at_firm, me, opened
from gateway.cli.output import console, copy, examples, firm_option, json_option, plain, print_json, table
from gateway.domain.eligibility import outcomes as of_firm
from gateway.domain.eligibility.outcomes import Outcomes
from gateway.domain.eligibility.terms import NOTICE
from gateway.domain.partners.homes import find_home
from ingest.decided.importing import Brought, bring_in

_SHOWN = "show"


class _Outcomes(click.RichGroup):
    """Shows them where nothing else is asked for: `outcomes EB1A` is `outcomes show EB1A`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """A word that is no command is a visa."""
        known = {*self.commands, *ctx.help_option_names}
        parsed: list[str] = super().parse_args(ctx, args if args and args[0] in known else [_SHOWN, *args])
        return parsed


@click.group(
    "outcomes",
    cls=_Outcomes,
    epilog=examples(
        "gateway eligibility outcomes --firm northgate",
        "gateway eligibility outcomes EB1A --firm northgate --json",
        "gateway eligibility outcomes import petitions.csv --partner decided-cases --layout petitions",
    ),
)
def outcomes() -> None:
    """See how comparable cases ended, and how likely an approval is by that; bring in decided cases.

    A visa instead of a command shows that visa, and neither shows all.
    """


@outcomes.command(
    _SHOWN,
    epilog=examples(
        "gateway eligibility outcomes --firm northgate", "gateway eligibility outcomes EB1A --firm northgate"
    ),
)
@click.argument("visa", required=False)
@firm_option
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="Decided up to this day; today, if left out.")
@json_option
def show(visa: str | None, firm: str, on: datetime | None, as_json: bool) -> None:
    """Show how comparable cases of the firm ended: approved and denied ones alone, decided within five years."""
    with opened() as office, at_firm(office, firm) as acting:
        found = of_firm.look(acting, visa, on.date() if on else None)
    if as_json:
        print_json([_told(one) for one in found])
        return
    shown = table(*_COLUMNS, numbers=_COLUMNS[1:])
    for one in found:
        shown.add_row(*map(plain, _row(one)))
    console().print(shown)
    for one in found:
        if one.chance:
            told = f"{one.visa.id}: public rate of {one.chance.period}, {one.chance.source}"
            console().print(plain(told), soft_wrap=True)
    console().print(plain(NOTICE))


_COLUMNS = ("visa", "n", "approved", "denied", "imported", "probability", "90 %", "public rate")


def _row(one: Outcomes) -> tuple[object, ...]:
    approved, denied = one.together
    counted = (one.visa.id, one.together.n, approved, denied, one.imported.n)
    if one.chance is None:
        return (*counted, "", "", "none")
    by = one.chance
    return (*counted, f"{by.probability:.0%}", f"{by.low:.0%} to {by.high:.0%}", f"{by.prior:.1%}")


def _told(one: Outcomes) -> dict[str, Any]:
    approved, denied = one.together
    counted = {"n": one.together.n, "approved": approved, "denied": denied, "imported": one.imported.n}
    days = {"first": f"{one.first}", "last": f"{one.last}"}
    return {"visa": one.visa.id, "name": one.visa.name, **days, **counted, "chance": to_builtins(one.chance)}


@outcomes.command(
    "import",
    epilog=examples(
        "gateway eligibility outcomes import petitions.csv --partner decided-cases --layout petitions",
        "gateway eligibility outcomes import lca_2024.csv --partner decided-cases --layout lca --errors wrong --json",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--partner", required=True, metavar="PARTNER", help="The slug of the partner whose settings have the layout."
)
@click.option("--layout", required=True, metavar="NAME", help="Which of its `outcomes`: how the file is read.")
@click.option(
    "--errors",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for rows that are not taken, made where it is needed; FILE_errors, if left out.",
)
@json_option
@click.pass_context
def bring(ctx: click.Context, file: Path, partner: str, layout: str, errors: Path | None, as_json: bool) -> None:
    """Bring in a table of decided cases of the firm's past, or as an authority publishes it.

    Good rows are taken; each other row comes back with its line and what is wrong, as CSV. The same file again, or a
    later edition, updates. Exit code 1 if rows were not taken.
    """
    with TemporaryDirectory() as scratch, opened() as office:
        home = find_home(office, partner)
        with office.acting(home.firm_id, me()) as acting, following(file.name) as progress:
            brought = bring_in(acting, home, layout, OnDisk(file), Path(scratch), progress)
        put = _put(brought, Path(scratch), errors or Path(f"{file.stem}_errors"))
    if as_json:
        print_json({**brought._asdict(), "returned": [str(path) for path in put]})
    else:
        _tell(brought, put)
    if brought.rows["rejected"]:
        ctx.exit(FAILED)


def _put(brought: Brought, scratch: Path, folder: Path) -> list[Path]:
    if brought.returned:
        folder.mkdir(parents=True, exist_ok=True)
    for name in brought.returned:
        copy(scratch / name, folder / name)
    return [folder / name for name in brought.returned]


def _tell(brought: Brought, put: list[Path]) -> None:
    said = console()
    counted = ", ".join(f"{count:,} {name}" for name, count in brought.rows.items() if count)
    said.print(plain(f"{brought.layout} ({brought.stage}, {brought.source}): {counted or 'no rows'}."), soft_wrap=True)
    for remark in brought.remarks:
        said.print(plain(remark), soft_wrap=True)
    for code, count in brought.problems.items():
        said.print(plain(f"  {code}: {count:,}"))
    for path in put:
        said.print(plain(f"What was not taken, line by line: {path}"), soft_wrap=True)
