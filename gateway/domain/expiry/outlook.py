"""What ends at a firm up to a day: papers, or people's permission to work; whose, by what, and who was told of it.

Papers are those that end between a month ago and that day. Permissions are all that end by then, however long ago, of
people whom the firm still looks after: each as its controlling paper has it, and never the latest of all dates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import CTE, ColumnElement, Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from gateway import clock
from gateway.db.ids import among
from gateway.db.models import Client, Dispatch, Document, Firm, Notice, Partner
from gateway.db.paging import Found, Paging
from gateway.domain import audit
from gateway.domain.expiry import heard, leads
from gateway.domain.expiry.authorization import Authorization
from gateway.domain.expiry.due import looked_after
from gateway.domain.expiry.heard import Heard, PaperAnswer, PaperNotice
from gateway.domain.expiry.lasting import surely_lasts
from gateway.domain.expiry.looking import authorizations
from gateway.domain.expiry.papers import the_law
from gateway.domain.expiry.petitions import MAXOUTS
from gateway.domain.expiry.standing import TOLD_AFTER
from gateway.domain.people.naming import name_of
from gateway.errors import Invalid, NotFound
from gateway.office import Acting

Kind = Literal["papers", "work"]
_AT_ONCE = 5_000  # people whose permission is looked up by one statement
_FOR_TRAVEL = ("passport", "visa_foil", "driver_licence")  # with which no permission to work ends


class PermissionToWork(Struct, frozen=True, kw_only=True):
    """Until when the person may work, as `Authorization` has it; `by_this`: the paper beside it is what ends it."""

    ends_on: date | None
    is_open_ended: bool
    basis: str
    sentence: str
    working: Sequence[str]
    conflicts: Sequence[str]
    by_this: bool


class Ending(Struct, frozen=True, kw_only=True):
    """A paper, with what it means to its person, and who was told.

    Attributes:
        on: the day by which it stands in its list: the paper's, or that of the permission to work.
        days_left: until then; negative once it has passed.
        expires_on: of the paper; None where its last day is counted.
        told: the newest notices first.
    """

    document_id: UUID
    client_id: UUID
    partner: str
    name: str
    doc_type: str
    on: date
    days_left: int
    expires_on: date | None
    permission: PermissionToWork
    told: Sequence[PaperNotice]
    answer: PaperAnswer | None


class WeekOfEnds(Struct, frozen=True):
    """How many end in the week that begins on a Monday, by the type of the paper."""

    begins_on: date
    doc_type: str
    number: int


class OutlookSummary(Struct, frozen=True, kw_only=True):
    """All that a list holds, in numbers.

    Attributes:
        today: the firm's.
        untold: of which nobody was told.
        unknown: people with a paper that ends by then, of whom no record says by what they may work; of the list of
            permissions alone.
        next_on: what comes after it; None where nothing does, or somebody asked for permissions.
    """

    today: date
    until: date
    number: int
    untold: int
    unknown: int
    next_on: date | None
    weeks: Sequence[WeekOfEnds]


class Outlook(NamedTuple):
    """One page of a list, and all of it in numbers."""

    summary: OutlookSummary
    found: Found[Ending]


def last_day(acting: Acting, within: int, until: date | None) -> date:
    """The last day of which somebody asks: so many days from the firm's today, or one that is named.

    Raises:
        Invalid: `too_far_ahead`.
    """
    today = _today(acting)
    day = clock.days_later(today, within) if until is None else until
    if (day - today).days > leads.LONGEST:
        raise Invalid("too_far_ahead", f"Ask for a day within {leads.LONGEST // 365} years.")
    return day


def look_ahead(acting: Acting, kind: Kind, until: date, paging: Paging) -> Outlook:
    """What ends by a day, that day included: by day, then by person; looking is on record."""
    outlook = _papers(acting, until, paging) if kind == "papers" else _work(acting, until, paging)
    _note(acting, outlook.found.rows)
    return outlook


def look_at(acting: Acting, document_id: UUID) -> Ending:
    """One current paper that has a last day, of somebody whom the firm looks after; looking is on record.

    Raises:
        NotFound: there is no such paper in the actor's sight.
    """
    today = _today(acting)
    row = acting.session.execute(_rows(today).where(Document.id == document_id)).one_or_none()
    if row is None:
        raise NotFound("document", str(document_id))
    [found] = _endings(acting.session, today, [_Row(*row)])
    _note(acting, [found])
    return found


def unseen(acting: Acting) -> tuple[int, date | None]:
    """People who may not work any more and of whom nobody was told, for it was long over when they came here.

    Returns:
        How many there are, and the day on which the first of them had to stop.
    """
    today = _today(acting)
    until = today - timedelta(days=TOLD_AFTER + 1)
    permitted = _permitted(acting.session, _over(acting.session, today, until))
    ends = {
        one.controlling.document_id: one.ends_on
        for one in permitted.values()
        if one.controlling and one.ends_on and one.ends_on <= until
    }
    ended = [ends[one] for one in _untold(acting.session, [*ends])]
    return len(ended), min(ended, default=None)


def _note(acting: Acting, shown: Sequence[Ending]) -> None:
    told = [one for row in shown for one in (("document", row.document_id), ("client", row.client_id))]
    audit.seen(acting, "document.list", told)


def _today(acting: Acting) -> date:
    return clock.day_in(acting.session.scalars(select(Firm.time_zone)).one(), clock.now())


# ------------------------------------------------------------------------------------------------ papers


class _Row(NamedTuple):
    document: Document
    client: Client
    partner: str


_FAMILY, _GIVEN = func.coalesce(Client.family_name, ""), func.coalesce(Client.given_name, "")


def _is_told(paper: type[Document]) -> ColumnElement[bool]:
    """Whether somebody was told that a paper ends, as it ends now."""
    return exists(
        select(Notice.id)
        .outerjoin(Dispatch, Dispatch.id == Notice.dispatch_id)
        .where(Notice.document_id == paper.id, Notice.expires_on == paper.expires_on, Notice.state == "told")
        .where(func.coalesce(Dispatch.state, "").not_in(heard.LOST))
        .correlate(paper)
    )


def _rows(today: date) -> Select[Document, Client, str]:
    return (
        select(Document, Client, Partner.slug)
        .join(Client, Client.id == Document.client_id)
        .join(Partner, Partner.id == Client.partner_id)
        .where(Document.status == "current", Document.expires_on.is_not(None), *looked_after(today))
    )


def _papers(acting: Acting, until: date, paging: Paging) -> Outlook:
    session, today = acting.session, _today(acting)
    within = Document.expires_on.between(today - timedelta(days=TOLD_AFTER), until)
    order = (Document.expires_on, _FAMILY, _GIVEN, Document.id)
    query = _rows(today).where(within).order_by(*order).limit(paging.limit + 1)
    if paging.after:
        at, document_id = paging.after
        names = select(_FAMILY, _GIVEN).join(Document, Document.client_id == Client.id)
        known = session.execute(names.where(Document.id == document_id)).one_or_none() or ("", "")
        query = query.where(tuple_(*order) > tuple_(at.date(), *known, document_id))
    rows = session.execute(query).all()
    endings = _endings(session, today, [_Row(*one) for one in rows[: paging.limit]])
    after = _place(endings[-1], endings[-1].document_id) if len(rows) > paging.limit else None
    return Outlook(_counted(session, today, until), Found(endings, after, None))


def _place(ending: Ending, key: UUID) -> tuple[datetime, UUID]:
    """Where a list goes on: names stand in no cursor, for it stands in an address."""
    return datetime.combine(ending.on, time(), UTC), key


def _endings(session: Session, today: date, rows: Sequence[_Row]) -> list[Ending]:
    permitted = authorizations(session, {client.id for _, client, _ in rows})
    told = heard.of_papers(session, [document.id for document, _, _ in rows])
    return [
        _ending(
            today, row, row.document.expires_on or today, permitted[row.client.id], told.get(row.document.id, Heard())
        )
        for row in rows
    ]


def _ending(today: date, row: _Row, on: date, permitted: Authorization, known: Heard) -> Ending:
    document, client, partner = row
    control = permitted.controlling
    permission = PermissionToWork(
        ends_on=permitted.ends_on,
        is_open_ended=permitted.is_open_ended,
        basis=permitted.basis,
        sentence=permitted.sentence,
        working=permitted.working,
        conflicts=permitted.conflicts,
        by_this=control is not None and control.document_id == document.id,
    )
    return Ending(
        document_id=document.id,
        client_id=client.id,
        partner=partner,
        name=name_of(client),
        doc_type=document.doc_type,
        on=on,
        days_left=(on - today).days,
        expires_on=document.expires_on,
        permission=permission,
        told=known.told,
        answer=known.answer,
    )


def _counted(session: Session, today: date, until: date) -> OutlookSummary:
    paper = aliased(Document, _between(today - timedelta(days=TOLD_AFTER), until))
    begins = func.date_trunc("week", paper.expires_on)
    counted = select(begins, paper.doc_type, func.count(), func.count().filter(~_is_told(paper)))
    counted = counted.join(Client, Client.id == paper.client_id).where(*looked_after(today))
    weeks = session.execute(counted.group_by(begins, paper.doc_type).order_by(begins)).all()
    later = _rows(today).with_only_columns(Document.expires_on).where(Document.expires_on > until)
    later = later.order_by(Document.expires_on).limit(1)  # of all, the least is not found by the index
    return OutlookSummary(
        today=today,
        until=until,
        number=sum(row[2] for row in weeks),
        untold=sum(row[3] for row in weeks),
        unknown=0,
        next_on=session.scalar(later),
        weeks=[WeekOfEnds(row[0].date(), row[1], row[2]) for row in weeks],
    )


def _between(first: date, last: date) -> CTE:
    """Papers that end in a span, by themselves: the planner would look through all clients, for the papers of each."""
    columns = Document.id, Document.client_id, Document.doc_type, Document.expires_on
    found = select(*columns).where(Document.status == "current", Document.expires_on.between(first, last))
    return found.cte("ending").prefix_with("MATERIALIZED")


# ------------------------------------------------------------------------------------------------ permissions to work


def _work(acting: Acting, until: date, paging: Paging) -> Outlook:
    session, today = acting.session, _today(acting)
    permitted, days, rows = _ended(session, until, _candidates(session, today, until))
    keys = sorted((days[key], *_sorted_by(row.client)) for key, row in rows.items())
    left = [one for one in keys if paging.after is None or _is_beyond(paging.after, one, rows)]
    page = [rows[key] for *_, key in left[: paging.limit]]
    told = heard.of_papers(session, [row.document.id for row in page])
    shown = [
        _ending(today, row, days[row.client.id], permitted[row.client.id], told.get(row.document.id, Heard()))
        for row in page
    ]
    after = _place(shown[-1], shown[-1].client_id) if len(left) > paging.limit else None
    summary = _summed(session, today, until, list(rows.values()), days)
    unknown = sum(one.basis == "unknown" for one in permitted.values())
    return Outlook(replace(summary, unknown=unknown), Found(shown, after, None))


def _ended(
    session: Session, until: date, client_ids: Sequence[UUID]
) -> tuple[Mapping[UUID, Authorization], Mapping[UUID, date], Mapping[UUID, _Row]]:
    """Of people: what they may do, whose permission ends by a day and on which, and by which paper."""
    permitted = _permitted(session, client_ids)
    days = {key: one.ends_on for key, one in permitted.items() if one.ends_on and one.ends_on <= until}
    rows = _by_controlling(session, {key: permitted[key] for key in days})
    return permitted, days, {row.client.id: row for row in rows}


def _candidates(session: Session, today: date, until: date) -> Sequence[UUID]:
    """Whose permission may end by a day."""
    return session.scalars(select(Client.id).where(*looked_after(today), Client.id.in_(_ending_by(until)))).all()


def _over(session: Session, today: date, until: date) -> Sequence[UUID]:
    """The same of a day that has passed, without those of whom papers say at a glance that it does not: of most."""
    papers = _ending_by(until).where(Document.doc_type.not_in(_FOR_TRAVEL))
    found = select(Client.id).where(*looked_after(today), Client.id.in_(papers))
    return session.scalars(found.where(~surely_lasts(until, today, the_law()))).all()


def _ending_by(until: date) -> Select[UUID]:
    """Whose permission may end by a day: none ends before the paper that ends it, unless its last day is counted."""
    counted = and_(Document.doc_type.in_(MAXOUTS), Document.expires_on.is_(None), Document.issued_on.is_not(None))
    ends = or_(Document.expires_on <= until, counted)
    return select(Document.client_id).where(Document.status == "current", ends)


def _permitted(session: Session, client_ids: Sequence[UUID]) -> Mapping[UUID, Authorization]:
    parts = (client_ids[first : first + _AT_ONCE] for first in range(0, len(client_ids), _AT_ONCE))
    return {key: one for part in parts for key, one in authorizations(session, part).items()}


def _by_controlling(session: Session, ending: Mapping[UUID, Authorization]) -> list[_Row]:
    """Each person once, with the paper that ends their permission."""
    papers = [one.controlling.document_id for one in ending.values() if one.controlling]
    query = select(Document, Client, Partner.slug).join(Client, Client.id == Document.client_id)
    query = query.join(Partner, Partner.id == Client.partner_id)
    parts = (papers[first : first + _AT_ONCE] for first in range(0, len(papers), _AT_ONCE))
    return [_Row(*one) for part in parts for one in session.execute(query.where(Document.id == among(part)))]


def _is_beyond(after: tuple[datetime, UUID], key: tuple[date, str, str, UUID], rows: Mapping[UUID, _Row]) -> bool:
    """Whether a row comes after the last one of the page before, whose person may be gone by now."""
    at, client_id = after
    names = _sorted_by(rows[client_id].client) if client_id in rows else ("", "", client_id)
    return key > (at.date(), *names)


def _sorted_by(client: Client) -> tuple[str, str, UUID]:
    return client.family_name or "", client.given_name or "", client.id


def _summed(
    session: Session, today: date, until: date, rows: Sequence[_Row], days: Mapping[UUID, date]
) -> OutlookSummary:
    weeks = Counter((_monday(days[row.client.id]), row.document.doc_type) for row in rows)
    return OutlookSummary(
        today=today,
        until=until,
        number=len(rows),
        untold=len(_untold(session, [row.document.id for row in rows])),
        unknown=0,
        next_on=None,
        weeks=[WeekOfEnds(*key, number) for key, number in sorted(weeks.items())],
    )


def _untold(session: Session, document_ids: Sequence[UUID]) -> list[UUID]:
    """Those of papers of which nobody was told."""
    untold = select(Document.id).where(~_is_told(Document))
    parts = (document_ids[first : first + _AT_ONCE] for first in range(0, len(document_ids), _AT_ONCE))
    return [one for part in parts for one in session.scalars(untold.where(Document.id == among(part)))]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
