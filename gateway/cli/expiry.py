"""`gateway expiry`: whose papers end, and who is to be told."""

from __future__ import annotations

from datetime import datetime

import rich_click as click
from msgspec import to_builtins

from gateway.cli.authorization import command as authorization
from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.domain.access.accounts import find_firm
from gateway.domain.expiry import due as dues
from gateway.domain.expiry import leads as own
from gateway.domain.expiry import sweep as sweeping


@click.group("expiry", epilog=examples("gateway expiry due --firm northgate --within 30", "gateway expiry sweep"))
def group() -> None:
    """See whose papers end and who is to be told; look for what is due; until when somebody may work."""


group.add_command(authorization)


@group.command("sweep", epilog=examples("gateway expiry sweep --json", "gateway expiry sweep --on 2026-12-01"))
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="As if it were this day; today in each firm's zone.")
@json_option
def sweep(on: datetime | None, as_json: bool) -> None:
    """Find all papers of all firms that are due to be told of, and note who is to be told; again adds nothing."""
    with opened() as office:
        swept = sweeping.sweep(office, on.date() if on else None)
    if as_json:
        print_json(to_builtins(swept))
        return
    told = (
        f"{swept.documents:,} papers with a last day; {swept.due:,} are due, {swept.notices:,} notices more, "
        f"{swept.cancelled:,} cancelled, in {swept.seconds} s."
    )
    console().print(plain(told), soft_wrap=True)
    if swept.unheard:
        sentence = f"Of {swept.unheard:,} nobody of the firm can be told: add staff, or see who is walled off."
        console().print(plain(sentence, "yellow"), soft_wrap=True)


@group.command("due", epilog=examples("gateway expiry due --firm northgate --within 30 --json"))
@firm_option
@click.option("--within", type=click.IntRange(0, 1825), default=30, show_default=True, help="So many days from today.")
@json_option
def due(firm: str, within: int, as_json: bool) -> None:
    """List the papers of a firm that end soon, or ended within the last month: whose, when, and what is told next."""
    with opened() as office, office.acting(find_firm(office, firm).id, me()) as acting:
        found = dues.within(acting, within)
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("ends", "days", "paper", "whose", "partner", "told at", "waiting for", numbers=("days",))
    for one in found:
        waiting = ", ".join(one.waiting) or "-"
        lead = "-" if one.lead is None else f"{one.lead} days"
        row = (f"{one.expires_on}", str(one.days_left), one.doc_type, one.name, one.partner, lead, waiting)
        shown.add_row(*(plain(value) for value in row))
    console().print(shown if found else plain(f"No paper ends within {within} days."))


@group.command(
    "leads",
    epilog=examples(
        "gateway expiry leads --firm northgate",
        "gateway expiry leads --firm northgate --type i94 --days 180,90,30,7",
        "gateway expiry leads --firm northgate --type i94 --follow-rule",
    ),
)
@firm_option
@click.option("--type", "doc_type", metavar="TYPE", help="A type of document, such as i94.")
@click.option("--days", metavar="DAYS", help="Its lead times at this firm from now on, in days, with commas.")
@click.option("--follow-rule", is_flag=True, help="Take the rule's lead times again.")
@json_option
def leads(firm: str, doc_type: str | None, days: str | None, follow_rule: bool, as_json: bool) -> None:
    """Show how many days before the end of a paper a firm is told, or set it for one type of document."""
    if (days is not None or follow_rule) != (doc_type is not None) or (days is not None and follow_rule):
        raise click.UsageError("To set lead times give --type with either --days or --follow-rule.")
    with opened() as office, office.acting(find_firm(office, firm).id, me()) as acting:
        if doc_type:
            own.change(acting, doc_type, None if days is None else _days(days))
        found = own.of_firm(acting)
    if as_json:
        print_json({word: {"days": list(known), "own": is_own} for word, (known, is_own) in found.items()})
        return
    shown = table("paper", "told so many days before", "whose")
    for word, (known, is_own) in found.items():
        shown.add_row(*map(plain, (word, " ".join(map(str, known)), "the firm's" if is_own else "the rule's")))
    console().print(shown)


def _days(given: str) -> list[int]:
    try:
        return [int(one) for one in given.replace(",", " ").split()]
    except ValueError:
        raise click.BadParameter("Give whole numbers of days with commas: 180,90,30.", param_hint="--days") from None
