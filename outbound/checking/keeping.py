"""What a check keeps while models are asked: each call on record before it leaves, each answer before it is read.

Every step is a transaction of its own that commits only while the job is still this attempt's; none is open while
anybody is waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import to_builtins
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Client, EligibilityCheck, Firm, ModelCall
from gateway.domain.eligibility.policies import Most
from gateway.jobs.handling import Handling
from outbound.llm import spending
from outbound.llm.asking import Attempt, Hands, Heard, Left
from outbound.llm.breaking import Breakers
from outbound.llm.spending import Spent

_TURN = 0x73706E74  # the first of two halves of advisory locks: "spnt" in ASCII


class Keeping:
    """The hands of one check; see `Hands`."""

    def __init__(
        self, handling: Handling, firm_id: UUID, check_id: UUID, breakers: Breakers, left: Left | None
    ) -> None:
        self._handling, self._firm_id, self._check_id, self._breakers = handling, firm_id, check_id, breakers
        self._left = left
        self._number: int | None = None  # of the call that is on its way
        self._written: Attempt | None = None  # what stands on record of it

    def hands(self) -> Hands:
        """What `asking` is given."""
        return Hands(
            begin=self._begin,
            keep=self._keep,
            note=self._note,
            wait=self._wait,
            breakers=self._breakers,
            left=lambda: self._left,
        )

    def _begin(self, told: Attempt, most: Most) -> str:
        """A call of which nobody knows what became, for a worker died meanwhile, is made again under its name."""
        self._handling.tell(step=f"asking {told.provider} ({told.model})")
        with self._transaction() as session:
            is_limited = most != Most()
            if is_limited:
                _take_turn(session, self._firm_id)
            made = calls_of(session, self._check_id)
            call = _lost(made, told)
            if is_limited:
                spending.check(most, _spent(session, call), told.tokens_in + told.tokens_out, told.cost)
            if call:
                call.sends += 1
            else:
                call = self._row(told, _next(made), sends=1)
                session.add(call)
            self._number = call.number
        return f"{self._check_id}-{self._number}"

    def _keep(self, heard: Heard, told: Attempt) -> None:
        """Of somebody who was erased meanwhile nothing is kept but what the call took."""
        with self._transaction() as session:
            if not self._is_gone(session):
                check = update(EligibilityCheck).where(EligibilityCheck.id == self._check_id)
                session.execute(check.values(heard=to_builtins(heard)))
            self._write(session, told)
        self._written = told

    def _is_gone(self, session: Session) -> bool:
        """Whoever is just being erased is waited for."""
        person = select(EligibilityCheck.client_id).where(EligibilityCheck.id == self._check_id).scalar_subquery()
        erased_at = select(Client.erased_at).where(Client.id == person).with_for_update(read=True)
        return session.scalar(erased_at) is not None

    def _note(self, told: Attempt) -> None:
        """An answer that could be read stands on record as it was kept."""
        if self._number is None or told != self._written:
            with self._transaction() as session:
                if self._number is None:
                    session.add(self._row(told, _next(calls_of(session, self._check_id)), sends=0))
                else:
                    self._write(session, told)
        self._number = self._written = None

    def _wait(self, span: timedelta) -> None:
        self._handling.tell(step=f"waiting {span.total_seconds():g} s, as the provider asks")
        threading.Event().wait(span.total_seconds())

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self._handling.office.db.firm(self._firm_id) as session:
            yield session
            self._handling.hold(session)

    def _write(self, session: Session, told: Attempt) -> None:
        mine = update(ModelCall).where(ModelCall.check_id == self._check_id, ModelCall.number == self._number)
        session.execute(mine.values(_values(told)))

    def _row(self, told: Attempt, number: int, sends: int) -> ModelCall:
        values = _values(told)
        return ModelCall(firm_id=self._firm_id, check_id=self._check_id, number=number, sends=sends, **values)


def calls_of(session: Session, check_id: UUID) -> Sequence[ModelCall]:
    """All calls of a check, a handful at most, in their order."""
    return session.scalars(select(ModelCall).where(ModelCall.check_id == check_id).order_by(ModelCall.number)).all()


def left_by(session: Session, check_id: UUID) -> Left | None:
    """The call that is to be made again, where one was lost with its worker."""
    begun = _begun(calls_of(session, check_id))
    return Left(begun.provider, begun.model, begun.is_repair, begun.mends, begun.prompt) if begun else None


def _begun(made: Sequence[ModelCall]) -> ModelCall | None:
    return next((one for one in made if one.outcome == "begun"), None)


def _lost(made: Sequence[ModelCall], told: Attempt) -> ModelCall | None:
    """The same call, which left before and did not come back; another one that did not is given up."""
    begun = _begun(made)
    if begun and (begun.provider, begun.model, begun.mends) != (told.provider, told.model, told.mends):
        begun.outcome = "lost"
        return None
    return begun


def _next(made: Sequence[ModelCall]) -> int:
    return 1 + max((one.number for one in made), default=0)


def _values(told: Attempt) -> dict[str, object]:
    return {
        "provider": told.provider,
        "model": told.model,
        "prompt": told.prompt,
        "is_repair": told.is_repair,
        "mends": told.mends,
        "tokens_in": told.tokens_in,
        "tokens_out": told.tokens_out,
        "cost": told.cost,
        "took_ms": round(told.took / timedelta(milliseconds=1)),
        "outcome": told.outcome,
        "code": told.code,
    }


def _take_turn(session: Session, firm_id: UUID) -> None:
    """So that calls that are begun at the same moment see each other, and together spend no more than they may."""
    firm = int.from_bytes(firm_id.bytes[12:], signed=True)
    session.execute(text("SELECT pg_advisory_xact_lock(:kind, :firm)"), {"kind": _TURN, "firm": firm})


def _spent(session: Session, but: ModelCall | None) -> Spent:
    """By the firm since its day began; of what is on its way, what it may take at most."""
    zone = ZoneInfo(session.scalars(select(Firm.time_zone)).one())
    began = datetime.combine(clock.now().astimezone(zone).date(), time(), zone).astimezone(UTC)
    today = select(func.sum(ModelCall.tokens_in + ModelCall.tokens_out), func.sum(ModelCall.cost))
    today = today.where(ModelCall.at >= began)
    tokens, cost = session.execute(today.where(ModelCall.id != but.id) if but else today).one()
    return Spent(tokens=tokens or 0, cost=cost or Decimal(0))
