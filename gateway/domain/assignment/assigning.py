"""Gives cases that wait to attorneys: a firm's queue, some at a time, decided under the locks that hold capacity.

Whoever changes how many cases an attorney has, or may have, holds the row of the attorney to the end of the
transaction: this room, moves by hand, and changes of capacity. So nobody can be given a case that there is no room for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, text, tuple_
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.ids import among
from gateway.db.models import Assignment, Attorney, Case, Firm, UnassignedCase
from gateway.db.session import driver
from gateway.domain import audit
from gateway.domain.assignment import facts, policies, queueing
from gateway.domain.assignment.deciding import rule_of
from gateway.domain.assignment.keeping import as_kept
from gateway.domain.assignment.sitting import Sitting
from gateway.domain.assignment.terms import Decision, Matter, Policy, Way
from gateway.domain.audit import Act, Change
from gateway.events import CaseAssigned
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind
from gateway.office import Acting, Actor

ME = Actor("system", "assignment")
_AT_ONCE = 1_000  # cases for which one transaction holds all attorneys of a firm: some tenths of a second
_WHILE = 8  # of these, that the server keeps while the next are decided: what the buffer of a socket holds
_LATER = 5  # seconds until those are looked at that somebody else was changing
_AS_STORED = {"synchronize_session": False}

Place = tuple[datetime, UUID]  # in the queue: since when a case waits, and its id


class Given(NamedTuple):
    """A case with who gets it, and why.

    Attributes:
        score: by the rule, where that decided.
        kept: the decision whole, as it is stored.
    """

    case_id: UUID
    attorney_id: UUID
    at: datetime
    way: Way
    score: float | None
    complexity: int
    sentence: str
    kept: str


class _Left(NamedTuple):
    """A case that waits on."""

    case_id: UUID
    decision: Decision


class _Batch(NamedTuple):
    """What came of some that wait.

    Attributes:
        last: the place of the last one; None where there are no more.
        busy: somebody else was changing a case of these, which waits on.
    """

    last: Place | None
    busy: bool


def drain(handling: Handling) -> None:
    """Look at all that wait of a firm, the oldest first, each in its turn: given to somebody, or its reason written."""
    after: Place | None = None
    busy = False
    while True:
        batch = _some(handling, after)
        after, busy = batch.last, busy or batch.busy
        if after is None:
            break
    with handling.transaction() as session:
        firm_id = _firm_of(handling)
        queueing.tell_late(handling.office, session, firm_id, policies.of_firm(session, firm_id).settings.tell_after)
        if busy:
            queueing.ask(session, firm_id, _LATER)


def lock_attorneys(session: Session, ids: Iterable[UUID] | None = None) -> None:
    """Hold what attorneys have and may have until the end of the transaction; all of the firm's, or these.

    In order of their ids, and before any case, so that nobody who does the same waits in a circle.
    """
    wanted = select(Attorney.id).order_by(Attorney.id).with_for_update(key_share=True)
    session.execute(wanted if ids is None else wanted.where(Attorney.id.in_(ids))).all()


def today_of(session: Session) -> date:
    """The firm's day."""
    return clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())


# ------------------------------------------------------------------------------------------------ some at a time


def _firm_of(handling: Handling) -> UUID:
    firm_id = handling.job.firm_id
    assert firm_id is not None  # noqa: S101 - `queueing.ask` says whose
    return firm_id


def _some(handling: Handling, after: Place | None) -> _Batch:
    firm_id = _firm_of(handling)
    with handling.office.db.firm(firm_id) as session:
        acting = Acting(handling.office, session, firm_id, ME)
        lock_attorneys(session)
        waiting = _next(session, after)
        free, busy = _take(session, [case_id for _, case_id in waiting])
        if free:
            _assign(acting, [one for _, one in waiting if one in free], free)
        handling.hold(session)
        return _Batch(waiting[-1] if len(waiting) == _AT_ONCE else None, busy)


def _next(session: Session, after: Place | None) -> list[Place]:
    place = (UnassignedCase.since, UnassignedCase.case_id)
    found = select(*place).order_by(*place).limit(_AT_ONCE)
    if after is not None:
        found = found.where(tuple_(*place) > tuple_(*after))
    return [(since, case_id) for since, case_id in session.execute(found)]


class _Taken(NamedTuple):
    """A case, as far as it matters to whoever notes what becomes of it."""

    id: UUID
    partner_id: UUID
    client_id: UUID | None


def _take(session: Session, ids: list[UUID]) -> tuple[dict[UUID, _Taken], bool]:
    """Those that still need somebody, locked; whether others do whom somebody is changing.

    Nobody is waited for: an import holds its cases long, and meanwhile nobody else would be given any.
    """
    queueing.leave(session, ids)
    needing = select(Case.id, Case.partner_id, Case.client_id).where(Case.id == among(ids))
    needing = needing.where(queueing.needs_somebody())
    locked = needing.order_by(Case.id).with_for_update(key_share=True, skip_locked=True, of=Case)
    free = {row.id: _Taken(*row) for row in session.execute(locked)}
    still = select(func.count()).where(UnassignedCase.case_id == among(ids))
    return free, session.scalars(still).one() > len(free)


def _assign(acting: Acting, waiting: Iterable[UUID], cases: Mapping[UUID, _Taken]) -> None:
    session = acting.session
    policy, today = policies.of_firm(session, acting.firm_id), today_of(session)
    now = queueing.moment_of_giving(session)
    field = facts.gather(session, list(cases), today)
    matters = [field.matters[one] for one in waiting if one in field.matters]  # the next look takes out what ended
    given, left = _decide(acting, Sitting(field, policy, today), matters, now)
    if left:
        _wait(session, left, now)
    if given:
        _write(acting, policy, given, cases)


def _decide(
    acting: Acting, sitting: Sitting, matters: Sequence[Matter], now: datetime
) -> tuple[list[Given], list[_Left]]:
    """Cases given away, and those that wait on; the server keeps some decisions while the next ones are made."""
    given: list[Given] = []
    left: list[_Left] = []
    had = _had(acting.session, [one.case_id for one in matters])
    with driver(acting.session).pipeline():
        for first in range(0, len(matters), _WHILE):
            some = matters[first : first + _WHILE]
            got, waits = _decided(sitting, some, now + timedelta(microseconds=first))
            if got:
                _keep(acting, sitting.policy, got, had)
            given, left = given + got, left + waits
    return given, left


def _had(session: Session, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Those that were somebody's until they lost their attorney, hardly any; what they were given is to end."""
    current = select(Assignment.case_id).where(Assignment.case_id == among(ids), Assignment.until.is_(None))
    return frozenset(session.scalars(current))


def _decided(sitting: Sitting, matters: Sequence[Matter], now: datetime) -> tuple[list[Given], list[_Left]]:
    """Cases given away, each with all before it, and those that wait on."""
    given: list[Given] = []
    left: list[_Left] = []
    for place, matter in enumerate(matters):
        decision = sitting.decide(matter)
        if decision.attorney_id is None:
            left.append(_Left(matter.case_id, decision))
            continue
        at = now + timedelta(microseconds=place)  # whose turn is next is told by who was given one last
        sitting.give(matter, decision.attorney_id, at)
        given.append(_given(matter, decision, decision.attorney_id, at))
    return given, left


def _given(matter: Matter, decision: Decision, attorney_id: UUID, at: datetime) -> Given:
    """What is kept of a decision; so much of hundreds that they are not held themselves."""
    by_rule = decision.way == "rule"
    return Given(
        case_id=matter.case_id,
        attorney_id=attorney_id,
        at=at,
        way=decision.way or "rule",
        score=decision.scored[0].score if by_rule else None,
        complexity=decision.complexity,
        sentence=decision.sentence,
        kept=as_kept(decision),
    )


def _wait(session: Session, left: Sequence[_Left], now: datetime) -> None:
    rows = [
        {
            "case_id": case_id,
            "code": decision.code,
            "reason": decision.sentence,
            "excluded": Counter(code for _, code in {(each.attorney_id, each.code) for each in decision.excluded}),
            "forecast_on": decision.forecast_on,
            "policy_version": decision.policy_version,
        }
        for case_id, decision in left
    ]
    session.execute(_WAIT, {"rows": msgspec.json.encode(rows).decode(), "now": now})


_WAIT = text("""
UPDATE unassigned_cases u SET tried_at = :now, code = r.code, reason = r.reason, excluded = r.excluded,
    forecast_on = r.forecast_on, policy_version = r.policy_version
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    r (case_id uuid, code text, reason text, excluded jsonb, forecast_on date, policy_version integer)
WHERE u.case_id = r.case_id
""")


def _write(acting: Acting, policy: Policy, given: Sequence[Given], cases: Mapping[UUID, _Taken]) -> None:
    session, ids = acting.session, [one.case_id for one in given]
    session.execute(_GIVE, {"ids": ids, "attorneys": [one.attorney_id for one in given]})
    gone = delete(UnassignedCase).where(UnassignedCase.case_id == among(ids))
    session.execute(gone, execution_options=_AS_STORED)
    rule = rule_of(policy)
    audit.record_all(acting, "case.assign", (_act(one, cases[one.case_id], rule) for one in given))
    for partner_id in sorted({cases[one].partner_id for one in ids}):  # in order: each is a lock
        acting.tell(
            CaseAssigned(partner_id=partner_id, records=[one for one in ids if cases[one].partner_id == partner_id])
        )


_GIVE = text(
    "UPDATE cases SET attorney_id = g.attorney_id, version = version + 1, updated_at = gateway_now()"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:attorneys AS uuid[])) g (case_id, attorney_id) WHERE cases.id = g.case_id"
)


def _keep(acting: Acting, policy: Policy, given: Sequence[Given], had: frozenset[UUID]) -> None:
    """Decisions hold kilobytes each: they travel in the driver's binary form, in which nothing has to be escaped."""
    values = {
        "firm": acting.firm_id,
        "rule": rule_of(policy),
        "version": policy.version,
        "by_kind": acting.actor.kind,
        "by": acting.actor.name,
        **{name: [getattr(one, name) for one in given] for name in Given._fields},
    }
    connection = driver(acting.session)
    if not had.isdisjoint(one.case_id for one in given):
        connection.execute(_END, values)
    connection.execute(_KEEP, values)


_END = """
UPDATE assignments SET until = g.at FROM unnest(%(case_id)b::uuid[], %(at)b::timestamptz[]) g (case_id, at)
WHERE assignments.case_id = g.case_id AND assignments.until IS NULL
"""
_KEEP = """
INSERT INTO assignments (firm_id, case_id, attorney_id, kind, rule, policy_version, complexity, score, reason, decision,
    by_kind, by, at)
SELECT %(firm)s, g.case_id, g.attorney_id, 'assigned', %(rule)s, %(version)s, g.complexity, g.score, g.reason,
    g.decision::jsonb, %(by_kind)s, %(by)s, g.at
FROM unnest(%(case_id)b::uuid[], %(attorney_id)b::uuid[], %(complexity)b::int[], %(score)t::float8[],
    %(sentence)b::text[], %(kept)b::text[], %(at)b::timestamptz[])
    g (case_id, attorney_id, complexity, score, reason, decision, at)
"""


def _act(one: Given, case: _Taken, rule: str) -> Act:
    told = {"attorney_id": str(one.attorney_id), "rule": rule, "way": one.way}
    return Act(case.client_id, case.id, Change("case", case.id, "updated", {"attorney_id": None}, told))


KINDS = (Kind(queueing.DRAIN, "normal", drain),)
