"""`gateway expiry`: whose papers end, who is to be told, and what they say to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import rich_click as click
from msgspec import to_builtins

from gateway.cli.authorization import command as authorization
from gateway.cli.office import When, at_firm, instant_of, me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.cli.rules import waited
from gateway.domain.access.accounts import find_firm, own_firm
from gateway.domain.expiry import answers as answering
from gateway.domain.expiry import asked as asking
from gateway.domain.expiry import due as dues
from gateway.domain.expiry import escalation as escalating
from gateway.domain.expiry import leads as own
from gateway.domain.expiry import sweep as sweeping
from gateway.domain.expiry.answers import Answered
from gateway.domain.expiry.escalation import Plan
from gateway.office import Acting
from outbound.notify import of_paper, planning
from outbound.notify.saying import at


@click.group("expiry", epilog=examples("gateway expiry due --firm northgate --within 30", "gateway expiry sweep"))
def group() -> None:
    """See whose papers end and who is to be told; look for what is due; answer; until when somebody may work."""


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
        f"{swept.escalated:,} to whoever is next, {swept.cancelled:,} cancelled, in {swept.seconds} s."
    )
    console().print(plain(told), soft_wrap=True)
    if swept.unheard:
        sentence = f"Of {swept.unheard:,} nobody of the firm can be told: add staff, or see who is walled off."
        console().print(plain(sentence, "yellow"), soft_wrap=True)


@group.command("plan", epilog=examples("gateway expiry plan --json"))
@json_option
def plan(as_json: bool) -> None:
    """Give what waits to be told a dispatch each, at once or in digests, for all firms; again changes nothing."""
    with opened() as office:
        planned = planning.plan(office)
    if as_json:
        print_json(to_builtins(planned))
        return
    said = (
        f"{planned.notices:,} notices planned: {planned.immediate:,} leave at once, the others in digests, "
        f"{planned.digests:,} of them new; {planned.cancelled:,} dispatches had nothing left to tell."
    )
    console().print(plain(said), soft_wrap=True)


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


@group.command(
    "explain",
    epilog=examples(
        "gateway expiry explain 0197a3c2-5e10-7c4e-9d2b-4f0000000001",
        "gateway expiry explain 0197a3c2-5e10-7c4e-9d2b-4f0000000001 --staff bo@northgate.example --json",
    ),
)
@click.argument("document_id", type=click.UUID)
@click.option("--staff", metavar="EMAIL", help="Of this member of staff alone: why they were told, or not.")
@json_option
def explain(document_id: UUID, staff: str | None, as_json: bool) -> None:
    """Say who was told of a paper, who is to be told next and when, and why somebody was not."""
    with opened() as office, office.acting(of_paper.firm_of(office, document_id), me()) as acting:
        found = of_paper.explain(acting, document_id, staff)
    if as_json:
        print_json(to_builtins(found))
        return
    for sentence in found.sentences:
        console().print(plain(sentence), soft_wrap=True)


@group.command(
    "answers",
    epilog=examples("gateway expiry answers --firm northgate", "gateway expiry answers --firm northgate --all --json"),
)
@firm_option
@click.option("--days", type=click.IntRange(0, 400), default=14, show_default=True, help="So many days up to today.")
@click.option("--all", "everything", is_flag=True, help="What was acknowledged, or is over, as well.")
@json_option
def answers(firm: str, days: int, everything: bool, as_json: bool) -> None:
    """List what staff of a firm were told lately that nobody has acknowledged, and who snoozed it."""
    with opened() as office, at_firm(office, firm) as acting:
        found, zone = asking.asked(acting, days, everything=everything), _zone(acting)
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("notice", "since", "paper", "ends", "to", "step", "by", "so far", "answer", numbers=("step",))
    shown.columns[0].no_wrap = True  # it is copied
    for one in found:
        said = f"{one.answer}: {one.by}" + (f" until {at(one.until, zone)}" if one.until else "")
        row = (one.notice_id, one.due_on, one.doc_type, one.expires_on, one.to, one.step, one.channel, one.state)
        shown.add_row(*(plain(str(value)) for value in (*row, said if one.answer else "-")))
    console().print(shown if found else plain(f"Nothing of the last {days} days waits for an answer."))


@group.command(
    "acknowledge", epilog=examples("gateway expiry acknowledge 0197a3c2-5e10-7c4e-9d2b-4f0000000001 --firm northgate")
)
@click.argument("notices", type=click.UUID, nargs=-1, required=True)
@firm_option
@json_option
def acknowledge(notices: tuple[UUID, ...], firm: str, as_json: bool) -> None:
    """Say that somebody has a paper in hand: nobody is told next of it until its next lead time, if one is left."""
    with opened() as office, at_firm(office, firm) as acting:
        found, zone = answering.acknowledge(acting, notices, "cli"), _zone(acting)
    _show_answered(found, zone, as_json=as_json)


@group.command(
    "snooze",
    epilog=examples(
        "gateway expiry snooze 0197a3c2-5e10-7c4e-9d2b-4f0000000001 --firm northgate --until 2026-12-04",
        "gateway expiry snooze 0197a3c2-5e10-7c4e-9d2b-4f0000000001 --firm northgate --until 2026-12-04T09:00-05:00",
    ),
)
@click.argument("notices", type=click.UUID, nargs=-1, required=True)
@firm_option
@click.option("--until", type=When(), required=True, help="A day at the firm, or an instant with its offset.")
@json_option
def snooze(notices: tuple[UUID, ...], firm: str, until: date | datetime, as_json: bool) -> None:
    """Tell the recipients again, or not before, at an instant; at the next lead time at the latest."""
    with opened() as office, at_firm(office, firm) as acting:
        zone = _zone(acting)
        instant = instant_of(until, zone.key)
        found = answering.snooze(acting, notices, instant, "cli") if instant else []
    _show_answered(found, zone, as_json=as_json)


def _zone(acting: Acting) -> ZoneInfo:
    return ZoneInfo(own_firm(acting).time_zone)


def _show_answered(found: Sequence[Answered], zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        print_json(to_builtins(found))
        return
    for one in found:
        if one.until:
            cut = ", when the next lead time comes" if one.is_cut else ""
            said = f"{one.notice_id}: snoozed until {at(one.until, zone)}{cut}."
        else:
            before = "" if one.is_new else f" before, at {at(one.at, zone)}"
            said = f"{one.notice_id}: acknowledged by {one.by}{before}."
        console().print(plain(said), soft_wrap=True)


@group.command(
    "escalation",
    epilog=examples(
        "gateway expiry escalation --firm northgate",
        "gateway expiry escalation --firm northgate --chain attorney,admin --wait 61:10 --wait 15:4 --wait -30:1",
        "gateway expiry escalation --firm northgate --follow-rule",
    ),
)
@firm_option
@click.option("--chain", metavar="ROLES", help="Who is told next, step by step, with commas.")
@click.option(
    "--wait", "waits", metavar="LEFT:DAYS", multiple=True, help="While at least LEFT days are left, wait DAYS."
)
@click.option("--follow-rule", is_flag=True, help="Take the rule's chain and waits again.")
@json_option
def escalation(firm: str, chain: str | None, waits: tuple[str, ...], follow_rule: bool, as_json: bool) -> None:
    """Show who of a firm is told next when nobody answers, or set it; what is not given stays as it is."""
    if follow_rule and (chain or waits):
        raise click.UsageError("Give either --follow-rule, or --chain and --wait.")
    with opened() as office, at_firm(office, firm) as acting:
        if follow_rule or chain or waits:
            escalating.change(acting, chain.split(",") if chain else None, _waits(waits))
        found = escalating.of_firm(acting)
    _show_escalation(found, as_json)


def _waits(given: Sequence[str]) -> dict[int, int] | None:
    try:
        return {int(left): int(days) for left, _, days in (one.partition(":") for one in given)} or None
    except ValueError:
        raise click.BadParameter("Give whole numbers of days, such as 31:7.", param_hint="--wait") from None


def _show_escalation(found: Plan, as_json: bool) -> None:
    if as_json:
        print_json(to_builtins(found))
        return
    whose = "the firm's own" if found.own else "the rule's"
    console().print(plain(f"{', then '.join(found.chain)} ({whose})", "bold"), soft_wrap=True)
    for band, days in found.waits.items():
        console().print(plain(f"  {waited(band, days)}"))


@group.command(
    "supervisors",
    epilog=examples(
        "gateway expiry supervisors --firm northgate",
        "gateway expiry supervisors --firm northgate --of bo@northgate.example --by ana@northgate.example",
    ),
)
@firm_option
@click.option("--of", metavar="EMAIL", help="Whose supervisor to set.")
@click.option("--by", metavar="EMAIL", help="Who it is; without it nobody, and the admins stand in.")
@json_option
def supervisors(firm: str, of: str | None, by: str | None, as_json: bool) -> None:
    """Show who supervises whom at a firm, or set it for one: they are told when that one does not answer."""
    if by and not of:
        raise click.UsageError("Say with --of whose supervisor that is.")
    with opened() as office, at_firm(office, firm) as acting:
        if of:
            escalating.supervise(acting, of, by)
        found = escalating.supervisors(acting)
    if as_json:
        print_json(dict(found))
        return
    shown = table("who", "supervised by")
    for email, above in found.items():
        shown.add_row(plain(email), plain(above or "-"))
    console().print(shown)
