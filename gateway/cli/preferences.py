"""`gateway notice`: how people want to be told."""

from __future__ import annotations

from datetime import time
from uuid import UUID

import rich_click as click
from msgspec import to_builtins

from gateway.cli.office import at_firm, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.domain.access.accounts import find_staff
from gateway.domain.preferences import budgets, opt_outs, paces, quiet
from gateway.domain.preferences.overview import Overview, overview
from gateway.domain.preferences.whom import Whom
from gateway.office import Acting

staff_option = click.option("--staff", metavar="EMAIL", help="Of this member of staff; the firm's without it.")
channel_option = click.option("--channel", metavar="CHANNEL", help="Such as email, sms or in_app.")


@click.command(
    "preferences",
    epilog=examples(
        "gateway notice preferences --firm northgate --json",
        "gateway notice preferences --firm northgate --channel email --pace daily",
        "gateway notice preferences --firm northgate --staff ann@northgate.example --channel sms --type i94 --pace off",
        "gateway notice preferences --firm northgate --channel email --unset",
    ),
)
@firm_option
@staff_option
@channel_option
@click.option("--type", "doc_type", metavar="TYPE", help="Of papers of this type, such as i94; of all without it.")
@click.option("--pace", metavar="PACE", help="immediate, daily, weekly or off.")
@click.option("--unset", is_flag=True, help="Go by what is less particular again.")
@json_option
def preferences(
    firm: str,
    staff: str | None,
    channel: str | None,
    doc_type: str | None,
    pace: str | None,
    unset: bool,
    as_json: bool,
) -> None:
    """Show how often staff are told by which channel, or set it for a member of staff or the whole firm."""
    if (channel is not None) != (pace is not None or unset) or (pace is not None and unset):
        raise click.UsageError("To set a preference give --channel with either --pace or --unset.")
    with opened() as office, at_firm(office, firm) as acting:
        member = _member(acting, staff)
        if channel is not None:
            paces.change(acting, member, channel, doc_type, pace)
        found = overview(acting, member)
    _print_preferences(found, as_json=as_json)


@click.command(
    "quiet",
    epilog=examples(
        "gateway notice quiet --firm northgate --json",
        "gateway notice quiet --firm northgate --hours 19:00-07:30 --days 1,2,3,4,5",
        "gateway notice quiet --firm northgate --staff ann@northgate.example --unset",
    ),
)
@firm_option
@staff_option
@click.option("--hours", metavar="FROM-TO", help="By the clock where people are; equal ones are no quiet hours.")
@click.option("--days", metavar="DAYS", default="1,2,3,4,5", show_default=True, help="Working days; 1 is Monday.")
@click.option("--unset", is_flag=True, help="Go by the firm's hours, or the usual ones, again.")
@json_option
def quiet_hours(firm: str, staff: str | None, hours: str | None, days: str, unset: bool, as_json: bool) -> None:
    """Show when people are not told, or set it for a member of staff or the whole firm and its clients."""
    if hours is not None and unset:
        raise click.UsageError("Give either --hours or --unset.")
    new = None if hours is None else _hours(hours, days)
    with opened() as office, at_firm(office, firm) as acting:
        member = _member(acting, staff)
        if new is not None or unset:
            quiet.change(acting, member, new)
        found = overview(acting, member)
    told = found.quiet_hours
    if as_json:
        print_json({**to_builtins(told), "time_zone": found.time_zone})
        return
    on = ", ".join(map(str, told.working_days))
    sentence = f"Quiet from {told.begins} to {told.ends}, working days {on} ({told.of}; {found.time_zone})."
    console().print(plain(sentence), soft_wrap=True)


@click.command(
    "budget",
    epilog=examples(
        "gateway notice budget --firm northgate --json",
        "gateway notice budget --firm northgate --channel sms --kind client --a-day 2",
        "gateway notice budget --firm northgate --channel sms --kind client --unset",
    ),
)
@firm_option
@channel_option
@click.option("--kind", metavar="KIND", help="Of recipients: staff, client or contact.")
@click.option("--a-day", type=click.IntRange(1, budgets.MOST), help="Messages a day to one of them.")
@click.option("--no-limit", is_flag=True, help="As many as there are.")
@click.option("--unset", is_flag=True, help="Take the rule's number again.")
@json_option
def budget(
    firm: str, channel: str | None, kind: str | None, a_day: int | None, no_limit: bool, unset: bool, as_json: bool
) -> None:
    """Show how many messages a day one recipient is sent at the most, or set it; the rest waits for the next day."""
    wanted = [a_day is not None, no_limit, unset].count(True)
    if wanted > 1 or (wanted == 1) != (channel is not None and kind is not None):
        raise click.UsageError("To set a budget give --channel, --kind and one of --a-day, --no-limit and --unset.")
    with opened() as office, at_firm(office, firm) as acting:
        if channel is not None and kind is not None:
            budgets.change(acting, channel, kind, a_day, follow_rule=unset)
        found = overview(acting, None).budgets
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("channel", "to one", "a day", "whose", numbers=("a day",))
    for one in found:
        most = "no limit" if one.a_day is None else str(one.a_day)
        shown.add_row(*map(plain, (one.channel, one.kind, most, "the firm's" if one.own else "the rule's")))
    console().print(shown)


@click.command(
    "opt-out",
    epilog=examples(
        "gateway notice opt-out 0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70 --firm northgate --channel sms",
        "gateway notice opt-out 0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70 --firm northgate --channel sms --end",
        "gateway notice opt-out 0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70 --firm northgate --json",
    ),
)
@click.argument("client_id", metavar="CLIENT", type=click.UUID)
@firm_option
@channel_option
@click.option("--end", is_flag=True, help="The client wants to be told by it again.")
@json_option
def opt_out(client_id: UUID, firm: str, channel: str | None, end: bool, as_json: bool) -> None:
    """Send a client no more by a channel, or end that; without --channel show what was said. STOP outranks all else."""
    if end and channel is None:
        raise click.UsageError("Say with --channel which opt-out is to end.")
    with opened() as office, at_firm(office, firm) as acting:
        if channel is not None:
            (opt_outs.opt_in if end else opt_outs.opt_out)(acting, Whom(client_id=client_id), channel, "staff")
        look = opt_outs.history if channel is not None else opt_outs.look_up
        told = ("channel", "how", "by", "at", "ended_how", "ended_by", "ended_at")
        found = [{name: getattr(one, name) for name in told} for one in look(acting, client_id)]
    if as_json:
        print_json(found)
        return
    shown = table(*told)
    for one in found:
        shown.add_row(*(plain("-" if value is None else value) for value in one.values()))
    console().print(shown if found else plain("The client may be told by every channel."))


COMMANDS = (preferences, quiet_hours, budget, opt_out)


def _member(acting: Acting, email: str | None) -> UUID | None:
    return None if email is None else find_staff(acting, email).id


def _print_preferences(found: Overview, *, as_json: bool) -> None:
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("whose", "channel", "papers", "told")
    for whose, wishes in (("own", found.own), ("the firm's", found.firm)):
        for one in wishes:
            shown.add_row(*map(plain, (whose, one.channel, one.type or "all", one.pace)))
    console().print(shown if found.own or found.firm else plain("Nobody said anything: all is told at once."))


def _hours(hours: str, days: str) -> quiet.Hours:
    try:
        begins, ends = (time.fromisoformat(one.strip()) for one in hours.split("-"))
        return quiet.Hours(begins, ends, frozenset(int(one) for one in days.replace(",", " ").split()))
    except ValueError:
        sentence = "Give hours as 20:00-08:00, and days as whole numbers with commas: 1,2,3,4,5."
        raise click.BadParameter(sentence, param_hint="--hours, --days") from None
