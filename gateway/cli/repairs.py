"""`gateway repair`: links by which a partner's people put rejected rows right in a browser, without an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import rich_click as click

from gateway.cli.office import at_firm, me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.domain.links import repairs
from gateway.domain.links.repairs import Standing
from gateway.office import Acting
from ingest import imports
from ingest.repairs.draft import mine
from outbound.notify.of_rows import send_link

_id = click.argument("import_id", metavar="ID")


@click.group("repair", epilog=examples("gateway repair links 01a1f8c2-20f6", "gateway repair send-link 01a1f8c2-20f6"))
def group() -> None:
    """See which links to rejected rows partners were sent; send another one, withdraw one.

    An ID is of an import, and may be shortened to a beginning that no other import has.
    """


@group.command("links", epilog=examples("gateway repair links 01a1f8c2-20f6 --json"))
@_id
@json_option
def list_links(import_id: str, as_json: bool) -> None:
    """List the links to an import's rejected rows, the newest first."""
    with _at(import_id) as (acting, found):
        mine(acting, found)
        _print(repairs.listed(acting, found), as_json=as_json)


@group.command("send-link", epilog=examples("gateway repair send-link 01a1f8c2-20f6"))
@_id
@json_option
def make_link(import_id: str, as_json: bool) -> None:
    """Have the partner's contacts under `errors` sent a new link, by e-mail; earlier ones end."""
    with _at(import_id) as (acting, found):
        home, _ = mine(acting, found)
        send_link(acting, found, home.partner_id)
        _print(repairs.listed(acting, found), as_json=as_json)


@group.command(
    "revoke-link", epilog=examples("gateway repair revoke-link 01a1f8c2-20f6 01a1f8c3-0b1d-7c3e-8f4a-5b6c7d8e9f01")
)
@_id
@click.argument("link_id", metavar="LINK", type=click.UUID)
@json_option
def revoke_link(import_id: str, link_id: UUID, as_json: bool) -> None:
    """Withdraw a link, for whoever has opened it too."""
    with _at(import_id) as (acting, found):
        mine(acting, found)
        repairs.revoke(acting, found, link_id)
        _print(repairs.listed(acting, found), as_json=as_json)


@group.command("switch-links", epilog=examples("gateway repair switch-links --firm northgate --off"))
@firm_option
@click.option("--on/--off", "on", required=True, help="Off ends those that were sent as well.")
@json_option
def switch_links(firm: str, on: bool, as_json: bool) -> None:
    """Let a firm's partners repair rejected rows by links, or no more."""
    with opened() as office, at_firm(office, firm) as acting:
        repairs.switch(acting, on=on)
    if as_json:
        print_json({"on": on})
    else:
        console().print(plain(f"Links to rejected rows are {'sent' if on else 'sent no more'}."))


@contextmanager
def _at(import_id: str) -> Iterator[tuple[Acting, UUID]]:
    """Somebody at work on an import, whichever firm's it is."""
    with opened() as office:
        home, found = imports.find_anywhere(office, import_id)
        with office.acting(home.firm_id, me()) as acting:
            yield acting, found


def _print(found: Sequence[Standing], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    shown = table("link", "sent", "to", "by", "stands", "opened", "until")
    for one in found:
        stands = f"{one.state}, asked for a new one" if one.asked_at else one.state
        opened_so_often = f"{one.openings} of {one.most_openings}"
        sent, until = f"{one.created_at:%Y-%m-%d %H:%M}", f"{one.expires_at:%Y-%m-%d %H:%M}"
        words = (one.id, sent, f"contacts.{one.contact}", one.created_by, stands, opened_so_often, until)
        shown.add_row(*(plain(word) for word in words))
    console().print(shown if found else plain("No link to these rows was sent."))
