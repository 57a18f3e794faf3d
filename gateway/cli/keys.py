"""`gateway key`: what partners prove themselves by, and the key that signs the tokens of staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import rich_click as click

from gateway.cli.office import When, instant_of, me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json, table
from gateway.db.models import Credential
from gateway.domain.access import credentials, signing
from gateway.domain.access.credentials import NewKey
from gateway.domain.access.permissions import SCOPES
from gateway.domain.partners.homes import find_home

partner_option = click.option("--partner", required=True, metavar="PARTNER", help="The partner's slug.")


@click.group(
    "key", epilog=examples("gateway key add --partner acme --scope files:write", "gateway key list --partner acme")
)
def group() -> None:
    """Give partners API keys and OAuth2 clients; list and revoke them."""


@group.command(
    "add",
    epilog=examples(
        "gateway key add --partner acme",
        "gateway key add --partner acme --scope files:write --scope status:read --expires 2027-01-01",
        "gateway key add --partner acme --oauth --name Workday --json",
    ),
)
@partner_option
@click.option("--name", default="API key", show_default=True, help="What it is for.")
@click.option(
    "--scope", "scopes", multiple=True, metavar="SCOPE", help=f"{', '.join(SCOPES)}; all, unless some are named."
)
@click.option("--expires", type=When(), help="A date in the partner's time zone, or an instant; never, unless given.")
@click.option("--oauth", is_flag=True, help="An OAuth2 client, which fetches tokens at /oauth/token.")
@json_option
def add(
    partner: str, name: str, scopes: Sequence[str], expires: date | datetime | None, oauth: bool, as_json: bool
) -> None:
    """Make an API key, and show its secret: now, and never again."""
    with opened() as office:
        home = find_home(office, partner)
        with office.acting(home.firm_id, me()) as acting:
            made = credentials.add_key(
                acting,
                home.partner_id,
                name=name,
                scopes=scopes or tuple(SCOPES),
                expires_at=instant_of(expires, home.time_zone),
                kind="oauth_client" if oauth else "api_key",
            )
            account = _account(made.credential) | {"partner": partner, "secret": made.secret}
    if as_json:
        print_json(account)
    else:
        _tell_new(made, partner)


@group.command("list", epilog=examples("gateway key list --partner acme"))
@partner_option
@json_option
def list_keys(partner: str, as_json: bool) -> None:
    """List the keys of a partner, ended ones included, the newest first."""
    with opened() as office:
        home = find_home(office, partner)
        with office.acting(home.firm_id, me()) as acting:
            accounts = [_account(one) for one in credentials.of_partner(acting, partner)]
    if as_json:
        print_json(accounts)
        return
    shown = table("key", "state", "name", "scopes", "made", "last used")
    for one in accounts:
        state = "live" if one["is_live"] else "revoked" if one["revoked_at"] else "expired"
        used = _minute(one["last_used_at"]) or "never"
        shown.add_row(
            *map(plain, (one["prefix"], state, one["name"], " ".join(one["scopes"]), _minute(one["created_at"]), used))
        )
    console().print(shown if accounts else plain(f"{partner} has no keys."))


@group.command("revoke", epilog=examples("gateway key revoke gwk_0a1b2c3d"))
@click.argument("key", metavar="PREFIX|ID")
@json_option
def revoke(key: str, as_json: bool) -> None:
    """End a key at once, and the tokens that were fetched with it."""
    with opened() as office:
        found = credentials.find_anywhere(office, key)
        with office.acting(found.firm_id, me()) as acting:
            account = _account(credentials.revoke(acting, found.id))
    if as_json:
        print_json(account)
    else:
        console().print(plain(f"Revoked {account['prefix']}."))


@group.command(
    "rotate-signing", epilog=examples("gateway key rotate-signing", "gateway key rotate-signing --end-sessions")
)
@click.option("--end-sessions", is_flag=True, help="Sign all staff out: for a key that may be in wrong hands.")
@json_option
def rotate_signing(end_sessions: bool, as_json: bool) -> None:
    """Sign the tokens of staff with a new key from now on; this happens by itself every 30 days."""
    with opened() as office:
        made = signing.rotate(office, me(), end_sessions=end_sessions)
    if as_json:
        print_json(made._asdict())
    else:
        ended = f" Signed out: {made.sessions_ended}." if end_sessions else ""
        console().print(plain(f"A new key signs from now on.{ended}"))


def _account(one: Credential) -> dict[str, Any]:
    own = ("id", "kind", "name", "prefix", "scopes", "created_by", "created_at", "expires_at", "revoked_at")
    return {name: getattr(one, name) for name in (*own, "last_used_at")} | {"is_live": credentials.is_live(one)}


def _minute(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


def _tell_new(made: NewKey, partner: str) -> None:
    """The secret stands alone on its line, so that it can be marked and copied whole."""
    one = made.credential
    until = f", until {_minute(one.expires_at)} UTC" if one.expires_at else ""
    console().print(plain(f"Added {one.prefix} for {partner}: {' '.join(one.scopes)}{until}."))
    if one.kind == "oauth_client":
        console().print(plain(f"client_id: {one.prefix}. The client_secret, shown now and never again:"))
    else:
        console().print(plain("The key, shown now and never again:"))
    click.echo(made.secret)
