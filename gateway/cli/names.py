"""`gateway partner names`: the column names that a partner's feeds have learned, and how one is forgotten."""

from __future__ import annotations

import rich_click as click

from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.db.models import HeaderAlias
from gateway.domain.partners import names
from gateway.domain.partners.homes import find_home


@click.command("names", epilog=examples("gateway partner names acme", "gateway partner names acme --forget 'Emp No'"))
@click.argument("partner")
@click.option("--forget", metavar="NAME", help="Take this name back, or this id: the next file that has it is held.")
@json_option
def command(partner: str, forget: str | None, as_json: bool) -> None:
    """List the column names that were accepted since for columns of a partner's files, or forget one."""
    with opened() as office:
        home = find_home(office, partner)
        with office.acting(home.firm_id, me()) as acting:
            found = names.forget_named(acting, home, forget) if forget else names.of_partner(acting, home)
            told = [_account(*one) for one in found]
    if as_json:
        print_json(told)
        return
    may = "may also" if forget is None else "may no longer"
    for one in told:
        sentence = f"In {one['feed']}, {one['expected']!r} {may} be called {one['found']!r}"
        accepted = f"accepted by {one['accepted_by']} on {one['accepted_at']:%Y-%m-%d}"
        console().print(plain(f"{sentence} ({accepted}; {one['id']})."), soft_wrap=True)
    if not told:
        console().print(plain(f"The feeds of {partner} have learned no names."))


def _account(feed: str, alias: HeaderAlias) -> dict[str, object]:
    return {
        "id": alias.id,
        "feed": feed,
        "expected": alias.expected,
        "found": alias.found,
        "accepted_by": alias.accepted_by,
        "accepted_at": alias.created_at,
    }
