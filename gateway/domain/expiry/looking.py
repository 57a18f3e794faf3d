"""Permissions to work looked up: of one person, by somebody at work; of many, in three statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from gateway import clock
from gateway.db.ids import among
from gateway.db.models import Case, Client, Document, Firm
from gateway.domain import audit
from gateway.domain.expiry.authorization import Authorization, effective_work_auth_end
from gateway.domain.expiry.papers import Facts, Law, Matter, Paper
from gateway.domain.people import records
from gateway.errors import NotFound
from gateway.office import Acting


def look_up(acting: Acting, client_id: UUID, on: date | None = None) -> tuple[date, Authorization]:
    """Until when somebody may work, as of a day, today in the firm's zone; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such client, or erased them.
    """
    records.find(acting, Client, client_id)
    audit.record(acting, "client.authorization", client_id=client_id)
    facts = facts_of(acting.session, [client_id], on).get(client_id)
    if facts is None:
        raise NotFound("client", str(client_id))
    return facts.on, effective_work_auth_end(facts)


def authorizations(
    session: Session, client_ids: Collection[UUID] | None = None, on: date | None = None, law: Law | None = None
) -> dict[UUID, Authorization]:
    """Until when people may work: these, or all whom the session sees."""
    return {key: effective_work_auth_end(one, law) for key, one in facts_of(session, client_ids, on).items()}


def facts_of(session: Session, client_ids: Collection[UUID] | None = None, on: date | None = None) -> dict[UUID, Facts]:
    """What is known of people: these, or all whom the session sees; erased ones are no longer there."""
    people = select(Client.id, Client.citizenship, Client.employer_name, Client.termination_date, Firm.time_zone)
    people = people.join(Firm, Firm.id == Client.firm_id).where(Client.erased_at.is_(None))
    papers, cases = _papers(session, client_ids), _cases(session, client_ids)
    return {
        row.id: Facts(
            on=on or clock.day_in(row.time_zone, clock.now()),
            citizenship=row.citizenship,
            employer=row.employer_name,
            terminated_on=row.termination_date,
            papers=papers.get(row.id, ()),
            cases=cases.get(row.id, ()),
        )
        for row in session.execute(_of(people, Client.id, client_ids))
    }


def _papers(session: Session, client_ids: Collection[UUID] | None) -> Mapping[UUID, Sequence[Paper]]:
    found = select(
        Document.client_id,
        Document.id,
        Document.doc_type,
        Document.issued_on,
        Document.expires_on,
        Document.duration_of_status,
        Document.case_id,
        Document.days_abroad,
    ).where(Document.status == "current")
    by_person: dict[UUID, list[Paper]] = defaultdict(list)
    for row in session.execute(_of(found, Document.client_id, client_ids).order_by(Document.id)):
        values = row._asdict()
        by_person[values.pop("client_id")].append(Paper(**values))
    return by_person


def _cases(session: Session, client_ids: Collection[UUID] | None) -> Mapping[UUID, Sequence[Matter]]:
    found = select(
        Case.client_id,
        Case.id,
        Case.case_type,
        Case.status,
        Case.filed_on,
        Case.decided_on,
        Case.employer_name.label("employer"),
    ).where(Case.case_type.is_not(None), Case.client_id.is_not(None))
    by_person: dict[UUID, list[Matter]] = defaultdict(list)
    for row in session.execute(_of(found, Case.client_id, client_ids).order_by(Case.id)):
        values = row._asdict()
        by_person[values.pop("client_id")].append(Matter(**values))
    return by_person


def _of(
    query: Select[*tuple[Any, ...]],
    column: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
    client_ids: Collection[UUID] | None,
) -> Select[*tuple[Any, ...]]:
    return query if client_ids is None else query.where(column == among(client_ids))
