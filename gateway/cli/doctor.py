"""`gateway doctor`: what is well with this installation, and what to fix."""

from __future__ import annotations

import rich_click as click

from gateway.cli.failing import FAILED
from gateway.cli.office import opened, settings_here
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.domain.upkeep.checks import Check
from gateway.domain.upkeep.health import examine
from ingest.arrivals.standing import check as places

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


@click.command("doctor", epilog=examples("gateway doctor", "gateway doctor --json"))
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Check settings, disk, database, clocks and what waits for a person, and say what to fix.

    Exit code 1 if there is a problem; warnings are not one.
    """
    checks = list(examine(settings_here()))
    if any(one.name == "database" and one.level == "ok" for one in checks):
        with opened() as office:
            checks.append(places(office))
    if as_json:
        print_json(checks)
    else:
        for check in checks:
            _tell(check)
    if any(check.level == "problem" for check in checks):
        ctx.exit(FAILED)


def _tell(check: Check) -> None:
    out = console()
    line = plain(f"{check.level:<8}", _STYLES[check.level])
    out.print(line.append(f" {check.name}: {plain(check.found)}", style="default"), soft_wrap=True)
    if check.advice:
        out.print(plain(f"         {check.advice}", "italic"), soft_wrap=True)
