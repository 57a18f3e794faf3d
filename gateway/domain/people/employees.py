"""What a partner may learn about its own people at any moment: whether they are in the programme, how they stand.

Checks are answered in one statement, from the tables themselves: a cache would only add stale answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.direct import Direct
from gateway.db.models import Case, Client, Document
from gateway.domain import audit
from gateway.domain.partners.homes import Home
from gateway.office import Acting

Reason = Literal["enrolled", "not_started", "ended", "not_enrolled", "unknown"]


class Asked(NamedTuple):
    """Whom a partner asks about: the key of its feed, and the birth date as proof that it means the same person."""

    key: str
    date_of_birth: date


class Answer(NamedTuple):
    """Whether somebody is in the programme today; the reason is `unknown` where nobody matched, whatever it was."""

    eligible: bool
    reason: Reason
    program: str | None = None
    start: date | None = None
    end: date | None = None


UNKNOWN = Answer(eligible=False, reason="unknown")


class Asker(NamedTuple):
    """By which secret somebody asks, under which scope, from where, and as whom if it says so.

    Attributes:
        digest: SHA-256 of an API key or access token.
        slugs: of the partners that it says it is; may be empty.
    """

    digest: bytes
    scope: str
    origin: str
    slugs: list[str]


class Heard(NamedTuple):
    """What came of asking.

    Attributes:
        caller: whose secret it is, as `sign_in(bytea)` has it; None for nobody's.
        answers: one for each that was asked about, in order; None where the caller may not ask, and nothing was done.
    """

    caller: Any | None
    answers: list[Answer] | None


_CHECK = "SELECT * FROM answer_checks(%s, %s, %s, %s, %s, %s)"


async def check(direct: Direct, asker: Asker, asked: Sequence[Asked]) -> Heard:
    """Find out who asks, and answer for each that was asked about; that their records were looked at is on record.

    Raises:
        Transient: see `Direct.ask`.
    """
    keys, births = [one.key for one in asked], [one.date_of_birth for one in asked]
    rows = await direct.ask(_CHECK, (*asker, keys, births))
    if not rows:
        return Heard(None, None)
    [told] = rows
    if told.known is None:
        return Heard(told, None)
    today = clock.day_in(told.time_zone, clock.now())
    people = zip(told.enrollment_statuses, told.programs, told.start_dates, told.end_dates, strict=True)
    answers = [_answer(*person, today) if known else UNKNOWN for known, person in zip(told.known, people, strict=True)]
    return Heard(told, answers)


class OpenCase(NamedTuple):
    """One matter that is not at its end. The firm's own notes, staffing and estimates are its own."""

    case_type: str | None
    stage: str
    status: str
    opened_on: date | None
    filed_on: date | None
    deadline_on: date | None


class Paper(NamedTuple):
    """One document in force, without its number; `duration_of_status` ends with the stay, not on a day."""

    doc_type: str
    expires_on: date | None
    duration_of_status: bool


class Status(NamedTuple):
    """How an employee stands."""

    client_id: UUID
    enrollment: Answer
    cases: list[OpenCase]
    documents: list[Paper]


def look_up(acting: Acting, home: Home, key: str) -> Status | None:
    """How somebody stands whom a partner's feed knows by a key; None where it knows nobody by it.

    That it was asked is on record either way.
    """
    today = clock.day_in(home.time_zone, clock.now())
    found = None if "\0" in key else status_of(acting.session, home.partner_id, key, today)
    audit.record(acting, "employee.status", client_id=found and found.client_id)
    return found


def status_of(session: Session, partner_id: UUID, key: str, today: date) -> Status | None:
    """How somebody stands whom a partner's feed knows by a key; None where it knows nobody by it.

    Args:
        session: of the firm.
        partner_id: whose people are looked at, and whose cases.
        key: by which its feed names people.
        today: in the partner's zone.
    """
    client = session.scalar(
        select(Client).where(Client.partner_id == partner_id, Client.key == key, Client.status == "active")
    )
    if client is None:
        return None
    cases = session.execute(
        select(Case.case_type, Case.stage, Case.status, Case.opened_on, Case.filed_on, Case.deadline_on)
        .where(Case.client_id == client.id, Case.partner_id == partner_id, Case.status == "open")
        .order_by(Case.deadline_on.nulls_last(), Case.id)
    )
    papers = session.execute(
        select(Document.doc_type, Document.expires_on, Document.duration_of_status)
        .where(Document.client_id == client.id, Document.status == "current")
        .order_by(Document.expires_on.nulls_last(), Document.id)
    )
    start, end = client.eligibility_start_date, client.eligibility_end_date
    enrollment = _answer(client.enrollment_status, client.program, start, end, today)
    return Status(client.id, enrollment, [OpenCase(*row) for row in cases], [Paper(*row) for row in papers])


def _answer(status: str, program: str | None, start: date | None, end: date | None, today: date) -> Answer:
    reason: Reason = "enrolled"
    if status != "active":
        reason = "not_enrolled"
    elif start and today < start:
        reason = "not_started"
    elif end and today > end:
        reason = "ended"
    return Answer(reason == "enrolled", reason, program, start, end)
