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
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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

from gateway.db.asking import Question, ask
from gateway.db.models import Assignment, Case, Client, Document
from gateway.domain.assignment import roster
from gateway.domain.assignment.terms import Candidate

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
_TODAY = bindparam("today", type_=Date)


class Begun(NamedTuple):
    """What can be asked before anything is known: cases as they stand, who there is, and whom walls stand around."""

    cases: Sequence[Any]
    kept: Mapping[UUID, Kept]
    attorneys: list[Candidate]
    walls: Mapping[UUID, frozenset[UUID]]


class Known(NamedTuple):
    """The rest, which hangs on whose cases they are, and of what type.

    Attributes:
        asked: in the order in which they are looked at.
        held: of whatever else was asked at once.
    """

    asked: list[Asked]
    people: dict[UUID, Person]
    levels: dict[roster.Knowledge, int]
    decided: dict[roster.Knowledge, float]
    held: Sequence[Any]


def begin(session: Session, case_ids: Collection[UUID], today: date) -> Begun:
    """Ask in one round trip for the open ones of these cases, and for the attorneys of the firm."""
    ids = {"ids": list(case_ids)}
    found, besides, *everybody, walled = ask(
        session, Question(_CASES, ids), Question(_besides(), ids), *roster.everybody(today), roster.WALLED
    )
    return Begun(found, _told(besides), roster.candidates(*everybody), roster.sides(walled))


def know(session: Session, begun: Begun, today: date, held: Question) -> Known:
    """Ask for all the rest in two more: the family must be known before what became of its cases."""
    clients = {row.client_id for row in begun.cases if row.client_id}
    types = {row.case_type for row in begun.cases if row.case_type}
    ids = {"ids": list(clients)}
    answers, found, stays, levelled, counted, loads = ask(
        session,
        Question(_ANSWERED, {**ids, "today": today}),
        Question(_people(), ids),
        Question(_ENDS, ids),
        roster.levels_of(types),
        roster.decided_of(types, today),
        held,
    )
    [histories] = ask(session, _histories(found))
    return Known(
        _asked(begun, _answers(answers)),
        _persons(found, histories, stays),
        roster.by_level(levelled),
        roster.by_count(counted),
        loads,
    )


def _asked(begun: Begun, answers: Mapping[UUID | None, _Answer]) -> list[Asked]:
    besides = begun.kept
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
        for row in begun.cases
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


def _answers(found: Iterable[Any]) -> Mapping[UUID | None, _Answer]:
    """By case; asked for by person, for papers are found by theirs."""
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
    [found] = ask(session, Question(_besides(), {"ids": list(case_ids)}))
    return _told(found)


def _told(found: Iterable[Any]) -> Mapping[UUID, Kept]:
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
    ids = {"ids": list(client_ids)}
    found, stays = ask(session, Question(_people(), ids), Question(_ENDS, ids))
    [histories] = ask(session, _histories(found))
    return _persons(found, histories, stays)


def _persons(found: Iterable[Any], histories: Iterable[Any], stays: Iterable[Any]) -> dict[UUID, Person]:
    """Stays end with the latest of their papers; nobody's who has D/S, or an I-94 without a last day."""
    past, ends = _past(histories), dict(stays)
    return {
        client_id: Person(
            partner_id=partner_id,
            employee_id=employee_id,
            attorneys=past[client_id].attorneys | ({attorney_id} if attorney_id else frozenset()),
            denials=past[client_id].denials,
            stay_ends=ends.get(client_id),
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


def _histories(people: Iterable[Any]) -> Question:
    return Question(_HISTORY, {"ids": [row.id for row in people]})


def _past(found: Iterable[Any]) -> Mapping[UUID | None, _History]:
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


_ENDLESS = or_(Document.duration_of_status, and_(Document.doc_type == "i94", Document.expires_on.is_(None)))
_ENDS = (
    select(Document.client_id, func.max(Document.expires_on))
    .where(Document.client_id == _IDS, Document.doc_type.in_(_STAYS), Document.status == "current")
    .group_by(Document.client_id)
    .having(not_(func.bool_or(_ENDLESS)), func.bool_or(Document.doc_type == "i94"))
)
