"""`gateway client`: what somebody at the machine does about a person."""

from __future__ import annotations

from uuid import UUID

import rich_click as click

from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json
from gateway.domain.access.accounts import find_firm
from gateway.domain.people.erasure import Erased, erase
from gateway.wings import ERASERS

_EXAMPLE = "gateway client erase 0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70 --firm northgate --reason 'She asked for it'"


@click.group("client", epilog=examples(_EXAMPLE))
def group() -> None:
    """Erase people."""


@group.command("erase", epilog=examples(_EXAMPLE))
@click.argument("client_id", metavar="ID", type=click.UUID)
@firm_option
@click.option("--reason", required=True, help="Why; it stays on record.")
@click.option("--yes", is_flag=True, help="Do not ask whether that is meant.")
@json_option
def erase_client(client_id: UUID, firm: str, reason: str, yes: bool, as_json: bool) -> None:
    """Erase a person for good: values, identifiers, documents' numbers, and the files and receipts that name it.

    What stays is that there was a person, the firm's register of cases, and who did what and when.
    """
    if not yes:
        click.confirm(f"Erase the client {client_id}, and every file that names the person?", abort=True, err=True)
    with opened() as office, office.acting(find_firm(office, firm).id, me()) as acting:
        erased = erase(acting, client_id, reason, ERASERS)
        account = {"client_id": client_id, "erased_at": erased.client.erased_at, **erased.counts, **erased.named}
    if as_json:
        print_json(account)
    else:
        console().print(plain(_sentences(erased)))


def _sentences(erased: Erased) -> str:
    counts, waiting = erased.counts, erased.named["waiting_imports"]
    told = [
        f"Erased. Cases: {counts['cases']}, documents: {counts['documents']}, files destroyed: {counts['files']}.",
        "A worker reads the partner's other files again, and destroys those that name the person.",
    ]
    if waiting:
        told.append(f"These wait for a decision, and go once it is taken: {', '.join(map(str, waiting))}.")
    return "\n".join(told)
