"""`gateway hris`: how far the HRIS of a partner's feed is read; leave it alone, and go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import rich_click as click

from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.dialing import is_example
from gateway.domain.partners.homes import find_home
from gateway.office import Acting
from ingest.arrivals.rest import control
from ingest.arrivals.rest.control import AccountStanding, Standing
from ingest.arrivals.rest.sources import Source

_SHOWN = (  # of a source's row
    "connected_at",
    "disconnected_at",
    "polled_at",
    "changed_until",
    "history_until",
    "history_done_at",
    "opened_at",
    "failures",
    "last_problem",
)
_OF_ACCOUNT = ("budget_hour", "left_hour", "budget_day", "left_day", "breaker", "paused_until")

_EXAMPLE = "Its host has a name for examples (.example), which leads nowhere: it is never asked."

_partner = click.option("--partner", required=True, metavar="PARTNER", help="The partner's slug.")
_feed = click.option("--feed", required=True, metavar="FEED", help="Which of its feeds.")


@click.group("hris", epilog=examples("gateway hris status --partner hooli-hris --feed workers"))
def group() -> None:
    """See how far partners' HRIS systems are read; disconnect and reconnect them."""


@group.command(
    "status",
    epilog=examples("gateway hris status", "gateway hris status --partner hooli-hris --feed workers --json"),
)
@click.option("--partner", metavar="PARTNER", help="Of this partner only.")
@click.option("--feed", metavar="FEED", help="How far the HRIS of this feed is read; with --partner.")
@json_option
def status(partner: str | None, feed: str | None, as_json: bool) -> None:
    """Show each account at a provider with its budget and breaker; of one feed, how far its HRIS is read."""
    if feed is None:
        _tell_accounts(partner, as_json=as_json)
        return
    if partner is None:
        raise click.UsageError("--feed needs --partner: feeds of several partners may have one name.")
    _tell(partner, feed, control.standing, as_json=as_json)


@group.command("disconnect", epilog=examples("gateway hris disconnect --partner hooli-hris --feed workers"))
@_partner
@_feed
@json_option
def disconnect(partner: str, feed: str, as_json: bool) -> None:
    """Ask an HRIS no more until it is reconnected; what was read stays, and notices are kept."""
    _tell(partner, feed, control.disconnect, as_json=as_json)


@group.command("reconnect", epilog=examples("gateway hris reconnect --partner hooli-hris --feed workers"))
@_partner
@_feed
@json_option
def reconnect(partner: str, feed: str, as_json: bool) -> None:
    """Ask an HRIS again, about all that changed since it was left alone."""
    _tell(partner, feed, control.reconnect, as_json=as_json)


def _tell_accounts(partner: str | None, *, as_json: bool) -> None:
    with opened() as office:
        found = control.accounts_anywhere(office, me(), partner)
    if as_json:
        print_json(found)
    elif not found:
        console().print("No partner's settings name an HRIS that is asked.")
    for one in found if not as_json else ():
        told = f"{one.partner}  {one.account} ({', '.join(one.feeds)}): {_budgets(one)}, breaker {one.breaker}"
        paused = f", asked to be left alone until {one.paused_until:%Y-%m-%d %H:%M:%S} UTC" if one.paused_until else ""
        failing = f", {one.failures} failure{'s' * (one.failures > 1)} in a row" if one.failures else ""
        is_well = one.breaker == "closed" and not one.paused_until
        console().print(plain(f"{told}{failing}{paused}.", "" if is_well else "bold red"), soft_wrap=True)


def _budgets(one: AccountStanding) -> str:
    """What is left of each, or what was asked where there is none."""
    spans = (
        ("an hour", one.budget_hour, one.left_hour, one.calls_last_hour),
        ("a day", one.budget_day, one.left_day, one.calls_last_day),
    )
    return ", ".join(
        f"{calls:,} calls {span}, no budget" if budget is None else f"{left:,} of {budget:,} calls {span} left"
        for span, budget, left, calls in spans
    )


def _tell(partner: str, feed: str, act: Callable[[Acting, Source], Standing], *, as_json: bool) -> None:
    with opened() as office:
        home = find_home(office, partner)
        source = control.find(office, home, feed)
        with office.acting(home.firm_id, me()) as acting:
            account = _account(source, act(acting, source))
    if as_json:
        print_json(account)
        return
    for name, value in account.items():
        if value is not None:
            shown = f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else value
            console().print(plain(f"{name.replace('_', ' ')}: {shown}"), soft_wrap=True)
    if is_example(urlsplit(source.arrival.url).hostname or ""):
        console().print(plain(_EXAMPLE), soft_wrap=True)


def _account(source: Source, found: Standing) -> dict[str, Any]:
    told = {"partner": source.home.slug, "feed": source.feed, "url": source.arrival.url}
    told |= {name: getattr(found.row, name) for name in _SHOWN}
    told |= {"account": found.account.account} | {name: getattr(found.account, name) for name in _OF_ACCOUNT}
    calls = {"calls_last_hour": found.account.calls_last_hour, "calls_last_day": found.account.calls_last_day}
    return told | calls | {"people_waiting": found.waiting}
