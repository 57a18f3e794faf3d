"""Cases by the hundred, many workers that are killed, attorneys who change, moves by hand: nobody is ever over capacity.

`GATEWAY_STORM=whole` makes it 5,000 cases and 32 workers.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from random import Random
from typing import Any
from uuid import UUID

import pytest
from helpers.attorneys import AT_THE_DESK, Lawyers
from helpers.killing import Locks, kill
from helpers.servers import until
from sqlalchemy import func, select

from gateway import clock
from gateway.db.models import Assignment, Attorney, Case, JobRow, UnassignedCase
from gateway.domain.assignment import attorneys, moving, queueing, time_off
from gateway.domain.assignment.attorneys import Said
from gateway.errors import Problem

WHOLE = os.environ.get("GATEWAY_STORM") == "whole"
CASES, PROCESSES, THREADS, ATTORNEYS = (5_000, 4, 8, 100) if WHOLE else (400, 2, 4, 16)
BEGIN, MOST = (30, 48) if WHOLE else (12, 24)  # capacity; not all find room
_PACE = 0.05  # seconds between acts of one of the others
WATCH = """
CREATE FUNCTION watch_capacity() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT count(*) FROM cases WHERE firm_id = NEW.firm_id AND attorney_id = NEW.attorney_id AND status = 'open')
       > (SELECT capacity FROM attorneys WHERE firm_id = NEW.firm_id AND id = NEW.attorney_id)
    THEN RAISE EXCEPTION 'over capacity'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER watch_capacity AFTER UPDATE OF attorney_id ON cases
FOR EACH ROW WHEN (NEW.attorney_id IS NOT NULL) EXECUTE FUNCTION watch_capacity()
"""


@pytest.fixture
def firm(office, tenants):
    return Lawyers(office, tenants.northgate, tenants.acme)


@pytest.fixture
def watched(locks: Locks) -> Iterator[None]:
    """A trigger looks at every change of who has a case."""
    with locks.holder() as owner:
        owner.execute(WATCH)
        owner.commit()
        yield
        owner.execute("DROP TRIGGER watch_capacity ON cases; DROP FUNCTION watch_capacity()")
        owner.commit()


@pytest.mark.usefixtures("watched")
def test_a_storm_of_cases_fills_everybody_and_nobody_is_over_capacity(firm, worker_process, monkeypatch):
    monkeypatch.setenv("THREADS", str(THREADS))
    people = [firm.hire(f"a{number}", BEGIN) for number in range(ATTORNEYS)]
    opened = [one for _ in range(10) for one in firm.open(CASES // 10)]
    workers = [worker_process("normal") for _ in range(PROCESSES)]
    faults: list[BaseException] = []
    with _meanwhile(faults, [partial(_change, firm, people), partial(_move, firm, people)]):
        for number, worker in enumerate(workers[: PROCESSES // 2], start=1):
            until(lambda number=number: _given(firm) > CASES // 8 * number or _is_tried(firm))
            kill(worker)
            worker_process("normal")
        until(lambda: _is_tried(firm))
    until(lambda: _is_still(firm))
    assert faults == []
    for one in people:  # all are back
        with firm.office.acting(firm.firm_id, AT_THE_DESK) as acting:
            if time_off.ahead(acting.session, clock.now().date(), [one]):
                time_off.back(acting, one)
    with firm.office.db.firm(firm.firm_id) as session:
        queueing.ask(session, firm.firm_id)
    until(lambda: _is_still(firm))
    _check(firm, opened)


def _check(firm: Lawyers, opened: list[UUID]) -> None:
    held, waiting = firm.held(), firm.waiting()
    with firm.office.db.firm(firm.firm_id) as session:
        may_hold = dict(session.execute(select(Attorney.id, Attorney.capacity)).all())
        current = Counter(session.scalars(select(Assignment.case_id).where(Assignment.until.is_(None))))
        has = dict(session.execute(select(Case.id, Case.attorney_id)).all())
        last = select(Assignment.case_id, Assignment.attorney_id).where(Assignment.until.is_(None))
        assert dict(session.execute(last).all()) == {one: who for one, who in has.items() if who}
        assert session.scalars(select(JobRow.last_error).where(JobRow.state == "dead")).all() == []
    assert set(current.values()) == {1}
    assert set(current) | set(waiting) == set(opened)
    assert not set(current) & set(waiting)
    assert all(held.get(one, 0) <= most for one, most in may_hold.items())
    if waiting:  # for a reason that is true
        assert {one.code for one in waiting.values()} == {"all_full"}
        assert held == may_hold


@contextmanager
def _meanwhile(faults: list[BaseException], acts: list[Callable[[Random], None]]) -> Iterator[None]:
    """Others act again and again, each in a thread of its own."""
    over = threading.Event()

    def until_over(act: Callable[[Random], None], draw: Random) -> None:
        while not over.wait(_PACE):
            try:
                with suppress(Problem):  # no room, or somebody was faster: that is for people to see
                    act(draw)
            except BaseException as fault:  # noqa: BLE001 - the test's own thread sees it
                faults.append(fault)
                return

    threads = [threading.Thread(target=until_over, args=(act, Random(number))) for number, act in enumerate(acts)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        over.set()
        for one in threads:
            one.join()


def _change(firm: Lawyers, people: list[UUID], draw: Random) -> None:
    """Somebody may hold one more, or goes away for today, or comes back."""
    one = draw.choice(people)
    with firm.office.acting(firm.firm_id, AT_THE_DESK) as acting:
        found = attorneys.find(acting, one)
        if draw.random() < 0.5:
            attorneys.change(acting, one, Said(capacity=min(found.attorney.capacity + 1, MOST)))
        elif time_off.ahead(acting.session, clock.now().date(), [one]):
            time_off.back(acting, one)
        else:
            time_off.add(acting, one, clock.now().date(), clock.now().date())


def _move(firm: Lawyers, people: list[UUID], draw: Random) -> None:
    with firm.office.acting(firm.firm_id, AT_THE_DESK) as acting:
        held = select(Case.id).where(Case.attorney_id.is_not(None)).order_by(func.random()).limit(1)
        case_id = acting.session.scalar(held)
        if case_id is not None:
            moving.move(acting, case_id, draw.choice(people), "To and fro.")


def _given(firm: Lawyers) -> int:
    return sum(firm.held().values())


def _is_tried(firm: Lawyers) -> bool:
    """All have somebody, or were looked at."""
    return _count(firm, select(func.count()).where(UnassignedCase.tried_at.is_not(None))) + _given(firm) == CASES


def _is_still(firm: Lawyers) -> bool:
    """Nobody looks at them any more."""
    kinds = JobRow.kind.in_((queueing.DRAIN, "events.assignment"))
    return not _count(firm, select(func.count()).where(kinds, JobRow.state.in_(("waiting", "running"))))


def _count(firm: Lawyers, query: Any) -> int:
    with firm.office.db.system() as session:
        return session.scalars(query).one()
