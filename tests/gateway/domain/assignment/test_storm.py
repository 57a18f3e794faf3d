"""Cases by the hundred, workers that are killed, attorneys and cases that change: nobody is ever over capacity.

Capacities go up and down, people go away and come back, cases are closed, reopened, moved and taken back, and several
workers give a firm's cases away at once. `GATEWAY_STORM=whole` makes it 5,000 cases and 32 workers.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from math import floor
from random import Random
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
from helpers import assignment_oracle as oracle
from helpers import killing
from helpers.attorneys import AT_THE_DESK, Lawyers
from helpers.killing import Locks, kill
from helpers.servers import until
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gateway.db.models import Assignment, Attorney, Case, JobRow, UnassignedCase
from gateway.domain.assignment import attorneys, moving, queueing, time_off
from gateway.domain.assignment.attorneys import Said
from gateway.domain.assignment.terms import Away, Candidate, Matter, Policy
from gateway.domain.people import cases
from gateway.errors import Problem
from gateway.jobs import ledger
from gateway.jobs.kinds import LADDER

WHOLE = os.environ.get("GATEWAY_STORM") == "whole"
CASES, PROCESSES, THREADS, ATTORNEYS = (5_000, 4, 8, 100) if WHOLE else (200, 2, 4, 10)
LEAST, MOST = (30, 48) if WHOLE else (10, 20)  # capacity; not all find room
MOVERS, CLOSERS = (4, 2) if WHOLE else (2, 1)
ACTS = 100 if WHOLE else 8  # of each kind, at the least, before it ends
_PATIENCE = 1_200.0 if WHOLE else 75.0
_SELDOM = 0.1  # looks hold all attorneys, and somebody else wants them, too
_PACE = 0.02  # seconds between acts of one of the others
_LINGERS = 0.02  # seconds between what was decided and its writing: without a lock, others come in between
WEEK = {"mon": 8, "tue": 8, "wed": 4}  # half of a full one
WATCH = f"""
CREATE TABLE breaches (told text NOT NULL);
CREATE TABLE turns (transaction xid8 DEFAULT pg_current_xact_id(), case_id uuid, at timestamptz, since timestamptz);
GRANT INSERT ON breaches, turns TO PUBLIC;
CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep({_LINGERS});
    RETURN NULL;
END $$;
CREATE TRIGGER linger BEFORE UPDATE OF attorney_id ON cases FOR EACH STATEMENT EXECUTE FUNCTION linger();
CREATE FUNCTION note_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO turns (case_id, at, since)
    SELECT NEW.case_id, NEW.at, since FROM unassigned_cases WHERE firm_id = NEW.firm_id AND case_id = NEW.case_id;
    RETURN NULL;
END $$;
CREATE TRIGGER note_turn AFTER INSERT ON assignments FOR EACH ROW WHEN (NEW.rule IS NOT NULL)
EXECUTE FUNCTION note_turn();
CREATE FUNCTION watch_giving() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE holds int; may_hold int; is_open boolean; is_away boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(1937006962, hashtext(NEW.attorney_id::text));
    SELECT status = 'open' AND stage <> 'closed' INTO is_open FROM cases WHERE firm_id = NEW.firm_id AND id = NEW.id;
    SELECT count(*) INTO holds FROM cases
    WHERE firm_id = NEW.firm_id AND attorney_id = NEW.attorney_id AND status = 'open' AND stage <> 'closed';
    SELECT CASE WHEN capacity = 0 THEN 0 ELSE greatest(1, floor(capacity * least(1, coalesce(
        (SELECT sum(value::numeric) FROM jsonb_each_text(availability)), 40) / 40))) END INTO may_hold
    FROM attorneys WHERE firm_id = NEW.firm_id AND id = NEW.attorney_id;
    SELECT EXISTS (SELECT FROM time_off WHERE firm_id = NEW.firm_id AND attorney_id = NEW.attorney_id
        AND (gateway_now() AT TIME ZONE (SELECT time_zone FROM firms WHERE id = NEW.firm_id))::date
            BETWEEN starts_on AND ends_on) INTO is_away;
    IF is_away THEN INSERT INTO breaches VALUES ('was given a case while away'); END IF;
    IF holds > may_hold THEN INSERT INTO breaches VALUES (format('holds %s, may hold %s', holds, may_hold)); END IF;
    IF NOT is_open THEN INSERT INTO breaches VALUES ('was given a case that has ended'); END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER watch_giving AFTER UPDATE OF attorney_id ON cases DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.attorney_id IS NOT NULL AND NEW.attorney_id IS DISTINCT FROM OLD.attorney_id)
EXECUTE FUNCTION watch_giving()
"""
OUT_OF_TURN = """
SELECT format('%s was given before %s, which waited longer', before.case_id, turns.case_id) FROM turns JOIN (
    SELECT transaction, at, case_id, since FROM turns
) before USING (transaction)
WHERE before.at < turns.at AND (before.since, before.case_id) > (turns.since, turns.case_id)
"""


@pytest.fixture
def firm(office, tenants):
    return Lawyers(office, tenants.northgate, tenants.acme)


@pytest.fixture
def breaches(locks: Locks) -> Iterator[Callable[[], list[str]]]:
    """What was wrong at the end of any transaction that gave somebody a case, as the database itself saw it.

    It looks once it has the attorney to itself, so of two that give at once the second sees both. What it finds is
    kept beside the cases: an error would be tried again, and be forgotten.
    """
    with locks.holder() as owner:
        owner.execute(WATCH)
        owner.commit()

        def found() -> list[str]:
            rows = owner.execute("SELECT told FROM breaches").fetchall() + owner.execute(OUT_OF_TURN).fetchall()
            owner.commit()
            return [told for (told,) in rows]

        yield found
        owner.execute("DROP FUNCTION watch_giving, linger, note_turn CASCADE; DROP TABLE breaches, turns")
        owner.commit()


@pytest.mark.timeout((PROCESSES + 4) * _PATIENCE)  # so that what was waited for is told first
def test_a_storm_of_cases_fills_everybody_and_nobody_is_over_capacity(firm, worker_process, breaches, monkeypatch):
    monkeypatch.setenv("THREADS", str(THREADS))
    monkeypatch.setitem(killing.QUICK, "GATEWAY_JOB_LEASE_SECONDS", "6")  # of a busy machine a look may take two
    people = [
        firm.hire(f"a{n}", Random(n).randint(LEAST, MOST), availability=WEEK if n % 4 == 0 else {})
        for n in range(ATTORNEYS)
    ]
    opened = [one for _ in range(10) for one in firm.open(CASES // 10)]
    workers = [worker_process("normal") for _ in range(PROCESSES)]
    acts = [
        partial(_change, people),
        partial(_leave, people),
        _ask,
        *[partial(_move, people)] * MOVERS,
        *[_end] * CLOSERS,
    ]
    began = perf_counter()
    with _meanwhile(firm, acts) as told:

        def so_far() -> str:
            return f"{told.whole()}; breaches: {breaches()}"

        for place in range(PROCESSES):
            until(
                lambda place=place: told.faults or told.done() > ACTS * (place + 1) // (PROCESSES + 1),
                _PATIENCE,
                so_far,
            )
            kill(workers[place])
            worker_process("normal")
        until(lambda: told.faults or told.done() > ACTS, _PATIENCE, so_far)
    until(lambda: _is_still(firm), _PATIENCE, lambda: _left(firm))
    assert told.faults == []
    with firm.office.db.firm(firm.firm_id) as session:  # the last look, after the last change
        queueing.ask(session, firm.firm_id)
    until(lambda: _is_still(firm), _PATIENCE, lambda: _left(firm))
    assert breaches() == []
    _check(firm, opened)
    print(f"{CASES} cases in {perf_counter() - began:.0f} s: {told.whole()}")  # noqa: T201


# ------------------------------------------------------------------------------------------------ what is true


def _check(firm: Lawyers, opened: list[UUID]) -> None:
    """Every case that is open is with one attorney or waits for a true reason, and the history says the same."""
    with firm.office.db.firm(firm.firm_id) as session:
        is_open = (Case.status == "open") & (Case.stage != "closed")
        has = dict(session.execute(select(Case.id, Case.attorney_id).where(is_open)).all())
        ended = set(session.scalars(select(Case.id).where(~is_open)))
        assert session.scalars(select(JobRow.last_error).where(JobRow.state == "dead")).all() == []
        rows = session.scalars(select(Assignment).order_by(Assignment.case_id, Assignment.at)).all()
        session.expunge_all()
    assert set(has) | ended == set(opened)
    waiting = firm.waiting()
    assert set(waiting) == {one for one, who in has.items() if who is None}
    _check_history(rows, has)
    _check_reasons(firm, waiting, Counter(who for who in has.values() if who))


def _check_history(rows: list[Assignment], has: Mapping[UUID, UUID | None]) -> None:
    """No case was ever with two at once: each spell begins where the one before has ended."""
    by_case: defaultdict[UUID, list[Assignment]] = defaultdict(list)
    for one in rows:
        by_case[one.case_id].append(one)
    for case_id, spells in by_case.items():
        assert [one.until is None for one in spells[:-1]] == [False] * (len(spells) - 1)
        assert spells[0].previous_id is None
        for before, after in pairwise(spells):
            is_back = before.taken_back_by is not None
            assert before.until <= after.at if is_back else before.until == after.at
            assert after.previous_id == (None if is_back else before.attorney_id)
        last = spells[-1]
        assert case_id not in has or has[case_id] == (last.attorney_id if last.until is None else None)
    assert {one for one, who in has.items() if who} <= set(by_case)


def _check_reasons(firm: Lawyers, waiting: Mapping[UUID, UnassignedCase], held: Counter[UUID]) -> None:
    """By the tables themselves and the solver, which share no line with the code."""
    people = _people(firm, held)
    with firm.office.db.firm(firm.firm_id) as session:
        today = time_off.today_of(session)
    for case_id, row in waiting.items():
        back = frozenset(one.attorney_id for one in firm.history(case_id) if one.taken_back_by)
        matter = Matter(case_id=case_id, partner_id=firm.partner_id, complexity=2, opened_at=row.since, taken_from=back)
        assert oracle.solve(matter, people, Policy(), today) == (None, None)
        assert row.code == oracle.reason(matter, people, Policy(), today)
        assert row.excluded.get("full", 0) == sum(one.load >= one.capacity for one in people)


def _people(firm: Lawyers, held: Counter[UUID]) -> list[Candidate]:
    with firm.office.db.firm(firm.firm_id) as session:
        rows = session.execute(text("SELECT id, capacity, availability FROM attorneys")).all()
        away = defaultdict(list)
        for who, first, last in session.execute(text("SELECT attorney_id, starts_on, ends_on FROM time_off")):
            away[who].append(Away(first, last))
    return [
        Candidate(
            attorney_id=who,
            licence="NY 1",
            senior=True,
            capacity=max(1, floor(most * (0.5 if week else 1))),
            load=held[who],
            away=away[who],
        )
        for who, most, week in rows
    ]


def _is_still(firm: Lawyers) -> bool:
    """Nobody looks at them any more."""
    return not _count(firm, _WORK)


_WORK = select(func.count()).where(
    JobRow.kind.in_((queueing.DRAIN, "events.assignment")), JobRow.state.in_(("waiting", "running"))
)


def _left(firm: Lawyers) -> str:
    """What is not done yet, for whoever reads why."""
    with firm.office.db.system() as session:
        rows = session.execute(
            text("SELECT kind, state, attempts, not_before, last_error FROM jobs WHERE state <> 'done'")
        )
        return str([tuple(map(str, one)) for one in rows])


def _count(firm: Lawyers, query: Any) -> int:
    with firm.office.db.system() as session:
        return session.scalars(query).one()


# ------------------------------------------------------------------------------------------------ what others do


class Told:
    """What the others have done, by kind; what was refused them; and what should not have happened."""

    def __init__(self) -> None:
        self.acts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.faults: list[BaseException] = []

    def whole(self) -> str:
        """All of it, for whoever reads why it did not come about."""
        return f"{dict(self.acts)}, refused {dict(self.refused)}"

    def done(self) -> int:
        """Of whatever was done the least."""
        return min((self.acts[name] for name in KINDS_OF_ACTS), default=0)


KINDS_OF_ACTS = ("more", "fewer", "away", "back", "moved", "undone", "closed", "reopened")


@contextmanager
def _meanwhile(firm: Lawyers, acts: list[Callable[[Lawyers, Random], str | None]]) -> Iterator[Told]:
    """Others act again and again, each in a thread of its own."""
    over, told = threading.Event(), Told()

    def until_over(act: Callable[[Lawyers, Random], str | None], draw: Random) -> None:
        while not over.wait(_PACE):
            try:
                told.acts[act(firm, draw) or "nothing"] += 1
            except Problem as problem:  # no room, or somebody was faster: that is for people to see
                told.refused[problem.code] += 1
                if problem.code == "deadlock":
                    told.faults.append(problem.__cause__ or problem)
            except BaseException as fault:  # noqa: BLE001 - the test's own thread sees it
                told.faults.append(fault)
                return

    threads = [threading.Thread(target=until_over, args=(act, Random(number))) for number, act in enumerate(acts)]
    for one in threads:
        one.start()
    try:
        yield told
    finally:
        over.set()
        for one in threads:
            one.join()


def _change(people: list[UUID], firm: Lawyers, draw: Random) -> str:
    """Somebody may hold some more, or fewer than they hold."""
    one, by = draw.choice(people), draw.choice([-4, -2, -1, 1, 2, 4])
    with firm.office.acting(firm.firm_id, AT_THE_DESK) as acting:
        capacity = attorneys.find(acting, one, for_change=True).attorney.capacity
        attorneys.change(acting, one, Said(capacity=min(max(capacity + by, LEAST // 2), MOST)))
    return "more" if by > 0 else "fewer"


def _leave(people: list[UUID], firm: Lawyers, draw: Random) -> str:
    """Somebody goes away for today, or comes back."""
    one = draw.choice(people)
    with firm.office.acting(firm.firm_id, AT_THE_DESK) as acting:
        today = time_off.today_of(acting.session)
        if time_off.ahead(acting.session, today, [one]):
            time_off.back(acting, one)
            return "back"
        time_off.add(acting, one, today, today)
        return "away"


def _move(people: list[UUID], firm: Lawyers, draw: Random) -> str | None:
    """A case passes to somebody, or from whom it was given is taken back."""
    undoes = draw.random() < 0.3
    case_id = _any(firm, (Case.status == "open") & (Case.attorney_id.is_not(None) | (not undoes)))
    if case_id is None:
        return None
    with firm.office.acting(firm.firm_id, AT_THE_DESK) as acting:
        if undoes:
            moving.undo(acting, case_id)
            return "undone"
        moving.move(acting, case_id, _with_room(acting.session) or draw.choice(people), "To and fro.")
        return "moved"


def _with_room(session: Session) -> UUID | None:
    """Somebody who seems to have a place left, to whom a worker gives a case at this moment, too."""
    held = select(func.count()).where(Case.attorney_id == Attorney.id, Case.status == "open").scalar_subquery()
    able = select(Attorney.id).where(Attorney.availability == {}, Attorney.capacity > held)
    return session.scalar(able.order_by(func.random()).limit(1))


def _end(firm: Lawyers, draw: Random) -> str | None:
    """A case is closed, or a closed one is taken up again."""
    reopens = draw.random() < 0.5
    case_id = _any(firm, Case.status == ("closed" if reopens else "open"))
    if case_id is None:
        return None
    with firm.office.acting(firm.firm_id, AT_THE_DESK) as acting:
        if reopens:
            cases.reopen(acting, case_id, "drafting")
            return "reopened"
        cases.close(acting, case_id, "closed", None)
        return "closed"


def _ask(firm: Lawyers, draw: Random) -> str | None:
    """Somebody has the queue looked at, whoever looks at it already: many at once, each in no lane."""
    mine = (JobRow.kind == queueing.DRAIN) & JobRow.state.in_(("waiting", "running"))
    with firm.office.db.firm(firm.firm_id) as session:
        if draw.random() > _SELDOM or session.scalars(select(func.count()).where(mine)).one() > PROCESSES:
            return None
        for _ in range(PROCESSES):
            new = ledger.New(queueing.DRAIN, "normal", 1 + len(LADDER), {}, firm.firm_id, None, None, None, None)
            ledger.add(session, new)
    return "asked"


def _any(firm: Lawyers, which: Any) -> UUID | None:
    with firm.office.db.firm(firm.firm_id) as session:
        return session.scalar(select(Case.id).where(which).order_by(func.random()).limit(1))
