"""`gateway rules`: the dated rules of the law and of practice, and whom a change of one meets."""

from __future__ import annotations

import calendar
from datetime import datetime

import rich_click as click
from msgspec import to_builtins
from msgspec.structs import asdict

from gateway.cli.office import opened
from gateway.cli.output import console, examples, json_option, plain, print_json, table
from gateway.domain.expiry import affected as meeting
from gateway.domain.rules import shelf
from gateway.domain.rules.criteria import ApprovalRate, Listed, Visa
from gateway.domain.rules.dated import (
    Allowance,
    CapGap,
    Escalation,
    Extension,
    NextAction,
    Points,
    Stay,
    Version,
    WorkClass,
)
from gateway.domain.rules.shelf import Named

# what every version has
_DATES = ("effective_from", "effective_to", "source", "verified_on", "compared_with")
_PRACTICE = "practice"  # the source of what no rule says


@click.group("rules", epilog=examples("gateway rules list", "gateway rules show lead_times.i94"))
def group() -> None:
    """Look at the dated rules: since when they hold, by which source, whom a change meets."""


@group.command("list", epilog=examples("gateway rules list --json"))
@json_option
def list_rules(as_json: bool) -> None:
    """List all rules with the version that is the newest, and when it was compared with its source."""
    if as_json:
        print_json([{"rule": one.name, "versions": to_builtins(one.versions)} for one in shelf.everything()])
        return
    shown = table("rule", "since", "what", "source", "compared")
    for one in shelf.everything():
        newest = one.versions[-1]
        since = f"{newest.effective_from}" if newest.effective_from else "always"
        shown.add_row(*(plain(value) for value in (one.name, since, _what(newest), newest.source, _when(newest))))
    console().print(shown)


@group.command("show", epilog=examples("gateway rules show automatic_extensions.ead"))
@click.argument("rule")
@json_option
def show(rule: str, as_json: bool) -> None:
    """Show all versions of a rule, the oldest first, and with what each was compared."""
    found = shelf.find(rule)
    if as_json:
        print_json({"rule": found.name, "versions": to_builtins(found.versions)})
        return
    for one in found.versions:
        span = f"{one.effective_from or 'always'} to {one.effective_to or 'open end'}"
        console().print(plain(f"{span}: {_what(one)}", "bold"), soft_wrap=True)
        console().print(plain(f"  {one.source}{_compared(one)}"), soft_wrap=True)


@group.command(
    "affected",
    epilog=examples(
        "gateway rules affected lead_times.ead --on 2027-01-01",
        "gateway rules affected automatic_extensions.ead --on 2025-10-30",
    ),
)
@click.argument("rule")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day of a version of the rule.")
@json_option
def affected(rule: str, on: datetime, as_json: bool) -> None:
    """List whom a rule that changes on a day meets, of all firms.

    Of lead times: papers that are told of on other days. Of rules by which permission to work ends: people who may work
    until another day.
    """
    asked = shelf.find(rule)
    if meeting.moves_ends(asked):
        _moved(asked, on, as_json=as_json)
        return
    with opened() as office:
        found = meeting.affected(office, asked, on.date())
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("firm", "client", "document", "ends", "no more on", "now on")
    for one in found:
        row = (one.firm, str(one.client_id), str(one.document_id), f"{one.expires_on}")
        shown.add_row(*map(plain, (*row, ", ".join(map(str, one.dropped)), ", ".join(map(str, one.added)))))
    console().print(shown if found else plain("Nobody is told on another day."))


def _moved(rule: Named, on: datetime, *, as_json: bool) -> None:
    with opened() as office:
        found = meeting.moved(office, rule, on.date())
    if as_json:
        print_json(to_builtins(found))
        return
    shown = table("firm", "client", "by", "ended on", "ends on")
    for one in found:
        shown.add_row(*map(plain, (one.firm, str(one.client_id), one.basis, f"{one.before}", f"{one.after}")))
    console().print(shown if found else plain("Nobody may work until another day."))


def _when(version: Version) -> str:
    return "" if version.source == _PRACTICE else f"{version.verified_on or 'not yet'}"


def _compared(version: Version) -> str:
    if version.source == _PRACTICE:
        return ""
    if version.verified_on is None:
        return " (not compared yet)"
    return f" (compared on {version.verified_on} with: {version.compared_with})"


def waited(at_least: int, days: int) -> str:
    """How long an answer is waited for, while at least so many days are left; after the end where they are negative."""
    while_ = f"while {at_least} days or more are left" if at_least >= 0 else f"up to {-at_least} days after the end"
    return f"{while_}, an answer is waited for {days} {'day' if days == 1 else 'days'}"


def _what(version: Version) -> str:
    if told := _of_work(version) or _of_visas(version):
        return told
    said = {name: value for name, value in asdict(version).items() if name not in _DATES}
    if set(said) == {"days"}:
        days = said["days"]
        return f"{' '.join(map(str, days))} days before" if isinstance(days, list) else f"{days} days"
    if isinstance(version, Escalation):
        waits = "; ".join(waited(one.at_least, one.days) for one in version.waits)
        return f"{', then '.join(version.chain)}; {waits}"
    if isinstance(version, NextAction):
        return version.why
    if isinstance(version, Points):
        return f"{version.points} of 10" + (f", under {version.within} days" if version.within else "")
    return f"{len(said['told'])} recipients"


def _of_work(version: Version) -> str | None:
    """The rules by which permission to work ends."""
    match version:
        case Extension(days=days, renewals=renewals):
            return f"{days} days, by {' '.join(renewals)}"
        case Stay(years=years, lifted_after=days):
            lifted = f", lifted by an approved I-140, or by one that has waited for {days} days" if days else ""
            return f"{years} years{lifted}"
        case Allowance(days=days, classes=classes):
            return f"{days} days, told and not counted, for {' '.join(classes)}"
        case CapGap(month=month, day=day):
            return f"until {calendar.month_name[month]} {day}, told and not counted"
        case WorkClass(name=name, cases=cases):
            return f"{name}, by {' '.join(cases)}"
    return None


def _of_visas(version: Version) -> str | None:
    """What visas ask; `gateway eligibility criteria` prints it whole."""
    match version:
        case Visa(gates=gates, criteria=criteria):
            return f"{version.name}: {len(gates)} gates, {len(criteria)} criteria"
        case Listed(name=name):
            return f"{name}: {version.in_words()}"
        case ApprovalRate(period=period):
            return f"{version.rate:.1%} of those decided, {period}"
    return None
