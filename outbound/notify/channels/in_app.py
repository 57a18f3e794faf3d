"""The bell: a message is a row, shown wherever its reader is signed in; taken is delivered, opened is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import InboxMessage, Staff
from gateway.errors import Transient
from gateway.office import Actor, Office
from outbound.notify import inbox
from outbound.notify.channels.base import Absent, Envelope, Fate, Limits, Never, NotNow, Recipient, Taken, Words
from outbound.notify.deciding import Passed

_ACTOR = Actor("system", "in_app")


class InApp:
    """The channel; see `Channel`."""

    name = "in_app"

    def limits(self, office: Office) -> Limits:
        """None: it is our own database."""
        del office
        return Limits()

    def addresses(
        self, office: Office, session: Session, recipients: Iterable[Recipient]
    ) -> Mapping[Recipient, Sequence[str]]:
        """Staff alone have a bell."""
        del office
        wanted = {one.staff_id: one for one in recipients if one.staff_id}
        there = session.scalars(select(Staff.id).where(Staff.id.in_(wanted), Staff.active))
        return {wanted[one]: [str(one)] for one in there}

    @contextmanager
    def open(self, office: Office) -> Iterator[_Line]:
        """A way out; each message is a transaction of its own."""
        yield _Line(office)

    def ask(self, office: Office, ref: str | None, envelope: Envelope) -> Fate | Absent:
        """Whether it is there: known by its dispatch, for whose sake it is put there once whatever happens."""
        del ref
        with office.db.firm(envelope.firm_id) as session:
            found = session.execute(
                select(InboxMessage.read_at).where(InboxMessage.dispatch_id == envelope.id)
            ).one_or_none()
        if found is None:
            return "absent"
        return "opened" if found.read_at else "delivered"

    def ping(self, office: Office) -> list[str]:
        """Whether the database is there, which is all that it takes."""
        try:
            with office.db.system() as session:
                session.scalar(select(InboxMessage.id).limit(1))
        except Transient as problem:
            raise NotNow(problem.code, problem.sentence) from problem
        return ["The database answers.", "Messages are shown to their readers at once."]


IN_APP = InApp()


class _Line:
    """See `Line`."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def send(self, passed: Passed, envelope: Envelope, words: Words) -> Taken:
        """One message, which is there when this returns."""
        del passed
        if envelope.recipient.staff_id is None:
            raise Never("no_bell", "Only staff have a bell; choose e-mail or a text for clients and contacts.")
        try:
            with self._office.acting(envelope.firm_id, _ACTOR) as acting:
                message_id = inbox.put(acting, envelope, words)
        except Transient as problem:
            raise NotNow(problem.code, problem.sentence) from problem
        return Taken(str(message_id), "It lies under the bell.", "delivered")
