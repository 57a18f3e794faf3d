"""A year of papers in fast motion: who is told of what, when and how, against a model that goes person by person."""

import os
import random
from datetime import UTC, datetime, time, timedelta

import pytest
from helpers.firms_world import FIRST, World, store
from helpers.told_model import Key, Model
from sqlalchemy import text

from gateway.domain.expiry import answers
from gateway.domain.expiry.sweep import sweep
from gateway.errors import Problem
from gateway.office import Actor
from outbound.notify.planning import Planned, plan

DOCUMENTS = int(os.environ.get("NOTICE_DOCUMENTS", "120"))  # of a world
WORLDS = int(os.environ.get("NOTICE_WORLDS", "2"))  # 8 of 2,500 documents take half an hour
STEPS = int(os.environ.get("NOTICE_STEPS", "24"))

LEAVE = (
    """
    UPDATE notices n SET state = 'told', ended_at = gateway_now() FROM dispatches d
    WHERE d.firm_id = n.firm_id AND d.id = n.dispatch_id AND d.state = 'waiting' AND d.not_before <= gateway_now()
        AND n.state = 'waiting'
    """,
    """
    UPDATE dispatches d SET state = CASE WHEN EXISTS (SELECT FROM notices n WHERE n.firm_id = d.firm_id
        AND n.dispatch_id = d.id AND n.state = 'told') THEN 'sent' ELSE 'withheld' END
    WHERE d.state = 'waiting' AND d.not_before <= gateway_now()
    """,
)  # stands for whoever sends: everything that may leave is taken


@pytest.fixture
def at(monkeypatch):
    """Sets the clock."""
    return lambda instant: monkeypatch.setenv("GATEWAY_NOW", instant.isoformat())


@pytest.mark.timeout(max(120, DOCUMENTS * WORLDS))
@pytest.mark.parametrize("seed", range(WORLDS))
def test_everybody_is_told_what_a_model_says_person_by_person(office, db, at, seed):
    world = World(random.Random(seed), DOCUMENTS)
    world.settle()
    model, moment = Model(world), datetime.combine(FIRST, time(15, 7), UTC)
    for _ in range(STEPS):
        model.now = moment
        at(moment)
        store(db, world)
        model.sweep()
        swept = sweep(office)
        assert on_record(db) == model.account(), moment
        model.plan()
        plan(office, world_prefers(world))
        assert on_record(db) == model.account(), moment
        again = sweep(office), plan(office, world_prefers(world))
        assert (again[0].notices, again[0].escalated, again[0].cancelled, again[1]) == (0, 0, 0, Planned())
        assert swept.documents == sum(one.status == "current" and one.ends is not None for one in world.papers)
        model.leave()
        run(db, *LEAVE)
        say_something(office, db, model)
        assert on_record(db) == model.account(), moment
        assert messages(db) == sorted(model.of(one) for one in model.messages)
        moment += timedelta(hours=world.random.choice((1, 5, 14, 24, 24, 24, 31, 72, 120, 400)))
        world.live(moment.date())


def world_prefers(world):
    def prefer(_session, wanted):
        found = {one: world.preferences.get((one.staff_id, one.channel)) for one in wanted}
        return {one: mode for one, mode in found.items() if mode}

    return prefer


def say_something(office, db, model):
    """Some answers to notices, whatever state they are in; the model hears what the house does."""
    ids = {Key(*row[:-1]): row[-1] for row in rows(db, f"SELECT {NAMES}, n.id FROM notices n")}
    known = sorted(model.notices, key=lambda key: [str(one) for one in key])
    for key in model.world.random.sample(known, min(12, len(known))):
        if model.world.random.random() < 0.4:
            say(office, model, key, ids[key], None)
        else:
            hours = model.world.random.choice((1, 3, 20, 24, 47, 100, 300, 2000))
            say(office, model, key, ids[key], model.now + timedelta(hours=hours))


def say(office, model, key, notice_id, until):
    firm = model.notices[key].paper.person.firm
    refused = None
    try:
        with office.acting(firm, Actor("system", "test")) as acting:
            if until:
                answers.snooze(acting, [notice_id], until, "cli")
            else:
                answers.acknowledge(acting, [notice_id], "cli")
    except Problem as problem:
        refused = problem.code
    assert refused == (model.snooze(key, until) if until else model.acknowledge(key)), key


# ------------------------------------------------------------------------------------------------ on record

NAMES = "n.document_id, n.expires_on, n.lead, n.step, n.again, n.staff_id, n.channel"
MESSAGE = "t.kind, t.priority, d.channel, d.not_before, CASE d.ended_code WHEN 'empty' THEN 'empty' ELSE d.state END"


def on_record(db):
    found = rows(
        db,
        f"SELECT {NAMES}, n.state, n.ended_code, n.due_on, n.snoozed_until, n.needs_answer, {MESSAGE} FROM notices n"
        " LEFT JOIN dispatches d ON d.firm_id = n.firm_id AND d.id = n.dispatch_id"
        " LEFT JOIN notifications t ON t.firm_id = d.firm_id AND t.id = d.notification_id",
    )
    return {Key(*row[:7]): (*row[7:12], tuple(row[12:]) if row[12] else None) for row in found}


def messages(db):
    named = "JOIN notifications t ON t.firm_id = d.firm_id AND t.id = d.notification_id"
    return sorted(map(tuple, rows(db, f"SELECT {MESSAGE} FROM dispatches d {named}")))


def rows(db, query):
    with db.system() as session:
        return session.execute(text(query)).all()


def run(db, *statements):
    with db.system() as session:
        for one in statements:
            session.execute(text(one))
