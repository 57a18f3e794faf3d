"""Who was told of a paper, who is to be told next and when, and why somebody was not: in plain sentences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from gateway import clock
from gateway.db.models import Client, Dispatch, Document, Firm, GateDecision, Notice, NoticeAnswer, Staff
from gateway.domain.access.accounts import find_staff
from gateway.domain.expiry import leads
from gateway.domain.expiry.answers import is_last
from gateway.domain.expiry.standing import TEAM, TOLD_AFTER, UNWALLED, facing
from gateway.domain.people import documents
from gateway.domain.preferences import opt_outs, paces
from gateway.domain.preferences.whom import Whom
from gateway.domain.rules.dated import Told, audiences, on
from gateway.errors import NotFound
from gateway.office import Acting, Office
from outbound.notify.gate import REASONS
from outbound.notify.saying import at, by

_ENDED = {
    "acknowledged": "somebody had acknowledged it",
    "renewed": "the paper was renewed, or its last day changed",
    "void": "the paper is void",
    "overtaken": "the next reminder came first",
    "erased": "the person was erased",
    "archived": "the person was archived",
    "terminated": "the person had left",
    "withdrawn": "the person had withdrawn",
    "by_hand": "somebody cancelled it",
    "walled": "an ethical wall stands between them",
}
_ROLES = ("attorney", "paralegal", "supervisor", "admin")
_PACES = {"daily": " It gathers in a daily digest.", "weekly": " It gathers in a weekly digest."}
_UNLESS = {"open_case": "a case of the person is open", "filing": "a case of the person is filed"}


class Account(Struct, frozen=True, kw_only=True):
    """How it stands with telling of a paper.

    Attributes:
        days_left: negative once it has ended; None where it has no last day.
        lead: the lead time at which it stands; None before the first, and a while after the end.
        next_on: the day on which people are told next by a lead time; None where none is left.
        sentences: all of it, for people.
    """

    document_id: UUID
    doc_type: str
    expires_on: date | None
    days_left: int | None
    lead: int | None
    next_on: date | None
    sentences: list[str]


class _Member(NamedTuple):
    """Somebody of the staff whom a role means at this paper."""

    staff_id: UUID
    email: str
    has_phone: bool
    is_walled: bool


class _Stands(NamedTuple):
    """Where the paper is on its way to its end, at the firm."""

    zone: ZoneInfo
    today: date
    left: int
    days: Sequence[int]
    lead: int | None
    next_on: date | None


def explain(acting: Acting, document_id: UUID, email: str | None = None) -> Account:
    """Say of a paper who was told, who is next, and why somebody was not; looking is on record as at a document.

    Args:
        acting: whoever asks.
        document_id: of the paper.
        email: of a member of staff, to hear of that one alone.

    Raises:
        NotFound: there is no such paper in the actor's sight, or nobody of that address works there.
    """
    paper = documents.view(acting, document_id)
    only = find_staff(acting, email) if email else None
    stands = _stands(acting, paper) if paper.expires_on is not None else None
    return Account(
        document_id=paper.id,
        doc_type=paper.doc_type,
        expires_on=paper.expires_on,
        days_left=stands.left if stands else None,
        lead=stands.lead if stands else None,
        next_on=stands.next_on if stands else None,
        sentences=list(_sentences(acting, paper, stands, only)),
    )


def firm_of(office: Office, document_id: UUID) -> UUID:
    """Whose a paper is, whichever firm's.

    Raises:
        NotFound: there is none.
    """
    with office.db.system() as session:
        found: UUID | None = session.scalar(select(Document.firm_id).where(Document.id == document_id))
    if found is None:
        raise NotFound("document", str(document_id))
    return found


def _sentences(acting: Acting, paper: Document, stands: _Stands | None, only: Staff | None) -> Iterator[str]:
    if stands is None:
        yield f"This paper of the type {paper.doc_type} has no last day, so nobody is told of it."
        return
    yield _standing(paper, stands)
    notices = _notices(acting, paper, only)
    yield from _became(acting, notices, stands.zone)
    yield from _answers(acting, paper, stands.zone)
    if over := _why_over(acting, paper, stands):
        yield over
        return
    yield from _awaited(acting, paper, stands, only, notices)
    yield _following(stands)


# ------------------------------------------------------------------------------------------------ the paper


def _stands(acting: Acting, paper: Document) -> _Stands:
    zone = acting.session.scalars(select(Firm.time_zone)).one()
    today = clock.day_in(zone, clock.now())
    ends = paper.expires_on or today
    left, days = (ends - today).days, [*leads.of_firm(acting)[paper.doc_type][0], 0]
    reached = [one for one in days if one >= left] if left >= -TOLD_AFTER else []
    later = [one for one in days if one < left]
    following = ends - timedelta(days=max(later)) if later else None
    return _Stands(ZoneInfo(zone), today, left, days, min(reached, default=None), following)


def _standing(paper: Document, stands: _Stands) -> str:
    left = f"{stands.left} days are left" if stands.left >= 0 else f"it ended {-stands.left} days ago"
    days = ", ".join(map(str, stands.days))
    said = f"This paper of the type {paper.doc_type} ends on {paper.expires_on}: {left}. People are told {days} days"
    return f"{said} before; " + (
        f"it stands at {stands.lead}." if stands.lead is not None else "it stands at none of these."
    )


def _why_over(acting: Acting, paper: Document, stands: _Stands) -> str | None:
    """Why nobody is told of it any more; None where people are."""
    person = acting.session.get_one(Client, (paper.firm_id, paper.client_id))
    if paper.status != "current":
        return f"The paper is {paper.status} (renewed, or no longer true), so nobody is told of it any more."
    if person.erased_at is not None or person.status != "active":
        return "The person is archived or erased, so nobody is told of their papers."
    if person.enrollment_status != "active":
        return f"The person is {person.enrollment_status}, so nobody is told of their papers."
    if person.termination_date is not None and person.termination_date < stands.today:
        return f"The person left on {person.termination_date}, so nobody is told of their papers."
    if stands.left < -TOLD_AFTER:
        return f"It ended more than {TOLD_AFTER} days ago, so it is no news."
    return None


def _following(stands: _Stands) -> str:
    if stands.next_on is None:
        return "No lead time is left."
    return f"The next lead time is reached on {stands.next_on}."


# ------------------------------------------------------------------------------------------------ what became of it


class _Noted(NamedTuple):
    """A notice, to whose address, with what it leaves, and beside how many others."""

    notice: Notice
    email: str | None
    dispatch: Dispatch | None
    others: int


def _notices(acting: Acting, paper: Document, only: Staff | None) -> Sequence[_Noted]:
    """Every notice of the paper as it ends now, with whom and with what it leaves, the first one first."""
    beside = aliased(Notice)
    together = select(func.count()).where(beside.dispatch_id == Notice.dispatch_id, beside.id != Notice.id)
    found = (
        select(Notice, Staff.email, Dispatch, together.scalar_subquery())
        .outerjoin(Staff, Staff.id == Notice.staff_id)
        .outerjoin(Dispatch, Dispatch.id == Notice.dispatch_id)
        .where(Notice.document_id == paper.id, Notice.expires_on == paper.expires_on)
        .order_by(Notice.due_on, Notice.step, Notice.id)
    )
    rows = acting.session.execute(found.where(Notice.staff_id == only.id) if only else found)
    return [_Noted(*row) for row in rows]


def _became(acting: Acting, notices: Sequence[_Noted], zone: ZoneInfo) -> Iterator[str]:
    ids = {one.dispatch.id for one in notices if one.dispatch is not None}
    said = select(GateDecision).where(GateDecision.dispatch_id.in_(ids)).order_by(GateDecision.id)
    last = {one.dispatch_id: one for one in acting.session.scalars(said)}
    for one in notices:
        yield _one(one, last.get(one.dispatch.id) if one.dispatch else None, zone)


def _one(noted: _Noted, said: GateDecision | None, zone: ZoneInfo) -> str:
    notice, email, dispatch, others = noted
    gathered = f", gathered with {others} {'other' if others == 1 else 'others'} in one message" if others else ""
    step = f", step {notice.step} of the escalation" if notice.step else ""
    again = ", again after a snooze" if notice.again else ""
    who = f"{_who(email)} ({notice.role}, {notice.lead} days before{step}{again})"
    if notice.state == "told":
        then = dispatch.sent_at if dispatch else notice.ended_at
        return f"{who} was told {by(notice.channel)} at {at(then, zone)}{gathered}."
    if notice.state == "cancelled":
        why = _ENDED.get(notice.ended_code or "", f"it was no longer wanted ({notice.ended_code})")
        return f"{who} was not told {by(notice.channel)}: {why}."
    if notice.state == "withheld":
        code = notice.ended_code or ""
        return f"{who} was not told {by(notice.channel)}, withheld by the gate ({code}): {REASONS.get(code, code)}"
    return f"{who} {_waiting(noted, said, gathered, zone)}"


def _waiting(noted: _Noted, said: GateDecision | None, gathered: str, zone: ZoneInfo) -> str:
    notice, dispatch = noted.notice, noted.dispatch
    put_off = f" It was snoozed until {at(notice.snoozed_until, zone)}." if notice.snoozed_until else ""
    if dispatch is None:
        return f"is to be told {by(notice.channel)}, once that is planned.{put_off}"
    if dispatch.state != "waiting":
        code = f" ({dispatch.ended_code})" if dispatch.ended_code else ""
        more = f"`gateway notice explain {dispatch.id}` says more."
        return f"was not told {by(notice.channel)} so far: what it leaves with is {dispatch.state}{code}; {more}"
    why = f" The gate held it back ({said.reason}): {REASONS.get(said.reason, said.reason)}" if said else ""
    return f"is to be told {by(notice.channel)}, not before {at(dispatch.not_before, zone)}{gathered}.{why}{put_off}"


def _answers(acting: Acting, paper: Document, zone: ZoneInfo) -> Iterator[str]:
    said = select(NoticeAnswer).where(NoticeAnswer.document_id == paper.id, NoticeAnswer.expires_on == paper.expires_on)
    for one in acting.session.scalars(said.order_by(NoticeAnswer.at, NoticeAnswer.id)):
        if one.kind == "snooze":
            yield f"{one.by} snoozed the reminder of {one.lead} days until {at(one.until, zone)}."
        else:
            more = "" if one.by_kind == "client" else _until_next(one, paper, zone)
            yield f"{one.by} acknowledged the reminder of {one.lead} days at {at(one.at, zone)}{more}."


def _until_next(said: NoticeAnswer, paper: Document, zone: ZoneInfo) -> str:
    if is_last(said.lead, paper.expires_on, said.at.astimezone(zone).date()):
        return ": no reminder comes after that one"
    return ": nobody is told next of it until the next lead time"


# ------------------------------------------------------------------------------------------------ who was not


def _awaited(
    acting: Acting, paper: Document, stands: _Stands, only: Staff | None, notices: Sequence[_Noted]
) -> Iterator[str]:
    """Of everybody whom the rule means at this lead time and who has no notice of it, why."""
    if stands.lead is None:
        yield f"No lead time is reached yet: nobody is told before {stands.next_on}."
        return
    team, is_open, is_filed = _team(acting, paper)
    noted = {(one.notice.staff_id, one.notice.channel) for one in notices if one.notice.lead == stands.lead}
    rule = on(audiences()["documents"], stands.today)
    named: set[UUID] = set()
    for told in rule.told if rule else ():
        named |= {one.staff_id for one in team[told.to]}
        unless = {"open_case": is_open, "filing": is_filed}.get(told.unless or "", False)
        if told.to == "client":
            yield from _client(acting, paper, stands, told, noted) if only is None else ()
        elif why := _not_now(stands, told, unless=unless):
            yield from _as(told, why, team[told.to], only, noted)
        else:
            yield from _team_told(acting, paper, told, team[told.to], only, noted)
    if only and only.id not in named:
        is_there = (
            "is no attorney, paralegal, supervisor or admin of this paper" if only.active else "has left the firm"
        )
        yield f"{only.email} {is_there}, so nothing is told to them."


def _not_now(stands: _Stands, told: Told, *, unless: bool) -> str | None:
    left = max(stands.left, 0)
    if left > told.at_most:
        return f"not while more than {told.at_most} days are left"
    if left < told.at_least:
        return f"not with fewer than {told.at_least} {'day' if told.at_least == 1 else 'days'} left"
    return f"not while {_UNLESS[told.unless]}" if unless and told.unless else None


def _as(
    told: Told, why: str, team: Sequence[_Member], only: Staff | None, noted: set[tuple[UUID | None, str]]
) -> Iterator[str]:
    """What the rule does not ask for now; in a word for the role, or for the one who was asked about."""
    mine = [one for one in team if only and one.staff_id == only.id and (one.staff_id, told.channel) not in noted]
    if only is None or mine:
        yield f"The {told.to} is told {by(told.channel)} {why}."


def _team_told(
    acting: Acting,
    paper: Document,
    told: Told,
    team: Sequence[_Member],
    only: Staff | None,
    noted: set[tuple[UUID | None, str]],
) -> Iterator[str]:
    if not team and only is None:
        yield f"Nobody is told as {told.to}: no such role, and no admin in its place, is at work at the firm."
    wishes = paces.paces(acting.session, {one.staff_id for one in team})
    refused = opt_outs.standing(acting.session, {Whom(staff_id=one.staff_id) for one in team})
    for one in team:
        if (only and one.staff_id != only.id) or (one.staff_id, told.channel) in noted:
            continue
        pace = wishes.of(one.staff_id, paper.doc_type, told.channel)
        why = _against(one, told.channel, pace, refused.get((Whom(staff_id=one.staff_id), told.channel)))
        who = f"{one.email} ({told.to})"
        next_sweep = f"{who} is to be told {by(told.channel)} at the next sweep.{_PACES.get(pace, '')}"
        yield f"{who} is not told {by(told.channel)}: {why}." if why else next_sweep


def _against(one: _Member, channel: str, pace: str, opted_out: str | None) -> str | None:
    if one.is_walled:
        return "an ethical wall stands between them and the person"
    if channel == "sms" and not one.has_phone:
        return "they have no telephone number"
    if opted_out:
        return f"they opted out of this channel ({opted_out})"
    return "this channel is switched off for such papers, by them or by the firm" if pace == "off" else None


def _client(
    acting: Acting, paper: Document, stands: _Stands, told: Told, noted: set[tuple[UUID | None, str]]
) -> Iterator[str]:
    if (None, told.channel) in noted:
        return
    person = acting.session.get_one(Client, (paper.firm_id, paper.client_id))
    has_address = person.email if told.channel == "email" else person.phone
    opted_out = opt_outs.standing(acting.session, {Whom(client_id=person.id)}).get(
        (Whom(client_id=person.id), told.channel)
    )
    if why := _not_now(stands, told, unless=False):
        yield f"The person is told {by(told.channel)} {why}."
    elif not has_address:
        yield f"The person is not told {by(told.channel)}: there is no address for it."
    elif opted_out:
        yield f"The person is not told {by(told.channel)}: they opted out of this channel ({opted_out})."
    else:
        yield f"The person is to be told {by(told.channel)} at the next sweep."


def _team(acting: Acting, paper: Document) -> tuple[Mapping[str, list[_Member]], bool, bool]:
    """Who of the staff each role means, as the sweep finds them; whether a case is open, and whether one is filed."""
    team: defaultdict[str, list[_Member]] = defaultdict(list)
    is_open = is_filed = False
    for row in acting.session.execute(_TEAM, {"document": paper.id, "roles": list(_ROLES)}):
        is_open, is_filed = row.is_open, row.is_filed
        if row.id is not None:
            team[row.role].append(_Member(row.id, row.email, row.has_phone, row.is_walled))
    return team, is_open, is_filed


_TEAM = text(f"""
    WITH paper AS (
        SELECT d.firm_id, d.id, d.client_id, d.case_id, c.partner_id, c.attorney_id FROM documents d
        JOIN clients c ON c.firm_id = d.firm_id AND c.id = d.client_id
        WHERE d.id = :document),{facing("paper")},
    w AS (SELECT f.*, r.role FROM facing f, unnest(CAST(:roles AS text[])) r (role)),
    team AS (
        SELECT w.role, m.id, m.email, m.phone IS NOT NULL AS has_phone, NOT ({UNWALLED}) AS is_walled FROM w{TEAM})
    SELECT w.role, w.is_open, w.is_filed, team.id, team.email, team.has_phone, team.is_walled
    FROM w LEFT JOIN team ON team.role = w.role ORDER BY w.role, team.email
""")


def _who(email: str | None) -> str:
    return email or "The person"
