"""`gateway firm` and `gateway staff`: the accounts that somebody at the machine opens."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

import rich_click as click

from gateway import crypto
from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json
from gateway.config import nearest
from gateway.db.models.firms import STAFF_ROLES
from gateway.domain.accounts import add_firm, add_staff, find_firm

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")  # as in partner.yaml
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _slug(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a slug: small letters, digits and -, such as northgate-law.")
    return value


def _email(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not an e-mail address.")
    return value


def _zone(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if value not in available_timezones():
        hint = nearest(value, available_timezones())
        raise click.BadParameter(f"{value!r} is no IANA time zone." + (f" Did you mean {hint}?" if hint else ""))
    return value


@click.group("firm", epilog=examples("gateway firm add northgate 'Northgate Law'"))
def firm() -> None:
    """Add law firms."""


@firm.command("add", epilog=examples("gateway firm add harbor 'Harbor Legal' --time-zone America/Chicago"))
@click.argument("slug", callback=_slug)
@click.argument("name")
@click.option("--time-zone", default="America/New_York", show_default=True, callback=_zone, help="An IANA zone.")
@json_option
def add_a_firm(slug: str, name: str, time_zone: str, as_json: bool) -> None:
    """Add a firm, with a key of its own for its sensitive values."""
    with opened() as office, office.db.system() as session:
        key = crypto.load_master_key(office.settings)
        made = add_firm(session, slug, name, time_zone=time_zone, master_key=key, actor=me())
        account = {"firm": slug, "id": made.id, "name": name, "time_zone": time_zone}
    if as_json:
        print_json(account)
    else:
        console().print(plain(f"Added the firm {slug}, {name}."))


@click.group("staff", epilog=examples("gateway staff add ana@northgate.example --firm northgate --role attorney"))
def staff() -> None:
    """Add the people who work at a firm."""


@staff.command("add", epilog=examples("gateway staff add ana@northgate.example --firm northgate --role attorney"))
@click.argument("email", callback=_email)
@firm_option
@click.option("--role", required=True, type=click.Choice(STAFF_ROLES), help="What they may do.")
@click.option("--name", help="Their name; otherwise what stands before the @.")
@json_option
def add_a_member(email: str, firm: str, role: str, name: str | None, as_json: bool) -> None:
    """Add a member of staff."""
    with opened() as office:
        with office.db.system() as session:
            firm_id = find_firm(session, firm).id
        with office.db.firm(firm_id) as session:
            made = add_staff(session, firm_id, email, name=name or email.partition("@")[0], role=role, actor=me())
            account = {"email": made.email, "id": made.id, "firm": firm, "role": role, "name": made.name}
    if as_json:
        print_json(account)
    else:
        console().print(plain(f"Added {account['email']} to {firm} as {role}."))
