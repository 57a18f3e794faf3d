"""`gateway notice`: telling people something on request."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from msgspec import to_builtins

from gateway.cli.office import When, at_firm, me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from outbound.notify import service
from outbound.notify.asking import Addressee

_WHOM = "--to is staff:EMAIL, client:ID, client:PARTNER/KEY or contact:PARTNER/NAME."


@click.command(
    "send",
    epilog=examples(
        "gateway notice send --firm northgate --template announcement --to staff:admin@northgate.example"
        ' --data \'{"title": "Closed on Friday", "paragraphs": ["We are back on Monday."]}\'',
        "gateway notice send --firm northgate --template documents_needed --to client:acme/ACM00001 --data @asked.json",
    ),
)
@firm_option
@click.option("--template", required=True, metavar="NAME", help="A template that may be asked for.")
@click.option("--to", "to", required=True, multiple=True, metavar="WHOM", help=f"Again for each. {_WHOM}")
@click.option("--data", required=True, metavar="JSON", help="What the template is given; @FILE reads it from a file.")
@click.option("--priority", type=click.Choice(service.PRIORITIES), default="normal", show_default=True)
@click.option("--channel", "channels", multiple=True, metavar="CHANNEL", help="Again for each; else what is usual.")
@click.option("--at", "at", type=When(), metavar="INSTANT", help="Not before this instant, with its offset.")
@json_option
def send(
    firm: str,
    template: str,
    to: tuple[str, ...],
    data: str,
    priority: str,
    channels: tuple[str, ...],
    at: date | datetime | None,
    as_json: bool,
) -> None:
    """Put a notification on record; it leaves soon, or at its time. Whatever is wrong with it, nothing is sent."""
    if at is not None and not isinstance(at, datetime):
        raise click.BadParameter("Give an instant, such as 2026-05-01T09:00:00-05:00.", param_hint="--at")
    wanted = service.Wanted([_whom(one) for one in to], template, _data(data), priority, channels or None, at)
    with opened() as office, at_firm(office, firm) as acting:
        made = service.send(acting, wanted)
    if as_json:
        print_json({"id": made.id, "dispatches": made.dispatches})
        return
    told = f"Notification {made.id}: {made.dispatches} to leave. See: gateway notice status {made.id}"
    console().print(plain(told), soft_wrap=True)


@click.command("status", epilog=examples("gateway notice status 01a1f8c2-20f6 --json"))
@click.argument("notification_id", metavar="ID")
@json_option
def status(notification_id: str, as_json: bool) -> None:
    """Show how it stands with each recipient and channel; the id may be shortened to a beginning of its own."""
    with opened() as office:
        firm_id, found = service.find_anywhere(office, notification_id)
        with office.acting(firm_id, me()) as acting:
            account = service.look(acting, found)
            names = service.staff_of(acting, account)
    if as_json:
        print_json(to_builtins(account))
        return
    shown = table("to", "channel", "state", "not before", "sent", "why")
    for one in account.dispatches:
        whom = one.contact or (names.get(one.staff_id) if one.staff_id else one.client_id)
        sent = f"{one.sent_at:%Y-%m-%d %H:%M}" if one.sent_at else "-"
        cells = (f"{one.to} {whom}", one.channel, one.state, f"{one.not_before:%Y-%m-%d %H:%M}", sent, one.code or "-")
        shown.add_row(*map(plain, cells))
    console().print(shown)


@click.command("call-off", epilog=examples("gateway notice call-off 01a1f8c2-20f6"))
@click.argument("notification_id", metavar="ID")
@json_option
def call_off(notification_id: str, as_json: bool) -> None:
    """Call off what of a notification has not left."""
    with opened() as office:
        firm_id, found = service.find_anywhere(office, notification_id)
        with office.acting(firm_id, me()) as acting:
            cancelled = service.cancel(acting, found)
    if as_json:
        print_json({"cancelled": cancelled})
    else:
        console().print(plain(f"{cancelled} had not left, and will not."))


COMMANDS = (send, status, call_off)


def _whom(written: str) -> Addressee:
    kind, _, name = written.partition(":")
    partner, slash, within = name.rpartition("/")
    match kind, slash:
        case "staff", "":
            return Addressee(staff=name)
        case "client", "":
            return Addressee(client=name)
        case "client", "/":
            return Addressee(client=within, partner=partner)
        case "contact", "/":
            return Addressee(contact=within, partner=partner)
    raise click.BadParameter(f"{written!r} names nobody. {_WHOM}", param_hint="--to")


def _data(written: str) -> dict[str, Any]:
    try:
        raw = Path(written[1:]).read_bytes() if written.startswith("@") else written.encode()
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (OSError, ValueError) as error:
        raise click.BadParameter(
            f"It is no JSON object, and no file with one: {error}.", param_hint="--data"
        ) from error
