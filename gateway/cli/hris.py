"""`gateway hris`: how far the HRIS of a partner's feed is read; leave it alone, and go on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import rich_click as click

from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, json_option, plain, print_json
from gateway.domain.partners.homes import find_home
from gateway.office import Acting
from ingest.arrivals.rest import control
from ingest.arrivals.rest.control import Standing
from ingest.arrivals.rest.sources import Source

_SHOWN = (  # of a source's row
    "connected_at",
    "disconnected_at",
    "polled_at",
    "changed_until",
    "history_until",
    "history_done_at",
    "paused_until",
    "opened_at",
    "failures",
    "last_problem",
)

_partner = click.option("--partner", required=True, metavar="PARTNER", help="The partner's slug.")
_feed = click.option("--feed", required=True, metavar="FEED", help="Which of its feeds.")


@click.group("hris", epilog=examples("gateway hris status --partner hooli-hris --feed workers"))
def group() -> None:
    """See how far partners' HRIS systems are read; disconnect and reconnect them."""


@group.command("status", epilog=examples("gateway hris status --partner hooli-hris --feed workers --json"))
@_partner
@_feed
@json_option
def status(partner: str, feed: str, as_json: bool) -> None:
    """Show how far an HRIS is read, what it was asked lately, and why it is left alone, if it is."""
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


def _account(source: Source, found: Standing) -> dict[str, Any]:
    told = {"partner": source.home.slug, "feed": source.feed, "url": source.arrival.url}
    told |= {name: getattr(found.row, name) for name in _SHOWN}
    return told | {"calls_last_hour": found.hour, "calls_last_day": found.day, "people_waiting": found.waiting}
