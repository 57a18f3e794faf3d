"""What a partner may learn about its own people at any moment: whether they are in the programme, how they stand.

Checks are read with the driver in as few round trips as can be, from the tables themselves: a cache would only add
stale answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Case, Client, Document

Reason = Literal["enrolled", "not_started", "ended", "not_enrolled", "unknown"]


class Asked(NamedTuple):
    """Whom a partner asks about: the key of its feed, and the birth date as proof that it means the same person."""

    key: str
    date_of_birth: date


class Answer(NamedTuple):
    """Whether somebody is in the programme today.

    Attributes:
        client_id: whose record it was; None where nobody matched, and then the reason is `unknown` whatever it was.
    """

    eligible: bool
    reason: Reason
    program: str | None = None
    start: date | None = None
    end: date | None = None
    client_id: UUID | None = None


UNKNOWN = Answer(eligible=False, reason="unknown")

# One look-up for one or a thousand: asked by array, answered by place in it.
_LOOK_UP = """
SELECT asked.place, c.id, c.enrollment_status, c.program, c.eligibility_start_date, c.eligibility_end_date
FROM unnest(%(keys)s::text[], %(births)s::date[]) WITH ORDINALITY AS asked (key, date_of_birth, place)
JOIN clients c ON c.firm_id = %(firm)s AND c.partner_id = %(partner)s AND c.key = asked.key
              AND c.date_of_birth = asked.date_of_birth AND c.status = 'active'
"""
# One entry for each that was asked about, known or not: nobody can tell the two apart by the time that it takes.
_AUDIT = """
INSERT INTO audit_log (firm_id, actor_kind, actor_id, actor, action, origin, client_id)
SELECT %(firm)s, 'partner', %(credential)s, %(actor)s, 'eligibility.check', %(origin)s, c.id
FROM unnest(%(keys)s::text[], %(births)s::date[]) AS asked (key, date_of_birth)
LEFT JOIN clients c ON c.firm_id = %(firm)s AND c.partner_id = %(partner)s AND c.key = asked.key
                   AND c.date_of_birth = asked.date_of_birth AND c.status = 'active'
"""


class Asker(NamedTuple):
    """Which partner asks, by which credential, from where."""

    firm_id: UUID
    partner_id: UUID
    credential_id: UUID
    name: str
    origin: str


def check(connection: psycopg.Connection[Any], asker: Asker, asked: Sequence[Asked], today: date) -> list[Answer]:
    """One answer for each that was asked about, in order; that their records were looked at is on record.

    Args:
        connection: in a transaction of the asker's firm.
        asker: who asks.
        asked: at least one.
        today: in the partner's zone.
    """
    params = {
        "firm": asker.firm_id,
        "partner": asker.partner_id,
        "credential": asker.credential_id,
        "actor": asker.name,
        "origin": asker.origin,
        "keys": [one.key for one in asked],
        "births": [one.date_of_birth for one in asked],
    }
    with connection.pipeline(), connection.cursor(row_factory=tuple_row) as cursor:
        connection.execute(_AUDIT, params)
        found = cursor.execute(_LOOK_UP, params).fetchall()
    answers = [UNKNOWN] * len(asked)
    for place, client_id, status, program, start, end in found:
        answers[place - 1] = _answer(client_id, status, program, start, end, today)
    return answers


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

    enrollment: Answer
    cases: list[OpenCase]
    documents: list[Paper]


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
    enrollment = _answer(client.id, client.enrollment_status, client.program, start, end, today)
    return Status(enrollment, [OpenCase(*row) for row in cases], [Paper(*row) for row in papers])


def _answer(
    client_id: UUID, status: str, program: str | None, start: date | None, end: date | None, today: date
) -> Answer:
    reason: Reason = "enrolled"
    if status != "active":
        reason = "not_enrolled"
    elif start and today < start:
        reason = "not_started"
    elif end and today > end:
        reason = "ended"
    return Answer(reason == "enrolled", reason, program, start, end, client_id)
