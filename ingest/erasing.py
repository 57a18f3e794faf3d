"""Finds the files that named a person who is erased, and has them go, with their receipts and problems.

A file cannot be emptied of one person, so it goes for everybody on it. Which files those are is told twice. At once, by
what they did: from the first import of a feed that touched the person to the last one that saw it, all of them, for a
full file that repeats a person leaves no trace of its own. Then by a job, by what is in them: it reads the partner's
other stored files again, for rows that were rejected or left out, and never did anything.

A file that waits for a decision keeps its bytes until then, see `forgetting.condemn`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union
from sqlalchemy.orm import Session

from gateway.db.models import AuditEntry, Case, Client, Document, File, Import, Partner, Sighting
from gateway.db.models.base import blanks
from gateway.domain.partners.homes import Home
from gateway.erasing import Eraser, Person, Share
from gateway.office import Acting
from ingest import forgetting, searching
from ingest.forgetting import WAITING


def _erase(acting: Acting, person: Person) -> Share:
    session = acting.session
    named = session.scalars(select(Import).where(Import.id.in_(_imports(session, person))).order_by(Import.id)).all()
    waiting = [one.id for one in named if one.state in WAITING]
    ended = [one for one in named if one.state not in WAITING]
    gone = [one.id for one in ended]
    forgetting.forget_person(session, ended)
    forgetting.forget_previews(session, _of_partner(session, person))  # of files that wait: any may name the person
    forgetting.condemn(session, waiting)
    keys = forgetting.give_up(session, gone, _unnamed(session, person.scans))
    home = Home.of(session.get_one(Partner, (acting.firm_id, person.partner_id)))
    return Share(
        {"files": len(keys), "imports": len(gone)},
        {"imports": gone, "waiting_imports": waiting, "jobs": [searching.queue(acting, person)]},
        partial(forgetting.destroy, acting.office, home, gone, keys),
    )


ERASERS = (
    Eraser(
        (
            "files",
            "imports",
            "row_errors",
            "problem_groups",
            "repairs",
            "repair_cells",
            "repair_rules",
            "import_previews",
            "returned_rows",
        ),
        _erase,
    ),
)


def _of_partner(session: Session, person: Person) -> Sequence[UUID]:
    return session.scalars(
        select(Import.id).where(Import.partner_id == person.partner_id, Import.state == "held")
    ).all()


def _unnamed(session: Session, scans: Sequence[UUID]) -> Sequence[UUID]:
    """Take the names off files that are attached to the person's documents; those of a feed's files are its own."""
    for one in session.scalars(select(File).where(File.id.in_(scans))):
        for name, value in blanks(File).items():
            setattr(one, name, value)
    session.flush()
    return scans


# ------------------------------------------------------------------------------------------------ by what they did


def _records(client_id: UUID) -> list[Select[UUID]]:
    """The person and what hangs on it."""
    return [
        select(Client.id).where(Client.id == client_id),
        select(Case.id).where(Case.client_id == client_id),
        select(Document.id).where(Document.client_id == client_id),
    ]


def _imports(session: Session, person: Person) -> Sequence[UUID]:
    """The imports that named the person, as far as their traces tell; corrections of them as well."""
    records = union(*_records(person.client_id)).subquery()
    seen = select(Sighting.import_id).where(Sighting.record_id.in_(select(records.c.id)))
    acted = select(AuditEntry.import_id).where(
        AuditEntry.client_id == person.client_id, AuditEntry.import_id.is_not(None)
    )
    sources = [
        select(model.source_import_id).where(model.id.in_(select(records.c.id)), model.source_import_id.is_not(None))
        for model in (Client, Case, Document)
    ]
    touched = session.scalars(union(seen, acted, *sources)).all()
    spans = [_span(session, feed_id, touched, records.c.id) for feed_id in _feeds(session, touched)]
    named = select(Import.id).where(or_(Import.id.in_(touched), Import.corrects_import_id.in_(touched), *spans))
    return session.scalars(named).all()


def _feeds(session: Session, touched: Sequence[UUID]) -> Sequence[UUID]:
    found = select(Import.feed_id).where(Import.id.in_(touched), Import.feed_id.is_not(None)).distinct()
    return [one for one in session.scalars(found) if one is not None]


def _span(
    session: Session, feed_id: UUID, touched: Sequence[UUID], records: ColumnElement[UUID]
) -> ColumnElement[bool]:
    """A feed's imports from the first that touched the person to the last; to this day while the feed lists it."""
    ends = select(func.min(Import.received_at), func.max(Import.received_at))
    first, last = session.execute(ends.where(Import.id.in_(touched), Import.feed_id == feed_id)).one()
    listed = select(Sighting.record_id).where(
        Sighting.feed_id == feed_id, Sighting.present, Sighting.record_id.in_(select(records))
    )
    within = [Import.received_at >= first]
    if session.scalar(listed.limit(1)) is None:
        within.append(Import.received_at <= last)
    return and_(Import.feed_id == feed_id, *within)
