"""Who acts on facts: a job for each subscriber in the transaction that told the fact, which takes them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import events
from gateway.db.models import EventCursor
from gateway.events import Event, EventRef
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import LADDER, Kind, enqueue
from gateway.jobs.ledger import Payload
from gateway.jobs.queues import Queue
from gateway.office import Office

_AT_ONCE = 100  # events that one transaction acts on

Act = Callable[[Office, Session, Event], None]


def _always(_session: Session, _told: EventRef) -> bool:
    return True


@dataclass(frozen=True)
class Subscription:
    """Somebody who acts on facts of some types.

    Each fact is acted on once, in the transaction that notes how far the subscriber has come, and a partner's facts in
    their order: one that fails keeps the later ones of its partner waiting.

    Attributes:
        name: stands in the database, so it outlives releases.
        queue: who waits for what it does.
        wants: the types of events.
        act: what is done about one, in a session of the firm; raises `Transient` where trying again may help.
        concerns: whether a fact of a partner may matter at all, asked in the transaction that tells it; what does not
            is passed over without a job.
    """

    name: str
    queue: Queue
    wants: tuple[type[Event], ...]
    act: Act
    ladder: tuple[timedelta, ...] = LADDER
    concerns: Callable[[Session, EventRef], bool] = _always

    @cached_property
    def kind(self) -> Kind:
        """The jobs that act."""
        return Kind(f"events.{self.name}", self.queue, self._handle, self.ladder)

    def wakes(self, session: Session, told: EventRef) -> None:
        """Leave an event to a worker; one at a time for each partner."""
        if not self.concerns(session, told):
            self._pass_over(session, told)
            return
        payload: Payload = {"partner_id": told.partner_id, "seq": told.seq}
        enqueue(session, self.kind, payload, firm_id=told.firm_id, lane=f"{self.name}/{told.partner_id}")

    def _pass_over(self, session: Session, told: EventRef) -> None:
        """Whoever is concerned again later does not begin with what was told meanwhile."""
        mine = update(EventCursor).where(EventCursor.subscriber == self.name, EventCursor.seq < told.seq)
        session.execute(mine.where(EventCursor.partner_id == told.partner_id).values(seq=told.seq))

    def _handle(self, handling: Handling) -> None:
        while self._act_on_some(handling) == _AT_ONCE:
            pass

    def _act_on_some(self, handling: Handling) -> int:
        firm_id, payload = handling.job.firm_id, handling.job.payload
        assert firm_id is not None  # noqa: S101 - events belong to firms
        partner_id = UUID(payload["partner_id"])
        with handling.office.db.firm(firm_id) as session:
            known = self._known(session, firm_id, partner_id, int(payload["seq"]) - 1)
            found = events.since(session, partner_id, known, self.wants, _AT_ONCE)
            for seq, event in found:
                self.act(handling.office, session, replace(event, seq=seq))
            if found:
                self._note(session, firm_id, partner_id, found[-1][0])
            handling.hold(session)
        return len(found)

    def _known(self, session: Session, firm_id: UUID, partner_id: UUID, first: int) -> int:
        """How far it has come; a new subscriber begins with the first event that it is woken for."""
        row = {"firm_id": firm_id, "subscriber": self.name, "partner_id": partner_id, "seq": first}
        session.execute(insert(EventCursor).values(row).on_conflict_do_nothing())
        mine = select(EventCursor.seq).where(EventCursor.subscriber == self.name, EventCursor.partner_id == partner_id)
        return session.scalars(mine.with_for_update()).one()

    def _note(self, session: Session, firm_id: UUID, partner_id: UUID, seq: int) -> None:
        session.get_one(EventCursor, (firm_id, self.name, partner_id)).seq = seq


class Subscriptions:
    """All of an installation."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._all = tuple(subscriptions)
        self.kinds = tuple(one.kind for one in self._all)

    def wake(self, session: Session, told: EventRef) -> None:
        """Leave an event to those who want it, in the transaction that told it."""
        for one in self._all:
            if told.kind in map(events.kind_of, one.wants):
                one.wakes(session, told)
