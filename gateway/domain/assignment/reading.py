"""The statements by which facts of decisions are read: each for many cases at once, of the firm that the session is of.

None asks for citizenship, country of birth, religion or a name. Of what partners keep beside the columns of ours only
two things are read: whether the work is at a third party's site, and which language somebody asks for.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    ScalarSelect,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    column,
    func,
    literal,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from gateway.clock import years_later
from gateway.db.models import Assignment, Attorney, Case, Client, Document, Expertise, Staff, TimeOff, Wall
from gateway.domain.access.permissions import ADMIN, ATTORNEY
from gateway.domain.assignment.hours import prorated
from gateway.domain.assignment.terms import Away, Candidate

HALF_LIFE = 365  # days, after which a decided case counts half
YEARS = 2  # in which it counts at all
_WHOLE = 1_000_000  # what one that was decided today counts: integers add up alike in whatever order they come
_ROLES = (ADMIN, ATTORNEY)  # of staff to whom cases go
_STAYS = ("i94", "i797", "green_card")  # papers that say how long a stay is
_ANSWERS = ("rfe", "noid")  # papers that an answer is due to
_THIRD_PARTY = ("third_party_site", "third_party_worksite", "third_party_placement", "offsite")
_LANGUAGES = ("language", "languages", "required_language", "preferred_language", "interpreter_language")
_YES = frozenset({"yes", "y", "true", "1", "x"})


class Asked(NamedTuple):
    """An open case that needs an attorney.

    Attributes:
        pinned: complexity that was set by hand.
        noid: a notice of intent to deny waits for its answer.
        deadline_on: its own, or that of an answer which the agency waits for, if that is earlier.
        languages: ISO 639-1; empty where English will do.
        taken_from: attorneys from whom it was taken back.
    """

    case_id: UUID
    client_id: UUID | None
    partner_id: UUID
    case_type: str | None
    stage: str
    pinned: int | None
    deadline_on: date | None
    created_at: datetime
    noid: bool
    third_party_site: bool
    languages: Sequence[str]
    taken_from: frozenset[UUID] = frozenset()


class Person(NamedTuple):
    """Somebody whose case it is, or of their family.

    Attributes:
        attorneys: who have their open cases; where nobody has, who had the others; and whose client they are.
        stay_ends: the last day by the papers of their stay; None where they do not say.
    """

    partner_id: UUID
    employee_id: str | None
    attorneys: frozenset[UUID]
    denials: int
    stay_ends: date | None


_OPEN = and_(Case.status == "open", Case.stage != "closed")
_IDS = any_(bindparam("ids", type_=ARRAY(Uuid)))  # one value, however many: each would be a parameter of its own
_TYPES = any_(bindparam("types", type_=ARRAY(Text)))
_TODAY = bindparam("today", type_=Date)


def cases(session: Session, case_ids: Collection[UUID], today: date) -> list[Asked]:
    """Those of the cases that are open, in the order in which they are looked at."""
    found = session.execute(_CASES, {"ids": list(case_ids)}).all()
    clients = {row.client_id for row in found if row.client_id}
    answers, besides = _answers(session, clients, today), kept(session, case_ids)
    return [
        Asked(
            case_id=row.id,
            client_id=row.client_id,
            partner_id=row.partner_id,
            case_type=row.case_type,
            stage=row.stage,
            pinned=row.complexity if row.is_pinned else None,
            deadline_on=min((day for day in (row.deadline_on, answers[row.id].due_on) if day), default=None),
            created_at=row.created_at,
            noid=answers[row.id].noid,
            third_party_site=besides[row.id].third_party_site,
            languages=besides[row.id].languages,
            taken_from=frozenset(row.taken_from or ()),
        )
        for row in found
    ]


def _taken_from() -> ScalarSelect[Sequence[UUID]]:
    """Of a case, from whom it was taken back."""
    back = and_(
        Assignment.firm_id == Case.firm_id, Assignment.case_id == Case.id, Assignment.taken_back_by.is_not(None)
    )
    return select(func.array_agg(Assignment.attorney_id)).where(back).correlate(Case).scalar_subquery()


_CASES = (
    select(
        Case.id,
        Case.client_id,
        Case.partner_id,
        Case.case_type,
        Case.stage,
        Case.complexity,
        and_(Case.pins.has_key("complexity"), Case.complexity.is_not(None)).label("is_pinned"),
        Case.deadline_on,
        Case.created_at,
        _taken_from().label("taken_from"),
    )
    .where(Case.id == _IDS, _OPEN)
    .order_by(Case.created_at, Case.id)
)


class _Answer(NamedTuple):
    """What the agency waits for."""

    noid: bool = False
    due_on: date | None = None


def _answers(session: Session, client_ids: Collection[UUID], today: date) -> Mapping[UUID | None, _Answer]:
    """By case; asked for by person, for papers are found by theirs."""
    found = session.execute(_ANSWERED, {"ids": list(client_ids), "today": today})
    answers: defaultdict[UUID | None, _Answer] = defaultdict(_Answer)
    answers.update({case_id: _Answer(noid, due_on) for case_id, noid, due_on in found})
    return answers


_ANSWERED = (
    select(Document.case_id, func.bool_or(Document.doc_type == "noid"), func.min(Document.expires_on))
    .where(Document.client_id == _IDS, Document.doc_type.in_(_ANSWERS), Document.status == "current")
    .where(or_(Document.expires_on >= _TODAY, Document.expires_on.is_(None)))
    .group_by(Document.case_id)
)


class Kept(NamedTuple):
    """What partners keep of a case that we have no column for."""

    third_party_site: bool = False
    languages: Sequence[str] = ()


def kept(session: Session, case_ids: Collection[UUID]) -> Mapping[UUID, Kept]:
    """Of a case or its person; what a case says goes before."""
    found = session.execute(_besides(), {"ids": list(case_ids)})
    by_case: defaultdict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for case_id, name, value in found:
        by_case[case_id].append((name, value or ""))
    told: defaultdict[UUID, Kept] = defaultdict(Kept)
    told.update({case_id: _kept_of(pairs) for case_id, pairs in by_case.items()})
    return told


@functools.cache
def _besides() -> Select[UUID, str, str]:
    both = func.coalesce(Client.attributes, cast(literal("{}"), JSONB)).op("||")(Case.attributes)
    each = func.jsonb_each_text(both).table_valued(column("key", Text), column("value", Text)).lateral("each")
    word = func.btrim(func.regexp_replace(func.lower(each.c.key), "[^a-z]+", "_", "g"), "_")
    return (
        select(Case.id, word, each.c.value)
        .select_from(Case)
        .outerjoin(Client, and_(Client.id == Case.client_id, Client.firm_id == Case.firm_id))
        .join(each, literal(value=True))
        .where(Case.id == _IDS, word.in_((*_THIRD_PARTY, *_LANGUAGES)))
        .order_by(Case.id, word)
    )


def _kept_of(pairs: Iterable[tuple[str, str]]) -> Kept:
    found = list(pairs)
    is_elsewhere = any(value.strip().casefold() in _YES for name, value in found if name in _THIRD_PARTY)
    words = [word for name, value in found if name in _LANGUAGES for word in re.split(r"[,;/\[\]\"]| and | or ", value)]
    spoken = {code for word in words if (code := _language(word.strip().casefold()))}
    return Kept(is_elsewhere, () if "en" in spoken else sorted(spoken))


@functools.cache
def _language(word: str) -> str | None:
    """ISO 639-1 for a name or a code; None for what is no language, such as a dash."""
    import pycountry  # noqa: PLC0415 - loads its tables on import, and many have no use for them

    try:
        return getattr(pycountry.languages.lookup(word), "alpha_2", None)
    except LookupError:
        return None


def people(session: Session, client_ids: Collection[UUID]) -> dict[UUID, Person]:
    """These people and their families: those of the same partner with the same number of employee."""
    found = session.execute(_people(), {"ids": list(client_ids)}).all()
    histories, stays = _histories(session, [row.id for row in found]), _stays(session, client_ids)
    return {
        client_id: Person(
            partner_id=partner_id,
            employee_id=employee_id,
            attorneys=histories[client_id].attorneys | ({attorney_id} if attorney_id else frozenset()),
            denials=histories[client_id].denials,
            stay_ends=stays.get(client_id),
        )
        for client_id, partner_id, employee_id, attorney_id in found
    }


@functools.cache
def _people() -> Select[UUID, UUID, str | None, UUID | None]:
    """A union, since no index answers two questions of which either will do."""
    asked, own = aliased(Client), Client.id == _IDS
    same = and_(
        asked.firm_id == Client.firm_id,
        asked.partner_id == Client.partner_id,
        asked.employee_id == Client.employee_id,
        func.btrim(asked.employee_id) != "",
    )
    family = select(Client.id).join(asked, same).where(asked.id == _IDS)
    found = select(Client.id).where(own).union(family).subquery()
    number = func.nullif(func.btrim(Client.employee_id), "")
    return (
        select(Client.id, Client.partner_id, number, Client.attorney_id)
        .join(found, found.c.id == Client.id)
        .where(Client.erased_at.is_(None))
    )


class _History(NamedTuple):
    """What became of somebody's cases."""

    attorneys: frozenset[UUID] = frozenset()
    denials: int = 0


def _histories(session: Session, client_ids: Collection[UUID]) -> Mapping[UUID | None, _History]:
    found = session.execute(_HISTORY, {"ids": list(client_ids)})
    histories: defaultdict[UUID | None, _History] = defaultdict(_History)
    for client_id, now, before, denials in found:
        histories[client_id] = _History(frozenset(one for one in now or before or () if one), denials)
    return histories


def _who(which: ColumnElement[bool]) -> ColumnElement[Sequence[UUID | None]]:
    return func.array_agg(Case.attorney_id.distinct()).filter(which, Case.attorney_id.is_not(None))


_HISTORY = (
    select(Case.client_id, _who(_OPEN), _who(not_(_OPEN)), func.count().filter(Case.status == "denied"))
    .where(Case.client_id == _IDS)
    .group_by(Case.client_id)
)


def _stays(session: Session, client_ids: Collection[UUID]) -> Mapping[UUID, date]:
    """The last day of the latest of the papers of a stay; of nobody with D/S, or with an I-94 that has no last day."""
    found = session.execute(_ENDS, {"ids": list(client_ids)})
    return {client_id: ends for client_id, ends in found if ends}


_ENDLESS = or_(Document.duration_of_status, and_(Document.doc_type == "i94", Document.expires_on.is_(None)))
_ENDS = (
    select(Document.client_id, func.max(Document.expires_on))
    .where(Document.client_id == _IDS, Document.doc_type.in_(_STAYS), Document.status == "current")
    .group_by(Document.client_id)
    .having(not_(func.bool_or(_ENDLESS)), func.bool_or(Document.doc_type == "i94"))
)


def attorneys(session: Session, today: date) -> list[Candidate]:
    """All attorneys of the firm in order of id, as far as no case is concerned."""
    found = session.execute(_ATTORNEYS).all()
    away = _away(session, today)
    return [
        Candidate(
            attorney_id=row.id,
            works=row.works,
            licence=row.licence,
            senior=row.senior,
            capacity=prorated(row.capacity, row.availability),
            languages=row.languages,
            certifications=row.certifications,
            away=away.get(row.id, ()),
            last_given_at=row.last_given_at,
        )
        for row in found
    ]


_LAST_GIVEN = select(func.max(Assignment.at)).where(  # what was taken back was no turn
    Assignment.firm_id == Attorney.firm_id,
    Assignment.attorney_id == Attorney.id,
    Assignment.kind == "assigned",
    Assignment.taken_back_by.is_(None),
)
_ATTORNEYS = (
    select(
        Attorney.id,
        and_(Staff.active, Staff.role.in_(_ROLES)).label("works"),
        Attorney.licence,
        Attorney.senior,
        Attorney.capacity,
        Attorney.availability,
        Attorney.languages,
        Attorney.certifications,
        _LAST_GIVEN.correlate(Attorney).scalar_subquery().label("last_given_at"),
    )
    .join(Staff, and_(Staff.id == Attorney.staff_id, Staff.firm_id == Attorney.firm_id))
    .order_by(Attorney.id)
)


def _away(session: Session, today: date) -> Mapping[UUID, Sequence[Away]]:
    found = session.execute(_AHEAD, {"today": today})
    away: defaultdict[UUID, list[Away]] = defaultdict(list)
    for attorney_id, first, last in found:
        away[attorney_id].append(Away(first, last))
    return away


_AHEAD = (
    select(TimeOff.attorney_id, TimeOff.starts_on, TimeOff.ends_on)
    .where(TimeOff.ends_on >= _TODAY)
    .order_by(TimeOff.starts_on, TimeOff.ends_on)
)


Knowledge = tuple[UUID | None, str | None]  # an attorney, and a type of case


def levels(session: Session, case_types: Collection[str]) -> dict[Knowledge, int]:
    """What was declared, by attorney and type."""
    found = session.execute(_LEVELS, {"types": list(case_types)})
    return {(attorney_id, case_type): level for attorney_id, case_type, level in found}


_LEVELS = select(Expertise.attorney_id, Expertise.case_type, Expertise.level).where(Expertise.case_type == _TYPES)


def decided(session: Session, case_types: Collection[str], today: date) -> dict[Knowledge, float]:
    """Cases of a type that an attorney brought to a decision within 24 months, each counting half after each year."""
    values = {"types": list(case_types), "today": today, "first": years_later(today, -YEARS)}
    found = session.execute(_DECIDED, values)
    return {(attorney_id, case_type): int(total) / _WHOLE for attorney_id, case_type, total in found}


_COUNTS = func.power(0.5, (_TODAY - Case.decided_on) / float(HALF_LIFE))
_DECIDED = (
    select(Case.attorney_id, Case.case_type, func.sum(cast(func.round(_COUNTS * _WHOLE), BigInteger)))
    .where(Case.status.in_(("approved", "denied")), Case.case_type == _TYPES, Case.attorney_id.is_not(None))
    .where(Case.decided_on.between(bindparam("first", type_=Date), _TODAY))
    .group_by(Case.attorney_id, Case.case_type)
)


def walls(session: Session) -> Mapping[UUID, frozenset[UUID]]:
    """By attorney, the clients and partners of whom they must not know."""
    found = session.execute(_WALLS)
    return {attorney_id: frozenset(sides) for attorney_id, sides in found}


_WALLS = (
    select(Attorney.id, func.array_agg(func.coalesce(Wall.client_id, Wall.partner_id)))
    .join(Wall, and_(Wall.staff_id == Attorney.staff_id, Wall.firm_id == Attorney.firm_id))
    .group_by(Attorney.id)
)
