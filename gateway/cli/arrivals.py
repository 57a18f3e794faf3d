"""`gateway arrivals`: the places that we look at for files ourselves."""

from __future__ import annotations

from collections.abc import Iterator

import rich_click as click

from gateway.cli.failing import FAILED
from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.domain.partners.homes import Home, find_home
from gateway.errors import Problem
from gateway.jobs.broker.nudging import Nudger
from gateway.office import Office
from ingest.arrivals import polling
from ingest.arrivals.polling import Polled
from ingest.arrivals.standing import PlaceStanding, every_partner, status_anywhere

_EXAMPLE = "Its host has a name for examples (.example), which leads nowhere: no clock looks there."
_SHOWN = 5  # files that wait, of each place

_partner = click.option("--partner", metavar="PARTNER", help="Of this partner only.")


@click.group("arrivals", epilog=examples("gateway arrivals status", "gateway arrivals poll --partner acme"))
def group() -> None:
    """Look at the places from which files are fetched, and look there now."""


@group.command("status", epilog=examples("gateway arrivals status --partner acme", "gateway arrivals status --json"))
@_partner
@json_option
def status(partner: str | None, as_json: bool) -> None:
    """Show each place of each partner: the last look, what was seen, what waits and why, what fails."""
    with opened() as office:
        found = status_anywhere(office, me(), find_home(office, partner).slug if partner else None)
    if as_json:
        print_json(found)
    elif not found:
        console().print("No partner's settings name a place: files come by upload alone.")
    for one in found if not as_json else ():
        _tell(one)


@group.command("poll", epilog=examples("gateway arrivals poll", "gateway arrivals poll --partner acme --json"))
@_partner
@json_option
@click.pass_context
def poll(ctx: click.Context, partner: str | None, as_json: bool) -> None:
    """Look at the places now, and take what is there; workers take it to its end.

    Exit code 1 if a place could not be looked at.
    """
    accounts = []
    with opened() as office:
        nudger = Nudger(office.settings, office.db.addresses)
        office.db.tell = nudger.nudge
        for home in _homes(office, partner):
            for one in polling.poll(office, home):
                accounts.append(_account(home, one))
                if not as_json:
                    _tell_polled(home, one)
        nudger.close()
    if as_json:
        print_json(accounts)
    elif not accounts:
        console().print("There is no place to look at.")
    if any(one["error"] for one in accounts):
        ctx.exit(FAILED)


# ---------------------------------------------------------------- helpers


def _homes(office: Office, partner: str | None) -> Iterator[Home]:
    if partner:
        yield find_home(office, partner)
    else:
        yield from every_partner(office)


def _account(home: Home, one: Polled) -> dict[str, object]:
    looked = one.looked
    return {
        "partner": home.slug,
        "place": one.place,
        "taken": [{"file": plain(file.name).plain, "import_id": file.import_id} for file in looked.taken]
        if looked
        else [],
        "waiting": [{"file": plain(file.name).plain, "why": file.why} for file in looked.waiting] if looked else [],
        "error": _error(one.problem),
    }


def _error(problem: Problem | None) -> dict[str, str] | None:
    return {"code": problem.code, "message": problem.sentence} if problem else None


def _tell_polled(home: Home, one: Polled) -> None:
    out = console()
    if one.problem or one.looked is None:
        why = one.problem.sentence if one.problem else ""
        out.print(plain(f"{home.slug}  {one.place}: {why}", "bold red"), soft_wrap=True)
        return
    taken, waiting = one.looked.taken, one.looked.waiting
    out.print(plain(f"{home.slug}  {one.place}: {len(taken)} taken, {len(waiting)} wait."), soft_wrap=True)
    for arrived in taken:
        out.print(plain(f"  {arrived.name}: import {arrived.import_id}"), soft_wrap=True)
    for file in waiting:
        out.print(plain(f"  {file.name} waits: {file.why}", "yellow"), soft_wrap=True)


def _tell(one: PlaceStanding) -> None:
    out = console()
    looked = (
        f"last look {one.looked_at:%Y-%m-%d %H:%M} UTC"
        if one.looked_at
        else "never yet seen from inside"
        if one.error
        else "not looked at yet"
    )
    told = f"{one.partner}  {one.place}: {looked}, {one.listed} there, {one.taken} taken, {one.waiting_count} wait"
    out.print(plain(f"{told}."), soft_wrap=True)
    if one.due_at is None:
        out.print(plain(f"  {_EXAMPLE}"), soft_wrap=True)
    if one.error and one.failing_since:
        since = f"fails since {one.failing_since:%Y-%m-%d %H:%M} UTC, looks: {one.failures}"
        out.print(plain(f"  {since}: {one.error}", "bold red"), soft_wrap=True)
    for file in one.waiting[:_SHOWN]:
        out.print(plain(f"  {file.name} waits: {file.why}", "yellow"), soft_wrap=True)
