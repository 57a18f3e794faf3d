"""`gateway deliveries`: what leaves for partners, every attempt at it, and what is done about what does not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import rich_click as click
from rich.table import Table

from gateway.cli.failing import FAILED
from gateway.cli.office import When, instant_of, me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.db.models import PARCEL_STATES
from gateway.db.models.deliveries import ParcelState
from gateway.db.paging import Paging
from gateway.domain.access.accounts import find_firm
from gateway.domain.partners.homes import find_home
from gateway.jobs.broker.nudging import Nudger
from gateway.office import Office
from outbound import desk

_ID_CHARACTERS = 13  # of an id in a list: its millisecond
_STATES = {  # the first that fits
    "disabled": "bold red",
    "failing": "yellow",
    "resting": "dim",
    "refused": "yellow",
    "fine": "green",
}
_STATED_BY = {"disabled": "disabled_at", "failing": "failing_since", "resting": "rests", "refused": "refused"}
_STYLES = {"waiting": "blue", "sent": "green", "dead": "bold red"}

_id = click.argument("delivery_id", metavar="ID")
_partner = click.argument("partner", metavar="PARTNER")
_name = click.argument("delivery", metavar="DELIVERY")


@click.group(
    "deliveries",
    epilog=examples(
        "gateway deliveries lines --firm northgate",
        "gateway deliveries list --firm northgate --state waiting",
        "gateway deliveries resume acme changes",
    ),
)
def group() -> None:
    """Look at what leaves for partners; send it again, resume what was disabled, try it out.

    A delivery is named as in the partner's settings; what leaves for it one by one has ids, which may be shortened to a
    beginning that no other one has.
    """


@group.command("lines", epilog=examples("gateway deliveries lines --firm northgate --json"))
@firm_option
@click.option("--partner", metavar="PARTNER", help="Of this partner only.")
@json_option
def list_lines(firm: str, partner: str | None, as_json: bool) -> None:
    """List deliveries on which anything was ever sent, and how each stands."""
    with opened() as office, office.acting(find_firm(office, firm).id, me()) as acting:
        found = [_line(one) for one in desk.lines(acting, partner)]
    if as_json:
        print_json(found)
    elif found:
        console().print(_standing(found))
        for one in found:
            if told := _remark(one):
                console().print(plain(told), soft_wrap=True)
    else:
        console().print("Nothing was ever sent.")


@group.command(
    "list",
    epilog=examples(
        "gateway deliveries list --firm northgate --partner acme", "gateway deliveries list --firm northgate --json"
    ),
)
@firm_option
@click.option("--partner", metavar="PARTNER", help="To this partner only.")
@click.option("--delivery", metavar="DELIVERY", help="Of this delivery only.")
@click.option("--state", type=click.Choice(PARCEL_STATES), help="In this state only.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The newest so many.")
@json_option
def list_deliveries(
    firm: str, partner: str | None, delivery: str | None, state: ParcelState | None, limit: int, as_json: bool
) -> None:
    """List what leaves, the newest first."""
    with opened() as office, office.acting(find_firm(office, firm).id, me()) as acting:
        wanted = desk.ParcelFilter(partner, delivery, state)
        found = [_parcel(one) for one in desk.look_through(acting, wanted, Paging(limit)).rows]
    if as_json:
        print_json(found)
    elif found:
        console().print(_listing(found))
    else:
        console().print("No such deliveries.")


@group.command("show", epilog=examples("gateway deliveries show 01a1f8c2-20f6"))
@_id
@json_option
def show(delivery_id: str, as_json: bool) -> None:
    """Show one, with every attempt at it."""
    with opened() as office:
        firm_id, found = desk.find_anywhere(office, delivery_id)
        with office.acting(firm_id, me()) as acting:
            account = _detail(desk.show(acting, found))
    _print(account, as_json=as_json)


@group.command(
    "replay",
    epilog=examples(
        "gateway deliveries replay 01a1f8c2-20f6", "gateway deliveries replay --of acme changes --since 2026-05-01"
    ),
)
@click.argument("delivery_id", metavar="[ID]", required=False)
@click.option("--of", "of", nargs=2, metavar="PARTNER DELIVERY", help="All of this delivery since --since instead.")
@click.option("--since", type=When(), help="With --of: this day (of the partner's zone) or instant.")
@json_option
def replay(delivery_id: str | None, of: tuple[str, str] | None, since: date | datetime | None, as_json: bool) -> None:
    """Send one again, or all of a delivery since a time; each keeps its id, and they leave in order."""
    if (delivery_id is None) == (of is None) or (of is None) != (since is None):
        raise click.UsageError("Say one ID, or --of PARTNER DELIVERY with --since.")
    with _waking() as office:
        if of is not None:
            _tell_moved(_replayed(office, *of, since), as_json=as_json)
            return
        firm_id, found = desk.find_anywhere(office, str(delivery_id))
        with office.acting(firm_id, me()) as acting:
            account = _detail(desk.replay(acting, found))
    _print(account, as_json=as_json)


@group.command("resume", epilog=examples("gateway deliveries resume acme changes"))
@_partner
@_name
@json_option
def resume(partner: str, delivery: str, as_json: bool) -> None:
    """Send at once what waits, in order: of a delivery that is disabled, or that waits for its next attempt."""
    with _waking() as office, office.acting(find_home(office, partner).firm_id, me()) as acting:
        number = desk.resume(acting, partner, delivery)
    _tell_moved(number, as_json=as_json)


@group.command("ping", epilog=examples("gateway deliveries ping acme changes"))
@_partner
@_name
@json_option
@click.pass_context
def ping(ctx: click.Context, partner: str, delivery: str, as_json: bool) -> None:
    """Try out whether a delivery would arrive, step by step; nothing of anybody is sent."""
    with opened() as office:
        told = desk.ping(office, find_home(office, partner).firm_id, me(), partner, delivery)
    if as_json:
        print_json({"works": told.problem is None, **told._asdict()})
    else:
        for step in told.steps:
            console().print(plain(step), soft_wrap=True)
        if told.problem:
            console().print(plain(told.problem, "bold red"), soft_wrap=True)
    if told.problem:
        ctx.exit(FAILED)


# ---------------------------------------------------------------- helpers


@contextmanager
def _waking() -> Iterator[Office]:
    """The office; workers are woken for what is left to them."""
    with opened() as office:
        nudger = Nudger(office.settings, office.db.addresses)
        office.db.tell = nudger.nudge
        try:
            yield office
        finally:
            nudger.close()


def _replayed(office: Office, partner: str, delivery: str, since: date | datetime | None) -> int:
    home = find_home(office, partner)
    instant = instant_of(since, home.time_zone)
    assert instant is not None  # noqa: S101 - asked for above
    with office.acting(home.firm_id, me()) as acting:
        return desk.replay_since(acting, partner, delivery, instant)


def _tell_moved(number: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"deliveries": number})
    else:
        console().print("Nothing waits." if not number else f"{number:,} leave now, in order.")


def _line(told: desk.LineAccount) -> dict[str, object]:
    line = told.line
    return {
        "partner": told.partner,
        "delivery": line.name,
        "waiting": told.waiting,
        "refused": told.refused,
        "oldest_at": told.oldest,
        "last_sent_at": told.sent,
        "next_at": line.next_at,
        "rests": line.rests,
        "failing_since": line.failing_since,
        "disabled_at": line.disabled_at,
        "disabled_code": line.disabled_code,
        "why": told.why,
    }


def _parcel(told: desk.ParcelAccount) -> dict[str, object]:
    names = (
        "id cause import_id due_at state name media_type size sha256 attempts next_at created_at ended_at destroyed_at"
    )
    known = {name: getattr(told.parcel, name) for name in names.split()}
    return {"id": known.pop("id"), "partner": told.partner, "delivery": told.delivery, **known}


def _detail(told: desk.ParcelAccount) -> dict[str, object]:
    names = ("number", "begun_at", "outcome", "code", "answer", "seconds", "asked_until")
    attempts = [{name: getattr(one, name) for name in names} for one in told.attempts]
    return {"delivery": _parcel(told), "attempts": attempts}


def _standing(found: list[dict[str, object]]) -> Table:
    made = table("partner", "delivery", "state", "waiting", "oldest", "last sent", numbers=["waiting"])
    for one in found:
        state = _state(one)
        made.add_row(
            plain(one["partner"]),
            plain(one["delivery"]),
            plain(state, _STATES[state]),
            f"{one['waiting']:,}",
            str(one["oldest_at"] or "")[:16],
            str(one["last_sent_at"] or "")[:16],
        )
    return made


def _state(line: dict[str, object]) -> str:
    return next(state for state in _STATES if state == "fine" or line[_STATED_BY[state]])


def _remark(line: dict[str, object]) -> str | None:
    """What more there is to say of a line, and what to do."""
    name = f"{line['partner']}/{line['delivery']}"
    if line["why"]:
        return f"{name} {'rests' if line['rests'] else 'is disabled'}. {line['why']}"
    if _state(line) != "refused":
        return None
    look = (
        f"gateway deliveries list --firm FIRM --partner {line['partner']} --delivery {line['delivery']} --state waiting"
    )
    return f"{name}: {line['refused']:,} of those that wait were refused, or cannot be made; `{look}` lists them."


def _listing(found: list[dict[str, object]]) -> Table:
    made = table("id", "created", "to", "state", "attempts", "file", numbers=["attempts"])
    for one in found:
        state = str(one["state"])
        made.add_row(
            str(one["id"])[:_ID_CHARACTERS],
            str(one["created_at"])[:16],
            plain(f"{one['partner']}/{one['delivery']}"),
            plain(state, _STYLES[state]),
            str(one["attempts"]),
            plain(one["name"]),
        )
    return made


def _print(account: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(account)
        return
    made, parcel = table("", ""), account["delivery"]
    made.show_header = False
    assert isinstance(parcel, dict)  # noqa: S101 - see `_detail`
    for name, value in parcel.items():
        if value is not None:
            made.add_row(name.replace("_", " "), plain(value, _STYLES[str(value)] if name == "state" else ""))
    console().print(made)
    tried = table("attempt", "at", "outcome", "seconds", "answer", numbers=["attempt", "seconds"])
    attempts = account["attempts"]
    assert isinstance(attempts, list)  # noqa: S101 - see `_detail`
    for one in attempts:
        told = (plain(one["outcome"]), str(one["seconds"] or ""), plain(one["answer"] or ""))
        tried.add_row(str(one["number"]), str(one["begun_at"])[:19], *told)
    console().print(tried)
