"""`gateway firm` and `gateway staff`: the accounts that somebody at the machine opens."""

from __future__ import annotations

import re
import sys
from zoneinfo import available_timezones

import rich_click as click

from gateway.cli.office import at_firm, me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.config import nearest
from gateway.db.models import Staff
from gateway.db.models.firms import STAFF_ROLES
from gateway.domain.access import accounts, passwords
from gateway.domain.access.accounts import add_firm, find_staff, set_password
from gateway.values import contacts
from gateway.values.base import BadValue

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")  # as in partner.yaml


def _slug(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a slug: small letters, digits and -, such as northgate-law.")
    return value


def _email(_ctx: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return contacts.email(value)
    except BadValue:
        raise click.BadParameter(f"{value!r} is not an e-mail address.") from None


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
    with opened() as office:
        made = add_firm(office, slug, name, time_zone=time_zone, actor=me())
        account = {"firm": slug, "id": made.id, "name": name, "time_zone": time_zone}
    if as_json:
        print_json(account)
    else:
        console().print(plain(f"Added the firm {slug}, {name}."))


@click.group("staff", epilog=examples("gateway staff add ana@northgate.example --firm northgate --role attorney"))
def staff() -> None:
    """Add the people who work at a firm, and give them passwords."""


@staff.command("add", epilog=examples("gateway staff add ana@northgate.example --firm northgate --role attorney"))
@click.argument("email", callback=_email)
@firm_option
@click.option("--role", required=True, type=click.Choice(STAFF_ROLES), help="What they may do.")
@click.option("--name", help="Their name; otherwise what stands before the @.")
@json_option
def add_a_member(email: str, firm: str, role: str, name: str | None, as_json: bool) -> None:
    """Add a member of staff, and print a first password, which they should change."""
    with opened() as office, at_firm(office, firm) as acting:
        made, password = accounts.invite(acting, email, name=name or email.partition("@")[0], role=role)
        account = {"email": made.email, "id": made.id, "firm": firm, "role": role, "name": made.name}
    if as_json:
        print_json(account | {"password": password})
    else:
        console().print(
            plain(f"Added {account['email']} to {firm} as {role}. The password, shown now and never again:")
        )
        click.echo(password)


@staff.command(
    "password",
    epilog=examples(
        "gateway staff password ana@northgate.example --firm northgate",
        "gateway staff password ana@northgate.example --firm northgate --make",
    ),
)
@click.argument("email")
@firm_option
@click.option("--make", is_flag=True, help="Make one and print it, instead of asking.")
@json_option
def give_password(email: str, firm: str, make: bool, as_json: bool) -> None:
    """Give somebody another password: asked for, or read as one line from standard input. Their sessions end.

    It has at least 12 characters and does not hold the e-mail address.
    """
    password = passwords.make() if make else _asked()
    with opened() as office, at_firm(office, firm) as acting:
        one = find_staff(acting, email)
        set_password(acting, one, password)
        account = {"email": one.email, "id": one.id, "firm": firm}
    if as_json:
        print_json(account | ({"password": password} if make else {}))
        return
    console().print(
        plain(f"{account['email']} has another password." + (" Shown now and never again:" if make else ""))
    )
    if make:
        click.echo(password)


@staff.command("deactivate", epilog=examples("gateway staff deactivate ana@northgate.example --firm northgate"))
@click.argument("email")
@firm_option
@json_option
def deactivate(email: str, firm: str, as_json: bool) -> None:
    """Let somebody in no more, at once; what they did stays on record."""
    with opened() as office, at_firm(office, firm) as acting:
        one = find_staff(acting, email)
        accounts.deactivate_staff(acting, one)
        account = _account(one)
    _tell(account, f"{account['email']} is let in no more.", as_json=as_json)


@staff.command("reactivate", epilog=examples("gateway staff reactivate ana@northgate.example --firm northgate"))
@click.argument("email")
@firm_option
@json_option
def reactivate(email: str, firm: str, as_json: bool) -> None:
    """Let somebody in again, with the role and the password of then."""
    with opened() as office, at_firm(office, firm) as acting:
        one = find_staff(acting, email)
        accounts.reactivate_staff(acting, one)
        account = _account(one)
    _tell(account, f"{account['email']} is let in again.", as_json=as_json)


@staff.command("role", epilog=examples("gateway staff role ana@northgate.example attorney --firm northgate"))
@click.argument("email")
@click.argument("role", type=click.Choice(STAFF_ROLES))
@firm_option
@json_option
def give_role(email: str, role: str, firm: str, as_json: bool) -> None:
    """Give somebody another role, from their next request on; a firm keeps one admin at least."""
    with opened() as office, at_firm(office, firm) as acting:
        one = find_staff(acting, email)
        accounts.change_role(acting, one, role)
        account = _account(one)
    _tell(account, f"{account['email']} is {role} from now on.", as_json=as_json)


@staff.command("sign-out", epilog=examples("gateway staff sign-out ana@northgate.example --firm northgate"))
@click.argument("email")
@firm_option
@json_option
def sign_out(email: str, firm: str, as_json: bool) -> None:
    """Sign somebody out everywhere; they may sign in again."""
    with opened() as office, at_firm(office, firm) as acting:
        one = find_staff(acting, email)
        accounts.sign_staff_out(acting, one)
        account = _account(one)
    _tell(account, f"{account['email']} is signed out everywhere.", as_json=as_json)


@staff.command("list", epilog=examples("gateway staff list --firm northgate"))
@firm_option
@json_option
def list_staff(firm: str, as_json: bool) -> None:
    """List those who work at a firm, or did, those who do first."""
    with opened() as office, at_firm(office, firm) as acting:
        found = [_account(one) for one in accounts.everybody(acting)]
    if as_json:
        print_json(found)
        return
    shown = table("e-mail", "name", "role", "let in")
    for one in found:
        shown.add_row(*map(plain, (one["email"], one["name"], one["role"], "yes" if one["active"] else "no")))
    console().print(shown if found else plain(f"Nobody works at {firm}."))


def _account(one: Staff) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("email", "id", "name", "role", "active")}


def _tell(account: dict[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(account)
    else:
        console().print(plain(sentence))


def _asked() -> str:
    """A password that never stands in an argument: those are on show to everybody at the machine."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
