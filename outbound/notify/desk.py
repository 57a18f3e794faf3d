"""Notices as people see them: what was told to whom, let leave again, released, cancelled; and channels tried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, update

from gateway.config import nearest
from gateway.db.ids import the_one
from gateway.db.models import (
    Client,
    Dispatch,
    DispatchAttempt,
    Document,
    GateDecision,
    Notice,
    Notification,
    Partner,
    Staff,
)
from gateway.db.models.notifications import DispatchState
from gateway.db.paging import Found, Paging, newest
from gateway.domain import audit
from gateway.domain.audit import Action, Change
from gateway.errors import Conflict, Missing, NotFound, Problem
from gateway.office import Acting, Office
from outbound.notify.channels import CHANNELS
from outbound.notify.channels.base import Channel
from outbound.notify.deciding import Path
from outbound.notify.sending import wake

_AGAIN = frozenset({"failed", "dead", "withheld", "cancelled", "sent", "delivered", "opened"})
_RELEASED = frozenset({"held", "waiting"})
_CANCELLED = frozenset({"waiting", "held", "unknown", "dead"})
_CAME = frozenset({"sent", "delivered", "opened"})


Act = Literal["retry", "release", "cancel"]
_POSSIBLE: Mapping[Act, frozenset[str]] = {"retry": _AGAIN, "release": _RELEASED, "cancel": _CANCELLED}


class NoticeFilter(NamedTuple):
    """Which dispatches somebody asks for; what is None does not matter.

    Attributes:
        client_id: to this client.
        about_id: to this client, or telling whomever of a paper of theirs.
    """

    state: DispatchState | None = None
    channel: str | None = None
    kind: str | None = None
    staff_id: UUID | None = None
    client_id: UUID | None = None
    notification_id: UUID | None = None
    about_id: UUID | None = None


class NoticeAccount(NamedTuple):
    """A dispatch, what it is of, and who its recipient is, as people call them."""

    dispatch: Dispatch
    notification: Notification
    recipient: str


class Records(NamedTuple):
    """All that is on record of a dispatch, the first one first."""

    account: NoticeAccount
    notices: Sequence[Notice]
    decisions: Sequence[GateDecision]
    attempts: Sequence[DispatchAttempt]


class Trial(NamedTuple):
    """What became of trying a channel out: a sentence for each step, and what was wrong at the one that failed."""

    steps: list[str]
    code: str | None = None
    problem: str | None = None


# ------------------------------------------------------------------------------------------------ looking


def look_through(acting: Acting, wanted: NoticeFilter, paging: Paging) -> Found[NoticeAccount]:
    """Dispatches of the firm within the walls around the actor, the newest first; looking is on record.

    Raises:
        Invalid: `unknown_channel`.
    """
    if wanted.channel is not None:
        _channel(wanted.channel)
    found = newest(acting.session, _wanted(wanted), (Dispatch.created_at, Dispatch.id), paging)
    return Found(_accounts(acting, found.rows), found.following, found.total)


def show(acting: Acting, dispatch_id: UUID) -> Records:
    """One dispatch, with all that is on record of it.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    [account] = _accounts(acting, [_find(acting, dispatch_id)])
    session = acting.session
    notices = select(Notice).where(Notice.dispatch_id == dispatch_id).order_by(Notice.expires_on, Notice.id)
    decisions = select(GateDecision).where(GateDecision.dispatch_id == dispatch_id).order_by(GateDecision.id)
    attempts = select(DispatchAttempt).where(DispatchAttempt.dispatch_id == dispatch_id)
    tried = session.scalars(attempts.order_by(DispatchAttempt.number)).all()
    return Records(account, session.scalars(notices).all(), session.scalars(decisions).all(), tried)


def papers(acting: Acting, dispatch_ids: Collection[UUID]) -> Mapping[UUID, Sequence[tuple[Notice, str]]]:
    """What each dispatch tells of, and the type of the document; the first to end first."""
    at_document = and_(Document.firm_id == Notice.firm_id, Document.id == Notice.document_id)
    found = select(Notice, Document.doc_type).join(Document, at_document).where(Notice.dispatch_id.in_(dispatch_ids))
    told: dict[UUID, list[tuple[Notice, str]]] = defaultdict(list)
    for notice, doc_type in acting.session.execute(found.order_by(Notice.expires_on, Notice.id)):
        if notice.dispatch_id is not None:
            told[notice.dispatch_id].append((notice, doc_type))
    return told


def find_anywhere(office: Office, wanted: str) -> tuple[UUID, UUID]:
    """The firm and the id of a dispatch, by its id or the unique beginning of one, whichever firm's it is.

    Raises:
        NotFound: there is none.
        Invalid: `ambiguous`.
    """
    with office.db.system() as session:
        firm_id, found, _ = the_one(session, select(Dispatch.firm_id, Dispatch.id), Dispatch.id, wanted, "notice")
    return firm_id, found


# ------------------------------------------------------------------------------------------------ acting


def possible(state: str) -> Sequence[Act]:
    """What can be done about a dispatch in this state."""
    return [act for act, states in _POSSIBLE.items() if state in states]


def retry(acting: Acting, dispatch_id: UUID) -> Records:
    """Let a dispatch leave again, from the foot of the ladder and over the gate; one that came through says so.

    Raises:
        NotFound: there is none in the actor's sight.
        Conflict: `not_retryable`, it waits, or is held.
    """
    found = _taken(acting, dispatch_id, _AGAIN, "not_retryable", "let leave again")
    notices = update(Notice).where(Notice.dispatch_id == dispatch_id, Notice.state == "withheld")
    acting.session.execute(notices.values(state="waiting", ended_code=None, ended_at=None))
    return _leaving(acting, found, "notice.retry", is_repeat=found.is_repeat or found.state in _CAME)


def release(acting: Acting, dispatch_id: UUID) -> Records:
    """Let a dispatch leave now that waits, or that nobody knows of; the latter is marked as a possible repetition.

    Days off, quiet hours and the day's budget hold it no longer; all else that the gate has against it does.

    Raises:
        NotFound: there is none in the actor's sight.
        Conflict: `not_held`.
    """
    found = _taken(acting, dispatch_id, _RELEASED, "not_held", "released")
    is_repeat = found.is_repeat or found.state == "held"
    return _leaving(acting, found, "notice.release", is_repeat=is_repeat, path="release")


def cancel(acting: Acting, dispatch_id: UUID) -> Records:
    """Have a dispatch never leave, or never again.

    Raises:
        NotFound: there is none in the actor's sight.
        Conflict: `not_cancellable`, it has left, or is leaving.
    """
    found = _taken(acting, dispatch_id, _CANCELLED, "not_cancellable", "cancelled")
    before = found.state
    found.state, found.ended_code, found.settled_at = "cancelled", "by_hand", func.gateway_now()
    ended = {"state": "cancelled", "ended_code": "by_hand", "ended_at": func.gateway_now()}
    notices = update(Notice).where(Notice.dispatch_id == dispatch_id, Notice.state == "waiting")
    acting.session.execute(notices.values(ended))
    _note(acting, found, "notice.cancel", before, "cancelled")
    return show(acting, dispatch_id)


def ping(office: Office, channel: str) -> Trial:
    """Try out whether a channel would take something, without telling anybody anything.

    Raises:
        Missing: `not_found`, there is no such channel.
    """
    found = _channel(channel)
    try:
        return Trial(found.ping(office))
    except Problem as problem:
        return Trial([], problem.code, problem.sentence)


# ------------------------------------------------------------------------------------------------ helpers


def _wanted(wanted: NoticeFilter) -> Select[Dispatch]:
    query = select(Dispatch)
    for name in ("state", "channel", "staff_id", "client_id", "notification_id"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(Dispatch, name) == value)
    if wanted.kind is not None:
        kinds = select(Notification.id).where(Notification.kind == wanted.kind)
        query = query.where(Dispatch.notification_id.in_(kinds))
    if wanted.about_id is not None:
        telling = select(Notice.dispatch_id).where(Notice.client_id == wanted.about_id, Notice.dispatch_id.is_not(None))
        query = query.where(or_(Dispatch.client_id == wanted.about_id, Dispatch.id.in_(telling)))
    return query


def _accounts(acting: Acting, found: Sequence[Dispatch]) -> list[NoticeAccount]:
    """With what they are of, in a query for each kind of recipient that is there; seeing clients is on record."""
    session = acting.session
    asked = select(Notification).where(Notification.id.in_({one.notification_id for one in found}))
    told = {one.id: one for one in session.scalars(asked)}
    names = _names(acting, found)
    clients = [("client", one.client_id) for one in found if one.client_id]
    if clients:
        audit.seen(acting, "notice.list", clients)
    return [NoticeAccount(one, told[one.notification_id], names[one.id]) for one in found]


_OF_CONTACTS = {"errors": "rejected rows", "late": "late files"}  # by their names in a partner's settings


def _names(acting: Acting, found: Sequence[Dispatch]) -> Mapping[UUID, str]:
    session = acting.session
    staff = select(Staff).where(Staff.id.in_({one.staff_id for one in found if one.staff_id}))
    known = {one.id: f"{one.name} ({one.role})" for one in session.scalars(staff)}
    clients = select(Client).where(Client.id.in_({one.client_id for one in found if one.client_id}))
    for one in session.scalars(clients):
        known[one.id] = " ".join(filter(None, (one.given_name, one.family_name))) or one.key
    partners = select(Partner).where(Partner.id.in_({one.partner_id for one in found if one.partner_id}))
    slugs = {one.id: one.slug for one in session.scalars(partners)}
    return {
        one.id: f"{slugs[one.partner_id]}, contact for {_OF_CONTACTS.get(one.contact or '', one.contact)}"
        if one.partner_id
        else known[one.staff_id or one.client_id or one.id]
        for one in found
    }


def _find(acting: Acting, dispatch_id: UUID) -> Dispatch:
    found = acting.session.scalar(select(Dispatch).where(Dispatch.id == dispatch_id))
    if found is None:
        raise NotFound("notice", str(dispatch_id))
    return found


def _taken(acting: Acting, dispatch_id: UUID, states: frozenset[str], code: str, what: str) -> Dispatch:
    _find(acting, dispatch_id)
    locked = select(Dispatch).where(Dispatch.id == dispatch_id).with_for_update()
    found = acting.session.scalars(locked, execution_options={"populate_existing": True}).one()
    if found.state not in states:
        raise Conflict(code, f"The notice {dispatch_id} is {found.state}; it cannot be {what} as it stands.")
    return found


def _leaving(acting: Acting, found: Dispatch, action: Action, *, is_repeat: bool, path: Path = "replay") -> Records:
    before, now = found.state, func.gateway_now()
    found.state, found.path, found.steps, found.is_repeat = "waiting", path, 0, is_repeat
    found.not_before = found.due_at = found.settled_at = now
    found.ended_code = None
    acting.session.flush()
    wake(acting.session, acting.firm_id)
    _note(acting, found, action, before, "waiting")
    acting.session.refresh(found)
    return show(acting, found.id)


def _note(acting: Acting, found: Dispatch, action: Action, before: str, after: str) -> None:
    told = Change("notice", found.id, action.partition(".")[2], old={"state": before}, new={"state": after})
    audit.record(acting, action, client_id=found.client_id, changes=[told])


def _channel(name: str) -> Channel:
    if name not in CHANNELS:
        hint = nearest(name, CHANNELS)
        asked = f" Did you mean {hint!r}?" if hint else f" There are {', '.join(CHANNELS)}."
        raise Missing("not_found", f"There is no channel {name!r}.{asked}")
    return CHANNELS[name]
