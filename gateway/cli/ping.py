"""`gateway partner ping`: whether the places of a partner can be used, and what is wrong where one cannot."""

from __future__ import annotations

import rich_click as click

from gateway.cli.failing import FAILED
from gateway.cli.office import opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.domain.partners.homes import find_home
from ingest.arrivals import polling
from ingest.arrivals.polling import Pinged


@click.command("ping", epilog=examples("gateway partner ping acme", "gateway partner ping acme --json"))
@click.argument("partner", metavar="PARTNER")
@json_option
@click.pass_context
def command(ctx: click.Context, partner: str, as_json: bool) -> None:
    """Try each place of a partner: name, port, host key, login, folder, what may be done there. Nothing is taken.

    Exit code 1 if something does not work.
    """
    with opened() as office:
        found = []
        for one in polling.ping(office, find_home(office, partner)):
            found.append(one)
            if not as_json:
                _tell(one)
    if as_json:
        print_json([_account(one) for one in found])
    elif not found:
        console().print(f"The settings of {partner} name no place.")
    if any(one.problem for one in found):
        ctx.exit(FAILED)


def _tell(one: Pinged) -> None:
    out = console()
    out.print(plain(one.place, "bold"), soft_wrap=True)
    for step in one.steps:
        out.print(plain(f"  ok       {step}", "green"), soft_wrap=True)
    if one.problem:
        out.print(plain(f"  problem  {one.problem.sentence}", "bold red"), soft_wrap=True)


def _account(one: Pinged) -> dict[str, object]:
    error = {"code": one.problem.code, "message": one.problem.sentence} if one.problem else None
    return {"place": one.place, "steps": one.steps, "error": error}
