"""`gateway import`: what arrived, and the decisions that wait for a person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import rich_click as click
from rich.table import Table

from gateway.cli.failing import FAILED
from gateway.cli.ingest import following
from gateway.cli.office import ImportAccount, me, opened, told
from gateway.cli.output import console, copy, examples, json_option, plain, print_json, table
from gateway.cli.telling import UNDONE, state_word, tell
from gateway.db.models.imports import STATES, ImportState
from gateway.domain.partners.homes import Home
from gateway.errors import Conflict
from gateway.office import Office
from ingest import imports, previews
from ingest.account import further, summary_of
from ingest.holds import refuse, release
from ingest.imports import ErrorForm
from ingest.lines.finding import Spot
from ingest.lines.looking import Line, look
from ingest.running import finish

_ID_CHARACTERS = 13  # of an import's id in a list: its millisecond, which is nearly always enough to be unique

_NUMBER = click.IntRange(min=1, max=(1 << 31) - 1)
_id = click.argument("import_id", metavar="ID")


@click.group("import", epilog=examples("gateway import list --state held", "gateway import show 01a1f8c2-20f6"))
def group() -> None:
    """Look at imports; release or refuse those that wait for a person.

    An ID may be shortened to a beginning that no other import has.
    """


@group.command("list", epilog=examples("gateway import list --partner acme --state held", "gateway import list --json"))
@click.option("--partner", metavar="PARTNER", help="Of this partner only.")
@click.option("--firm", metavar="FIRM", help="Of this firm's partners only.")
@click.option("--state", type=click.Choice(STATES), help="In this state only.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The newest so many.")
@json_option
def list_imports(partner: str | None, firm: str | None, state: ImportState | None, limit: int, as_json: bool) -> None:
    """List imports, the newest first."""
    with opened() as office:
        found = imports.newest_anywhere(office, me(), imports.ImportFilter(partner, state), limit, firm=firm)
    if as_json:
        print_json(found)
    elif found:
        console().print(_listing(found))
    else:
        console().print("No such imports.")


@group.command("show", epilog=examples("gateway import show 01a1f8c2-20f6"))
@_id
@json_option
def show(import_id: str, as_json: bool) -> None:
    """Show what became of one import: counts, problems, and what to do next."""
    with opened() as office:
        home, found = imports.find_anywhere(office, import_id)
        with office.acting(home.firm_id, me()) as acting:
            result = ImportAccount(imports.show(acting, found), summary_of(acting.session, found))
        _print(home, result, as_json=as_json)


@group.command(
    "release",
    epilog=examples(
        "gateway import release 01a1f8c2-20f6",
        "gateway import release 01a1f8c2-20f6 --accept 'Employee ID=Emp No'",
        "gateway import release 01a1f8c2-20f6 --dry-run",
    ),
)
@_id
@click.option(
    "--accept",
    "pairs",
    multiple=True,
    metavar="EXPECTED=FOUND",
    help="A missing column and the one that it has become; remembered for the files to come. Otherwise what was"
    " suggested is accepted.",
)
@click.option("--dry-run", "dry", is_flag=True, help="Show what that would do, and write nothing.")
@json_option
@click.pass_context
def release_import(ctx: click.Context, import_id: str, pairs: tuple[str, ...], dry: bool, as_json: bool) -> None:
    """Load a held file all the same: what holds it is waived, and it runs again on today's records."""
    accepted = dict(_pair(one) for one in pairs) or None
    with opened() as office:
        home, found = imports.find_anywhere(office, import_id)
        if dry:
            _print(home, _tried(office, home, found, accepted), as_json=as_json)
            return
        with office.acting(home.firm_id, me()) as acting:
            release(acting, found, accepted)
        with following(str(found)) as progress:
            finish(office, home, found, progress)
        result = told(office, home, found)
        _print(home, result, as_json=as_json)
    if result.account["state"] in UNDONE:
        ctx.exit(FAILED)


def _tried(office: Office, home: Home, import_id: UUID, accepted: dict[str, str] | None) -> ImportAccount:
    """What a release would do.

    Raises:
        Conflict: `not_previewed`, it cannot be done, for a reason.
    """
    with office.acting(home.firm_id, me()) as acting:
        previews.ask(acting, import_id, "release", accepted)
    previews.make(office, home.firm_id, import_id, "release")
    with office.acting(home.firm_id, me()) as acting:
        found = previews.look(acting, import_id, "release")
    if found is None or not found.files:
        raise Conflict("not_previewed", found.reason if found and found.reason else "Somebody has decided it just now.")
    [account] = found.files
    return ImportAccount(account, account.pop("groups"))


@group.command("refuse", epilog=examples("gateway import refuse 01a1f8c2-20f6 --reason 'Last month by mistake'"))
@_id
@click.option("--reason", required=True, help="Why; the partner reads it in the receipt.")
@json_option
def refuse_import(import_id: str, reason: str, as_json: bool) -> None:
    """End a held file without loading it."""
    with opened() as office:
        home, found = imports.find_anywhere(office, import_id)
        refuse(office, home.firm_id, me(), found, reason)
        _print(home, told(office, home, found), as_json=as_json)


@group.command(
    "errors",
    epilog=examples(
        "gateway import errors 01a1f8c2-20f6 --format csv --out repair.csv",
        "gateway import errors 01a1f8c2-20f6 --format xlsx --out repair.xlsx",
    ),
)
@_id
@click.option(
    "--format", "form", type=click.Choice(["csv", "xlsx", "json"]), required=True, help="csv and xlsx are for repair."
)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file to write instead of stdout.")
def errors(import_id: str, form: ErrorForm, out: Path | None) -> None:
    """Print what was wrong with an import's rows.

    As csv: the rejected rows in the partner's own layout, with the columns Problems and Row at the end. Repaired and
    sent back, only they are processed. As xlsx: the same as a workbook, made now, with a sheet for each sheet or record
    type of the file, in which the bad cells are coloured and say what is wrong. As json: one object a problem, warnings
    included.
    """
    if form == "xlsx" and out is None and sys.stdout.isatty():
        raise click.BadOptionUsage("out", "A workbook is not for a terminal: say --out FILE.")
    with opened() as office:
        home, found = imports.find_anywhere(office, import_id)
        receipt = imports.errors(office, home.firm_id, me(), found, form)
    if receipt:
        copy(receipt, out)
        if form == "csv" and (more := further(receipt.parent)):
            others = f"Each further sheet or record type has a file of its own: {', '.join(map(str, more))}."
            click.echo(f"{others} --format xlsx gives all in one.", err=True)
    else:
        click.echo("[]" if form == "json" else "", nl=form == "json")
        click.echo("Nothing was wrong with its rows." if form == "json" else "No row was rejected.", err=True)


@group.command(
    "line",
    epilog=examples("gateway import line 01a1f8c2-20f6 812", "gateway import line 01a1f8c2-20f6 12 --sheet Left"),
)
@_id
@click.argument("number", metavar="N", type=_NUMBER)
@click.option("--row", type=_NUMBER, help="Of several rows on the line; else that of its number, or the first.")
@click.option("--sheet", help="Its name, where the file has several.")
@json_option
def show_line(import_id: str, number: int, row: int | None, sheet: str | None, as_json: bool) -> None:
    """Show one row of a file as it came, which setting read each cell, and what it did.

    N is the line on which the row begins, in a workbook its row. Sensitive cells are masked.
    """
    with opened() as office:
        home, found = imports.find_anywhere(office, import_id)
        with office.acting(home.firm_id, me()) as acting:
            line = look(acting, found, Spot(number, row, sheet))
    if as_json:
        print_json(line)
    else:
        console().print(_cells(line))
        for sentence in (*line.problems, *_outcome(line)):
            console().print(plain(sentence))


# ---------------------------------------------------------------- helpers


def _cells(line: Line) -> Table:
    made = table("column", "as it came", "read as", "by", title=f"{line.file}, line {line.line}")
    for cell in line.cells:
        for first, use in enumerate(cell.uses or [None]):
            told = () if use is None else (_said(use.field, use.value), f"{use.setting.path}:{use.setting.line or ''}")
            made.add_row(*map(plain, ("", "") if first else (cell.column, cell.text)), *map(plain, told))
        for problem in cell.problems:
            made.add_row("", "", plain(problem))
    return made


def _said(field: str, value: object) -> str:
    return f"{field}: {'nothing' if value is None else value}"


def _outcome(line: Line) -> Iterator[str]:
    """What came of the row, in sentences."""
    if line.is_rejected:
        yield "It was rejected."
    elif line.is_skipped:
        yield "The feed leaves such rows out."
    elif not line.made:
        yield "It changed nothing: what it says was known, or other words count more."
    yield from (f"{one.kind} {one.id}: {one.action} ({', '.join(one.fields)})" for one in line.made)
    if line.person:
        yield f"It is about the client {line.person}."


def _pair(text: str) -> tuple[str, str]:
    expected, sign, found = text.partition("=")
    if not (sign and expected and found):
        raise click.BadParameter(f"{text!r} is not of the form 'Expected=Found'.", param_hint="--accept")
    return expected.strip(), found.strip()


def _print(home: Home, result: ImportAccount, *, as_json: bool) -> None:
    if as_json:
        print_json(result.account)
    else:
        tell(console(), home.slug, *result)


def _listing(found: list[dict[str, object]]) -> Table:
    made = table("import", "received", "from", "file", "state", "problems", numbers=["problems"])
    for account in found:
        origin = f"{account['partner']}/{account['feed']}" if account["feed"] else str(account["partner"])
        made.add_row(
            str(account["import_id"])[:_ID_CHARACTERS],
            str(account["received_at"])[:16].replace("T", " "),
            plain(origin),
            plain(account["file"]),
            state_word(account),
            f"{account['problem_count']:,}",
        )
    return made
