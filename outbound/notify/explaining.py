"""Why somebody was told, or was not: what is on record of a dispatch, in plain sentences."""

from __future__ import annotations

from calendar import day_abbr
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from gateway.db.models import DispatchAttempt, Document, Firm, GateDecision, Notice
from gateway.office import Acting
from outbound.notify import desk
from outbound.notify.desk import NoticeAccount, Records
from outbound.notify.gate import REASONS
from outbound.notify.saying import at, by
from outbound.notify.telling import HANDFUL

_KINDS = {
    "expiry": "a reminder of papers that end",
    "escalation": "a reminder that nobody answered",
    "digest": "a digest of papers that end",
    "service": "a message that somebody asked for",
    "watch": "a warning about what arrives or leaves",
    "test": "a trial",
}
_STATES = {
    "waiting": "It waits; it does not leave before {not_before}.",
    "attempting": "It is being handed over at this moment.",
    "sent": "Its channel took it at {sent_at}.",
    "delivered": "It was delivered.",
    "opened": "It was opened.",
    "failed": "It was refused for good ({code}). `gateway notice retry` lets it leave again.",
    "unknown": "Nobody knows yet whether it came through; its channel is being asked.",
    "held": "Nobody knows whether it came through. A person decides: `gateway notice release` sends it again and says"
    " that it may be a repetition, `gateway notice cancel` lets it be.",
    "dead": "It was given up after the last attempt ({code}). `gateway notice retry` lets it leave again.",
    "cancelled": "It was cancelled ({code}) and does not leave.",
    "withheld": "The gate said no ({code}), so it was never sent.",
}
_VERDICTS = {"send": "let it leave", "delay": "held it back", "stop": "stopped it"}
_OUTCOMES = {
    "sending": "is going on",
    "taken": "was taken",
    "not_now": "was put off",
    "refused": "was refused",
    "lost": "has no known outcome",
}


class Explanation(NamedTuple):
    """The sentences, in order, and what they were made from."""

    sentences: list[str]
    records: Records


class Sheet(NamedTuple):
    """What is on record of a dispatch, in words: what is called how, what the gate said, what became of each attempt.

    Attributes:
        lines: a name and what is to be said of it.
        gate: when, what, why, until when.
        attempts: when, what, and what the channel answered.
    """

    lines: Sequence[tuple[str, str]]
    gate: Sequence[tuple[str, str, str, str]]
    attempts: Sequence[tuple[str, str, str]]


def sheet(acting: Acting, records: Records) -> Sheet:
    """Records as people read them, by the firm's clock."""
    zone = _zone(acting)
    gate = [
        (at(one.at, zone), _VERDICTS[one.verdict], REASONS.get(one.reason, one.reason), at(one.until, zone))
        for one in records.decisions
    ]
    tried = [
        (at(one.at, zone), _OUTCOMES[one.outcome] + (f" ({one.code})" if one.code else ""), one.answer or "")
        for one in records.attempts
    ]
    return Sheet(list(_lines(records, zone)), gate, tried)


def explain(acting: Acting, dispatch_id: UUID) -> Explanation:
    """Say of a dispatch what it is, why there is one, what the gate said, what became of each attempt, how it stands.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    records = desk.show(acting, dispatch_id)
    zone = _zone(acting)
    sentences = [
        _what(records.account, zone),
        *_gathered(records),
        *_reasons(acting, records),
        *(_decision(one, zone) for one in records.decisions),
        *(_attempt(one, zone) for one in records.attempts),
        _end(records.account, zone),
    ]
    return Explanation(sentences, records)


def _lines(records: Records, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    one, of = records.account.dispatch, records.account.notification
    yield "id", str(one.id)
    yield "what", _KINDS.get(of.kind, of.kind)
    yield "to", records.account.recipient
    yield "how", f"{by(one.channel)}, {of.priority}"
    yield "state", one.state + (f" ({one.ended_code})" if one.ended_code else "")
    yield "made", at(one.created_at, zone)
    yield ("sent", at(one.sent_at, zone)) if one.sent_at else ("not before", at(one.not_before, zone))
    if one.settled_at:
        yield "as it stands since", at(one.settled_at, zone)
    if one.is_repeat:
        yield "repetition", "it may have come through before"
    for each in records.notices:
        yield "paper", f"{each.document_id} ends on {each.expires_on}, {each.lead} days before, {each.state}"


def _zone(acting: Acting) -> ZoneInfo:
    return ZoneInfo(acting.session.scalars(select(Firm.time_zone)).one())


def _what(told: NoticeAccount, zone: ZoneInfo) -> str:
    one, of = told.dispatch, told.notification
    kind = _KINDS.get(of.kind, of.kind)
    return (
        f"This is {kind}, {by(one.channel)}, to {told.recipient}, {of.priority}, made at"
        f" {at(one.created_at, zone)} by {of.created_by}."
    )


def _gathered(records: Records) -> Iterator[str]:
    """Why many papers are in one message that nobody asked to gather."""
    of, number = records.account.notification, len(records.notices)
    if of.kind == "digest" and of.key is None and number > 1:
        yield (
            f"It tells of {number} reminders that were to leave at once: more than {HANDFUL} to one recipient by one"
            f" channel leave as one, so each of them was gathered with {number - 1} others."
        )


def _reasons(acting: Acting, records: Records) -> Iterator[str]:
    """Which paper, by which rule, and as whom the recipient is told."""
    types = select(Document.id, Document.doc_type).where(Document.id.in_({one.document_id for one in records.notices}))
    known = {row.id: row.doc_type for row in acting.session.execute(types)}
    for one in records.notices:
        yield _reason(one, known.get(one.document_id, "paper"))


def _reason(one: Notice, doc_type: str) -> str:
    step = f", step {one.step} of the escalation" if one.step else ""
    stands = "" if one.state in {"waiting", "told"} else f" This part is {one.state} ({one.ended_code})."
    return (
        f"A paper of the type {doc_type} ends on {one.expires_on}: lead_times.{doc_type} says {one.lead} days before,"
        f" and {one.days_left} were left on {one.due_on}. The recipient is told as {one.role}{step}.{stands}"
    )


def _decision(one: GateDecision, zone: ZoneInfo) -> str:
    until = f" until {at(one.until, zone)}" if one.until else ""
    facts = ", ".join(_fact(name, value, zone) for name, value in sorted(one.facts.items()) if value is not None)
    by = f" It went by: {facts}." if facts else ""
    why = REASONS.get(one.reason, one.reason)
    return f"{at(one.at, zone)}: the gate {_VERDICTS[one.verdict]}{until} on its way as {one.path}: {why}{by}"


def _fact(name: str, value: Any, zone: ZoneInfo) -> str:  # noqa: ANN401 - JSON's types
    """A fact of the gate's, as people say it."""
    if name == "quiet" and isinstance(value, dict):
        if value["begins"] == value["ends"] and len(value["working_days"]) == len(day_abbr):
            return "no quiet hours"
        days = ", ".join(day_abbr[one - 1] for one in value["working_days"])
        return f"quiet from {value['begins']} to {value['ends']} with work on {days}"
    called = name.replace("_", " ")
    match value:
        case True:
            return called
        case list():
            return f"{called} {', '.join(map(str, value))}"
        case str() if "T" in value and (instant := _instant(value)):
            return f"{called} {at(instant, zone)}"
        case _:
            return f"{called} {'no' if value is False else value}"


def _instant(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _attempt(one: DispatchAttempt, zone: ZoneInfo) -> str:
    said = f" {one.answer}" if one.answer else ""
    code = f" ({one.code})" if one.code else ""
    return f"{at(one.at, zone)}: attempt {one.number} {_OUTCOMES[one.outcome]}{code}.{said}"


def _end(told: NoticeAccount, zone: ZoneInfo) -> str:
    one = told.dispatch
    words = {"not_before": at(one.not_before, zone), "sent_at": at(one.sent_at, zone), "code": one.ended_code}
    repeat = " It may be a repetition." if one.is_repeat else ""
    return _STATES[one.state].format(**words) + repeat
