"""`gateway expiry authorization`: until when somebody may work, and how that is found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import rich_click as click
from msgspec import to_builtins

from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json
from gateway.domain.access.accounts import find_firm
from gateway.domain.expiry.authorization import Authorization
from gateway.domain.expiry.looking import look_up

_EXAMPLE = "gateway expiry authorization 0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70 --firm northgate"


@click.command("authorization", epilog=examples(_EXAMPLE, f"{_EXAMPLE} --on 2027-01-01 --json"))
@click.argument("client_id", metavar="CLIENT", type=click.UUID)
@firm_option
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As of this day; today in the firm's zone.")
@json_option
def command(client_id: UUID, firm: str, on: datetime | None, as_json: bool) -> None:
    """Tell what ends a person's permission to work, with the working and what speaks against it.

    That you looked is on record. What begins with "Not counted" depends on what no record proves.
    """
    with opened() as office, office.acting(find_firm(office, firm).id, me()) as acting:
        day, found = look_up(acting, client_id, on.date() if on else None)
    if as_json:
        print_json({"client_id": str(client_id), "on": f"{day}", **to_builtins(found)})
        return
    _show(found)


def _show(found: Authorization) -> None:
    console().print(plain(found.sentence, "bold"), soft_wrap=True)
    for one in found.working:
        console().print(plain(f"  {one}"), soft_wrap=True)
    for one in found.conflicts:
        console().print(plain(f"! {one}", "yellow"), soft_wrap=True)
