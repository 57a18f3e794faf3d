"""`gateway links`: short addresses that lead on, and how often they are followed."""

from __future__ import annotations

from datetime import date, datetime

import rich_click as click

from gateway.cli.office import When, at_firm, instant_of, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.db.models import ShortLink
from gateway.db.paging import Paging
from gateway.domain.links import links
from gateway.office import Office

_code = click.argument("code", metavar="CODE")


@click.group(
    "links",
    epilog=examples(
        "gateway links create https://firm.example/intake --firm northgate --alias intake-2026",
        "gateway links show intake-2026 --firm northgate",
    ),
)
def group() -> None:
    """Make short links, see how often they are followed, and let them end."""


@group.command(
    "create",
    epilog=examples(
        "gateway links create https://firm.example/intake --firm northgate",
        "gateway links create https://firm.example/intake --firm northgate --alias intake-2026 --expires 2027-01-01",
    ),
)
@click.argument("target", metavar="TARGET")
@firm_option
@click.option("--alias", metavar="ALIAS", help="How it is called: 3 to 50 of a-z, 0-9 and dashes; else random.")
@click.option("--expires", type=When(), help="When it ends: the beginning of a day in UTC, or an instant.")
@json_option
def create(target: str, firm: str, alias: str | None, expires: date | datetime | None, as_json: bool) -> None:
    """Make a short link to TARGET, an https address."""
    with opened() as office, at_firm(office, firm) as acting:
        made = _told(office, links.shorten(acting, target, alias, instant_of(expires, "UTC")))
    if as_json:
        print_json(made)
    else:
        console().print(plain(made["url"]), soft_wrap=True)


@group.command("list", epilog=examples("gateway links list --firm northgate --json"))
@firm_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The newest so many.")
@json_option
def list_links(firm: str, limit: int, as_json: bool) -> None:
    """List short links, ended ones included, the newest first."""
    with opened() as office, at_firm(office, firm) as acting:
        found = [_told(office, one) for one in links.look_through(acting, Paging(limit)).rows]
    if as_json:
        print_json(found)
        return
    shown = table("code", "leads to", "made by", "ends", "")
    for one in found:
        ends = f"{one['expires_at']:%Y-%m-%d %H:%M}" if one["expires_at"] else "-"
        words = (one["code"], one["target"], one["created_by"], ends, "" if one["is_live"] else "ended")
        shown.add_row(*(plain(word) for word in words))
    console().print(shown if found else plain("There are no short links."))


@group.command("show", epilog=examples("gateway links show intake-2026 --firm northgate --days 30"))
@_code
@firm_option
@click.option("--days", type=click.IntRange(1, 400), default=90, show_default=True, help="Of the last so many days.")
@json_option
def show(code: str, firm: str, days: int, as_json: bool) -> None:
    """Show a short link, and how often it was followed on each day, by people and by programs."""
    with opened() as office, at_firm(office, firm) as acting:
        told = _told(office, links.show(acting, code))
        counted = [{"day": one.day, **one.kinds} for one in links.clicks(acting, code, days)]
    if as_json:
        print_json(told | {"days": counted})
        return
    console().print(plain(f"{told['url']} leads to {told['target']}"), soft_wrap=True)
    if not told["is_live"]:
        console().print(plain("It has ended.", "yellow"))
    kinds = ("person", "bot", "scanner", "prefetch", "head")
    shown = table("day", *kinds, numbers=kinds)
    for one in counted:
        shown.add_row(f"{one['day']}", *(f"{one.get(kind, 0):,}" for kind in kinds))
    console().print(shown if counted else plain(f"Nobody followed it within {days} days."))


@group.command("disable", epilog=examples("gateway links disable intake-2026 --firm northgate"))
@_code
@firm_option
@json_option
def disable(code: str, firm: str, as_json: bool) -> None:
    """Let a short link lead nowhere from now on."""
    with opened() as office, at_firm(office, firm) as acting:
        told = _told(office, links.disable(acting, code))
    if as_json:
        print_json(told)
    else:
        console().print(plain(f"{told['url']} leads nowhere from now on."), soft_wrap=True)


def _told(office: Office, link: ShortLink) -> dict[str, object]:
    own = ("id", "code", "target", "created_by", "created_at", "expires_at", "disabled_at")
    where = {"url": links.address_of(office.settings, link.code), "is_live": links.is_live(link)}
    return {name: getattr(link, name) for name in own} | where
