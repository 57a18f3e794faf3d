"""`gateway key`: what partners prove themselves by, and the key that signs the tokens of staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TextIO

import rich_click as click

from gateway.cli.office import When, instant_of, me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json, table
from gateway.db.models import Credential
from gateway.domain.access import credentials, signing, ssh_keys
from gateway.domain.access.credentials import Kind, NewKey
from gateway.domain.access.permissions import SCOPES
from gateway.domain.partners.homes import find_home

partner_option = click.option("--partner", required=True, metavar="PARTNER", help="The partner's slug.")


@click.group(
    "key", epilog=examples("gateway key add --partner acme --scope files:write", "gateway key list --partner acme")
)
def group() -> None:
    """Give partners API keys, OAuth2 clients, and logins for SFTP; list, rotate and revoke them."""


_NAMES: dict[Kind, str] = {
    "api_key": "API key",
    "oauth_client": "OAuth2 client",
    "ssh_key": "SSH key",
    "sftp_password": "SFTP password",
}


@group.command(
    "add",
    epilog=examples(
        "gateway key add --partner acme",
        "gateway key add --partner acme --scope files:write --scope status:read --expires 2027-01-01",
        "gateway key add --partner acme --oauth --name Workday --json",
        "gateway key add --partner acme --ssh-key id_ed25519.pub",
        "gateway key add --partner acme --sftp-password --scope files:write",
    ),
)
@partner_option
@click.option("--name", help="What it is for.")
@click.option(
    "--scope", "scopes", multiple=True, metavar="SCOPE", help=f"{', '.join(SCOPES)}; all, unless some are named."
)
@click.option("--expires", type=When(), help="A date in the partner's time zone, or an instant; never, unless given.")
@click.option("--oauth", is_flag=True, help="An OAuth2 client, which fetches tokens at /oauth/token.")
@click.option("--ssh-key", type=click.File(), metavar="FILE", help="A public key for SFTP: the file that ends in .pub.")
@click.option("--sftp-password", is_flag=True, help="A password for SFTP; a key is better.")
@json_option
def add(
    partner: str,
    name: str | None,
    scopes: Sequence[str],
    expires: date | datetime | None,
    oauth: bool,
    ssh_key: TextIO | None,
    sftp_password: bool,
    as_json: bool,
) -> None:
    """Make an API key, and show its secret: now, and never again.

    Or an OAuth2 client; or let a partner log in to the SFTP endpoint, by a key of its own or a password.
    """
    kind = _kind(oauth=oauth, ssh_key=ssh_key is not None, sftp_password=sftp_password)
    with opened() as office:
        home = find_home(office, partner)
        with office.acting(home.firm_id, me()) as acting:
            made = credentials.add_key(
                acting,
                home.partner_id,
                name=name or _NAMES[kind],
                scopes=scopes or tuple(SCOPES),
                expires_at=instant_of(expires, home.time_zone),
                kind=kind,
                public_key=_text_of(ssh_key) if ssh_key else None,
            )
            account = _account(made.credential) | {"partner": partner, "secret": made.secret or None}
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


def _kind(*, oauth: bool, ssh_key: bool, sftp_password: bool) -> Kind:
    wanted: list[Kind] = []
    if oauth:
        wanted.append("oauth_client")
    if ssh_key:
        wanted.append("ssh_key")
    if sftp_password:
        wanted.append("sftp_password")
    if len(wanted) > 1:
        raise click.UsageError("Say one of --oauth, --ssh-key and --sftp-password.")
    return wanted[0] if wanted else "api_key"


def _text_of(file: TextIO) -> str:
    """A binary key, such as a private one of PuTTY's, is no text; it is refused with a sentence further in."""
    try:
        return file.read(ssh_keys.MOST_CHARACTERS + 1)
    except UnicodeDecodeError:
        return ""


def _account(one: Credential) -> dict[str, Any]:
    own = ("id", "kind", "name", "prefix", "scopes", "created_by", "created_at", "expires_at", "revoked_at")
    told = {name: getattr(one, name) for name in (*own, "last_used_at")} | {"is_live": credentials.is_live(one)}
    return told | {"fingerprint": ssh_keys.fingerprint(one.public_key) if one.public_key else None}


def _minute(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M") if at else ""


def _tell_new(made: NewKey, partner: str) -> None:
    """The secret stands alone on its line, so that it can be marked and copied whole."""
    one = made.credential
    until = f", until {_minute(one.expires_at)} UTC" if one.expires_at else ""
    console().print(plain(f"Added {one.prefix} for {partner}: {' '.join(one.scopes)}{until}."))
    if one.kind == "oauth_client":
        console().print(plain(f"client_id: {one.prefix}. The client_secret, shown now and never again:"))
    elif one.kind == "sftp_password":
        console().print(plain(f"The user name is {partner}. The password, shown now and never again:"))
    elif one.public_key:
        console().print(plain(f"The user name is {partner}. The key's fingerprint:"))
        click.echo(ssh_keys.fingerprint(one.public_key))
    else:
        console().print(plain("The key, shown now and never again:"))
    if made.secret:
        click.echo(made.secret)
