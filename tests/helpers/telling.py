"""Messages as they leave, as far as links need them: a dispatch of notices, and what it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from gateway import clock
from gateway.db.models import Client, Dispatch, Document, Notice, NoticeAnswer, Notification, OptOut
from gateway.domain.links import actions
from gateway.domain.preferences.whom import Whom
from gateway.office import Office


@dataclass
class Told:
    """A dispatch, its recipient, and the addresses in it by what they do."""

    dispatch_id: UUID
    to: Whom
    links: dict[str, str]

    def path(self, act: str) -> str:
        return "/" + self.links[act].split("/", 3)[3]


def said(db) -> list[tuple[object, ...]]:
    """What people said: answers to notices and opt-outs, by whom and how."""
    with db.system() as session:
        answers = session.scalars(select(NoticeAnswer).order_by(NoticeAnswer.id))
        told: list[tuple[object, ...]] = [(one.kind, one.by_kind, one.by, one.via) for one in answers]
        return told + [(one.channel, one.how, one.by) for one in session.scalars(select(OptOut).order_by(OptOut.id))]


def a_person(office: Office, firm_id: UUID, partner_id: UUID, name: str = "Silva") -> UUID:
    with office.db.firm(firm_id) as session:
        made = Client(
            firm_id=firm_id, id=uuid4(), partner_id=partner_id, key=uuid4().hex, given_name="Ana", family_name=name
        )
        session.add(made)
        return made.id


def tell(
    office: Office,
    firm_id: UUID,
    to: Whom,
    about: Sequence[UUID] = (),
    acts: Sequence[str] = ("unsubscribe",),
    channel: str = "email",
) -> Told:
    """Put a message on record that tells somebody of a paper of each of these people, and what it offers."""
    ends = clock.now().date() + timedelta(days=30)
    with office.db.firm(firm_id) as session:
        told = Notification(firm_id=firm_id, id=uuid4(), kind="expiry", template="expiry", created_by="system")
        session.add(told)
        session.flush()
        dispatch = Dispatch(firm_id=firm_id, id=uuid4(), notification_id=told.id, channel=channel, **to._asdict())
        session.add(dispatch)
        session.flush()
        for client_id in about:
            session.add(_notice(session, firm_id, client_id, to.staff_id, dispatch.id, ends))
            session.flush()
        return Told(dispatch.id, to, actions.offers(office, session, firm_id, acts, dispatch.id, to))


def _notice(session, firm_id: UUID, client_id: UUID, staff_id: UUID | None, dispatch_id: UUID, ends: date) -> Notice:
    paper = Document(
        firm_id=firm_id, id=uuid4(), client_id=client_id, doc_type="i94", number_index=uuid4().bytes, expires_on=ends
    )
    session.add(paper)
    session.flush()
    return Notice(
        firm_id=firm_id,
        client_id=client_id,
        document_id=paper.id,
        expires_on=ends,
        lead=30,
        days_left=30,
        role="attorney" if staff_id else "client",
        staff_id=staff_id,
        channel="email",
        due_on=clock.now().date(),
        state="told",
        dispatch_id=dispatch_id,
    )
