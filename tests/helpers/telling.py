"""Messages as they leave, as far as links need them: a dispatch of notices, and what it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select

from gateway import clock
from gateway.db.models import Client, Dispatch, Document, Notice, Notification
from gateway.domain.expiry.items import Item
from gateway.domain.links import actions, doing
from gateway.domain.links.actions import Whom
from gateway.office import Acting, Office


@dataclass
class Told:
    """A dispatch, its recipient, and the addresses in it by what they do."""

    dispatch_id: UUID
    to: Whom
    links: dict[str, str]

    def path(self, act: str) -> str:
        return "/" + self.links[act].split("/", 3)[3]


@dataclass
class Rooms:
    """What the rooms of answers and opt-outs were asked for: in place of them until they are there."""

    said: list[tuple[object, ...]] = field(default_factory=list)
    latest_in: timedelta | None = timedelta(days=10)

    def install(self, monkeypatch) -> None:
        for name in ("items", "latest", "acknowledge", "snooze", "opt_out"):
            monkeypatch.setattr(doing, name, getattr(self, name))

    def items(self, acting: Acting, dispatch_id: UUID) -> list[Item]:
        found = (
            select(Notice, Client, Document)
            .join(Client, Client.id == Notice.client_id)
            .join(Document, Document.id == Notice.document_id)
            .where(Notice.dispatch_id == dispatch_id, Notice.state != "cancelled")
        )
        return [self._item(*row) for row in acting.session.execute(found.order_by(Notice.id))]

    def latest(self, _acting: Acting, _told: Sequence[Item]) -> datetime | None:
        return None if self.latest_in is None else clock.now() + self.latest_in

    def acknowledge(self, acting: Acting, told: Sequence[Item]) -> None:
        self.said.append(("acknowledge", acting.actor.kind, acting.actor.name, [one.notice_id for one in told]))

    def snooze(self, acting: Acting, told: Sequence[Item], until: datetime) -> None:
        self.said.append(("snooze", acting.actor.name, len(told), (until - clock.now()).days))

    def opt_out(self, acting: Acting, recipient: object, channel: str) -> None:
        self.said.append(("opt_out", acting.actor.kind, recipient, channel))

    @staticmethod
    def _item(notice: Notice, client: Client, document: Document) -> Item:
        return Item(
            notice_id=notice.id,
            document_id=document.id,
            client_id=client.id,
            initials="".join(f"{one[0]}." for one in (client.given_name, client.family_name) if one),
            employer="",
            what="record of admission",
            expires_on=notice.expires_on,
            days_left=notice.days_left,
            why="",
            next_action="",
        )


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
