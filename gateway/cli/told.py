"""`gateway notice`: what people were told and why, or why not, and what is done about what did not come through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import rich_click as click

from gateway.cli.failing import FAILED
from gateway.cli.office import me, opened
from gateway.cli.output import console, examples, firm_option, json_option, plain, print_json, table
from gateway.db.models import DISPATCH_STATES
from gateway.db.models.notifications import DispatchState
from gateway.db.paging import Paging
from gateway.domain.access.accounts import find_firm
from gateway.jobs.broker.nudging import Nudger
from gateway.office import Acting, Office
from outbound.notify import desk, explaining

_STYLES = {"waiting": "blue", "sent": "green", "delivered": "green", "opened": "green"} | dict.fromkeys(
    ("dead", "failed", "held", "unknown"), "bold red"
)

_id = click.argument("notice_id", metavar="ID")


@click.command(
    "list", epilog=examples("gateway notice list --firm northgate --state dead", "gateway notice list --firm F --json")
)
@firm_option
@click.option("--state", type=click.Choice(DISPATCH_STATES), help="In this state only.")
@click.option("--channel", metavar="CHANNEL", help="By this channel only, such as email.")
@click.option("--kind", metavar="KIND", help="Of this kind only: expiry, escalation, digest, service, watch, test.")
@click.option("--client", "client_id", type=click.UUID, metavar="ID", help="To this client only.")
@click.option("--about", "about_id", type=click.UUID, metavar="ID", help="To this client, or of a paper of theirs.")
@click.option("--staff", "staff_id", type=click.UUID, metavar="ID", help="To this member of staff only.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="The newest so many.")
@json_option
def list_notices(
    firm: str,
    state: DispatchState | None,
    channel: str | None,
    kind: str | None,
    client_id: UUID | None,
    about_id: UUID | None,
    staff_id: UUID | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what people were told or are to be told, the newest first."""
    with opened() as office, office.acting(find_firm(office, firm).id, me()) as acting:
        wanted = desk.NoticeFilter(state, channel, kind, staff_id, client_id, about_id=about_id)
        found = [_notice(one) for one in desk.look_through(acting, wanted, Paging(limit)).rows]
    if as_json:
        print_json(found)
        return
    made = table("id", "made", "to", "by", "kind", "state", "attempts", numbers=["attempts"])
    made.columns[0].no_wrap = True  # it is copied
    for one in found:
        state_, begun = str(one["state"]), str(one["created_at"])[:16]
        words = [plain(one[name]) for name in ("recipient", "channel", "kind")]
        shown = plain(state_, _STYLES.get(state_, ""))
        made.add_row(str(one["id"]), begun, *words, shown, str(one["attempts"]))
    console().print(made if found else "No such notices.")


@click.command("show", epilog=examples("gateway notice show 01a1f8c2-20f6 --json"))
@_id
@json_option
def show(notice_id: str, as_json: bool) -> None:
    """Show one, with what the gate said and every attempt."""
    _act(notice_id, desk.show, as_json=as_json)


@click.command("explain", epilog=examples("gateway notice explain 01a1f8c2-20f6"))
@_id
@json_option
def explain(notice_id: str, as_json: bool) -> None:
    """Say in plain sentences why somebody was told, or was not."""
    with opened() as office, _at(office, notice_id) as (acting, found):
        told = explaining.explain(acting, found)
        records = _records(told.records)
    if as_json:
        print_json({"sentences": told.sentences, "records": records})
        return
    for sentence in told.sentences:
        console().print(plain(sentence), soft_wrap=True)


@click.command("retry", epilog=examples("gateway notice retry 01a1f8c2-20f6"))
@_id
@json_option
def retry(notice_id: str, as_json: bool) -> None:
    """Let one leave again that ended, over the gate; one that came through says that it may be a repetition."""
    _act(notice_id, desk.retry, as_json=as_json)


@click.command("release", epilog=examples("gateway notice release 01a1f8c2-20f6"))
@_id
@json_option
def release(notice_id: str, as_json: bool) -> None:
    """Send one now that the gate put off until a working hour, or that is held; what held it is shown with it.

    One of which nobody knows whether it came through says that it may be a repetition.
    """
    _act(notice_id, desk.release, as_json=as_json)


@click.command("cancel", epilog=examples("gateway notice cancel 01a1f8c2-20f6"))
@_id
@json_option
def cancel(notice_id: str, as_json: bool) -> None:
    """Have one never leave that waits, is held, or was given up."""
    _act(notice_id, desk.cancel, as_json=as_json)


@click.command("ping", epilog=examples("gateway notice ping --channel email"))
@click.option("--channel", required=True, metavar="CHANNEL", help="Such as email.")
@json_option
@click.pass_context
def ping(ctx: click.Context, channel: str, as_json: bool) -> None:
    """Try out whether a channel would take something, step by step; nobody is told anything."""
    with opened() as office:
        told = desk.ping(office, channel)
    if as_json:
        print_json({"works": told.problem is None, **told._asdict()})
    else:
        for step in told.steps:
            console().print(plain(step), soft_wrap=True)
        if told.problem:
            console().print(plain(told.problem, "bold red"), soft_wrap=True)
    if told.problem:
        ctx.exit(FAILED)


COMMANDS = (list_notices, show, explain, retry, release, cancel, ping)


# ---------------------------------------------------------------- helpers


@contextmanager
def _at(office: Office, wanted: str) -> Iterator[tuple[Acting, UUID]]:
    """Whoever is logged in, at work where a notice is; workers are woken for what is left to them."""
    firm_id, found = desk.find_anywhere(office, wanted)
    nudger = Nudger(office.settings, office.db.addresses)
    office.db.tell = nudger.nudge
    try:
        with office.acting(firm_id, me()) as acting:
            yield acting, found
    finally:
        nudger.close()


def _act(wanted: str, act: Callable[[Acting, UUID], desk.Records], *, as_json: bool) -> None:
    with opened() as office, _at(office, wanted) as (acting, found):
        told = act(acting, found)
        records, sheet = _records(told), explaining.sheet(acting, told)
    if as_json:
        print_json(records)
        return
    made = table("", "")
    made.show_header = False
    for name, said in sheet.lines:
        made.add_row(name, plain(said, _STYLES.get(told.account.dispatch.state, "") if name == "state" else ""))
    console().print(made)
    columns = (("the gate", "what it did", "why", "until"), ("attempt at", "what became of it", "answer"))
    for names, rows in zip(columns, (sheet.gate, sheet.attempts), strict=True):
        shown = table(*names)
        for row in rows:
            shown.add_row(*(plain(one[:200]) for one in row))
        if rows:
            console().print(shown)


def _notice(told: desk.NoticeAccount) -> dict[str, object]:
    one, of = told.dispatch, told.notification
    names = "channel state not_before attempts is_repeat ended_code created_at sent_at settled_at"
    known = {"id": one.id, "notification_id": of.id, "kind": of.kind, "priority": of.priority}
    return known | {"recipient": told.recipient} | {name: getattr(one, name) for name in names.split()}


def _records(found: desk.Records) -> dict[str, Any]:
    def plainly(rows: Sequence[object], names: str) -> list[dict[str, object]]:
        return [{name: getattr(one, name) for name in names.split()} for one in rows]

    return {
        "notice": _notice(found.account),
        "papers": plainly(found.notices, "client_id document_id expires_on lead days_left step role state ended_code"),
        "gate": plainly(found.decisions, "at path verdict reason until facts"),
        "attempts": plainly(found.attempts, "number at ended_at outcome code answer"),
    }
