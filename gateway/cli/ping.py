"""`gateway partner ping`: whether files can come from a partner's places and go where its deliveries go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import rich_click as click

from gateway.cli.failing import FAILED
from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.domain.partners.homes import Home, find_home
from gateway.office import Office
from ingest.arrivals import trying
from outbound import desk


class _Tried(NamedTuple):
    """One place or delivery: the steps that work, and what does not."""

    what: str
    steps: list[str]
    code: str | None
    problem: str | None


@click.command("ping", epilog=examples("gateway partner ping acme", "gateway partner ping acme --json"))
@click.argument("partner", metavar="PARTNER")
@json_option
@click.pass_context
def command(ctx: click.Context, partner: str, as_json: bool) -> None:
    """Try all ways in and out of a partner: places, HRIS systems that are asked, secrets of its calls, deliveries.

    Of a place: name, port, host key, login, folder, what may be done there. Nothing is taken and nothing of anybody is
    sent; an HRIS is asked once, which counts into its budget. Exit code 1 if something does not work.
    """
    with opened() as office:
        found = []
        for one in _tried(office, find_home(office, partner)):
            found.append(one)
            if not as_json:
                _tell(one)
    if as_json:
        print_json([_account(one) for one in found])
    elif not found:
        console().print(f"The settings of {partner} name no place, no HRIS, no calls and no delivery.")
    if any(one.problem for one in found):
        ctx.exit(FAILED)


def _tried(office: Office, home: Home) -> Iterator[_Tried]:
    for place, steps, problem in trying.ping(office, home.firm_id, me(), home.slug):
        code, told = (problem.code, problem.sentence) if problem else (None, None)
        yield _Tried(place, steps, code, told)
    for delivery in desk.names(office, home):
        yield _Tried(f"delivery {delivery}", *desk.ping(office, home.firm_id, me(), home.slug, delivery))


def _tell(one: _Tried) -> None:
    out = console()
    out.print(plain(one.what, "bold"), soft_wrap=True)
    for step in one.steps:
        out.print(plain(f"  ok       {step}", "green"), soft_wrap=True)
    if one.problem:
        out.print(plain(f"  problem  {one.problem}", "bold red"), soft_wrap=True)


def _account(one: _Tried) -> dict[str, object]:
    error = {"code": one.code, "message": one.problem} if one.problem else None
    return {"what": one.what, "steps": one.steps, "error": error}
