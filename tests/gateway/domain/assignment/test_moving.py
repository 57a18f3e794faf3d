"""Cases passed on by hand: who cannot have one, whose yes is wanted, what an absence leaves to pass on, and back again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from helpers.attorneys import AT_THE_DESK, Lawyers
from sqlalchemy import select, update

from gateway import clock
from gateway.db.models import Attorney, AuditEntry, Client, Staff, Wall
from gateway.domain.assignment import moving, plans, policies, queueing
from gateway.errors import Conflict, Forbidden, NotFound

FAR = timedelta(days=60)


@pytest.fixture
def firm(office, tenants):
    return Lawyers(office, tenants.northgate, tenants.acme)


@pytest.fixture
def today():
    """Of the firm, which is behind UTC."""
    return clock.day_in("America/New_York", clock.now())


def act(firm, what, *words, by=AT_THE_DESK):
    with firm.office.acting(firm.firm_id, by) as acting:
        made = what(acting, *words)
        acting.session.flush()
        acting.session.expunge_all()
        return made


def look(acting):
    queueing.look_again(acting.session, acting.firm_id)


def held_by(firm, name="ana", **values):
    """An attorney, and a case of theirs."""
    one = firm.hire(name)
    [case_id] = firm.open(**values)
    firm.work()
    assert firm.holder(case_id) == one
    return one, case_id


def test_a_case_passes_on_with_reason_and_note_and_stays_in_one_hand(firm):
    ana, case_id = held_by(firm)
    ben = firm.hire("ben")
    made = act(firm, moving.move, case_id, "ben@northgate.example", "Knows the employer.", "Call her.")
    assert made.handover is None
    assert firm.holder(case_id) == ben
    first, second = firm.history(case_id)
    assert (first.until, second.until) == (second.at, None)
    told = (second.kind, second.attorney_id, second.previous_id, second.reason, second.note, second.decision)
    assert told == ("reassigned", ben, ana, "Knows the employer.", "Call her.", None)
    with firm.office.db.firm(firm.firm_id) as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.action == "case.move"))
        assert entry.changes[0]["old"] == {"attorney_id": str(ana)}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"capacity": 0}, "may hold 0"),
        ({"licence": None}, "No licence"),
        ({"away": True}, "Away until"),
        ({"walled": True}, "wall"),
        ({"inactive": True}, "does not work|Does not work"),
    ],
)
def test_whoever_cannot_have_it_is_not_given_it_whoever_wants_that(firm, today, values, sentence):
    ana, case_id = held_by(firm)
    special = {name: values[name] for name in values if name not in {"away", "walled", "inactive"}}
    ben = firm.hire("ben", **special)
    with firm.office.db.firm(firm.firm_id) as session:
        staff_id = session.scalars(select(Attorney.staff_id).where(Attorney.id == ben)).one()
        if "walled" in values:
            wall = {"staff_id": staff_id, "partner_id": firm.partner_id, "reason": "Sat on the board."}
            session.add(Wall(firm_id=firm.firm_id, created_by="test", **wall))
        if "inactive" in values:
            session.execute(update(Staff).where(Staff.id == staff_id).values(active=False))
    if "away" in values:
        firm.away(ben, today - timedelta(days=2), today + timedelta(days=2))
    with pytest.raises(Conflict, match=sentence) as refused:
        act(firm, moving.move, case_id, ben, "Why not?")
    assert refused.value.code == "attorney_cannot"
    assert firm.holder(case_id) == ana
    assert len(firm.history(case_id)) == 1


def test_what_a_person_may_judge_is_left_to_them(firm):
    _, case_id = held_by(firm, case_type="eb1a")
    ben = firm.hire("ben", senior=False)
    act(firm, moving.move, case_id, ben, "Learns from it.")
    assert firm.holder(case_id) == ben


def test_with_a_deadline_near_the_receiver_has_to_say_yes(firm, today):
    ana, case_id = held_by(firm, deadline_on=today + timedelta(days=13))
    ben = firm.hire("ben")
    asked = act(firm, moving.move, case_id, ben, "Is in court that week.", "All is filed.", by=firm.actor(ana)).handover
    assert firm.holder(case_id) == ana
    with pytest.raises(Conflict, match="asked already"):
        act(firm, moving.move, case_id, ben, "Once more.")
    with pytest.raises(Forbidden):
        act(firm, moving.accept, asked.id, by=firm.actor(ana))
    act(firm, moving.accept, asked.id, by=firm.actor(ben))
    assert firm.holder(case_id) == ben
    assert firm.history(case_id)[-1].note == "All is filed."
    assert [one.state for one in firm.handovers()] == ["accepted"]
    with pytest.raises(Conflict, match="already"):
        act(firm, moving.accept, asked.id, by=firm.actor(ben))


def test_a_day_more_needs_no_yes_and_neither_does_ones_own(firm, today):
    _, case_id = held_by(firm, deadline_on=today + timedelta(days=15))
    ben, cai = firm.hire("ben"), firm.hire("cai")
    act(firm, moving.move, case_id, ben, "Has time.")
    firm.change([case_id], deadline_on=today + timedelta(days=3))
    act(firm, moving.move, case_id, cai, "Takes it over.", by=firm.actor(cai))
    assert firm.holder(case_id) == cai


def test_whoever_declines_leaves_it_where_it_is(firm, today):
    ana, case_id = held_by(firm, deadline_on=today + timedelta(days=3))
    ben = firm.hire("ben")
    asked = act(firm, moving.move, case_id, ben, "Is ill.").handover
    act(firm, moving.decline, asked.id, by=firm.actor(ben))
    assert firm.holder(case_id) == ana
    assert [one.state for one in firm.handovers()] == ["declined"]
    act(firm, moving.move, case_id, ben, "Asked again.")


def test_it_is_given_back_within_a_day_and_not_later(firm, monkeypatch):
    ana, case_id = held_by(firm)
    ben = firm.hire("ben")
    act(firm, moving.move, case_id, ben, "By mistake.")
    act(firm, moving.undo, case_id)
    assert firm.holder(case_id) == ana
    assert [one.kind for one in firm.history(case_id)] == ["assigned", "reassigned", "undone"]
    with pytest.raises(Conflict, match="since it was last given back"):
        act(firm, moving.undo, case_id)
    act(firm, moving.move, case_id, ben, "Meant so.")
    monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(hours=25)).isoformat())
    with pytest.raises(Conflict, match="more than a day ago"):
        act(firm, moving.undo, case_id)


def test_a_first_assignment_is_taken_back_and_goes_to_somebody_else_unless_a_person_says_so(firm):
    ana, case_id = held_by(firm)
    made = act(firm, moving.undo, case_id)
    assert (made.assignment, made.handover, made.waiting.case.id) == (None, None, case_id)
    assert firm.holder(case_id) is None
    firm.work()
    waits = firm.waiting()[case_id]
    assert (waits.code, waits.excluded) == ("none_suits", {"taken_back": 1})
    assert "1 from whom it was taken back" in waits.reason
    [had] = firm.history(case_id)
    assert (had.attorney_id, had.until is None, had.taken_back_by) == (ana, False, "test")
    ben = firm.hire("ben", 1)
    act(firm, look)
    firm.work()
    assert firm.holder(case_id) == ben
    act(firm, moving.undo, case_id)
    act(firm, moving.move, case_id, ana, "Knows her after all.")
    assert firm.holder(case_id) == ana
    told = [(one.kind, one.attorney_id, one.previous_id, one.taken_back_by) for one in firm.history(case_id)]
    assert told == [
        ("assigned", ana, None, "test"), ("assigned", ben, None, "test"), ("assigned", ana, None, None)
    ]  # fmt: skip
    with firm.office.db.firm(firm.firm_id) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "case.move").order_by(AuditEntry.at))
        assert [one.changes[0]["new"]["attorney_id"] for one in entries] == [None, None, str(ana)]


def test_whoever_had_it_taken_back_has_not_had_their_turn(firm):
    ana, case_id = held_by(firm)
    act(firm, moving.undo, case_id)
    ben, cai = firm.hire("ben"), firm.hire("cai")
    act(firm, policies.change, "round_robin", {"continuity": False})
    firm.work()
    assert firm.holder(case_id) in {ben, cai}
    [second] = firm.open()
    [third] = firm.open()
    firm.work()
    assert {firm.holder(one) for one in (case_id, second, third)} == {ana, ben, cai}


def test_a_first_assignment_is_not_taken_back_after_a_day_nor_where_nobody_would_look_at_it(firm, monkeypatch):
    with firm.office.db.firm(firm.firm_id) as session:
        person = Client(firm_id=firm.firm_id, partner_id=firm.partner_id, key="E1")
        session.add(person)
        session.flush()
        person_id = person.id
    ana, case_id = held_by(firm, client_id=person_id)
    with firm.office.db.firm(firm.firm_id) as session:
        session.get_one(Client, (firm.firm_id, person_id)).status = "archived"
    with pytest.raises(Conflict, match="archived"):
        act(firm, moving.undo, case_id)
    assert firm.holder(case_id) == ana
    monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(hours=25)).isoformat())
    with pytest.raises(Conflict, match="more than a day ago"):
        act(firm, moving.undo, case_id)


def test_what_was_proposed_for_a_case_ends_when_it_is_taken_back(firm, today):
    _, case_id = held_by(firm, deadline_on=today + timedelta(days=3))
    ben = firm.hire("ben")
    act(firm, moving.move, case_id, ben, "Is ill.")
    act(firm, moving.undo, case_id)
    assert [one.state for one in firm.handovers()] == ["withdrawn"]


def test_a_case_behind_ones_wall_cannot_be_moved_by_its_walled_colleague(firm):
    ana, case_id = held_by(firm)
    ben = firm.hire("ben")
    actor = firm.actor(ben)
    with firm.office.db.firm(firm.firm_id) as session:
        wall = {"staff_id": actor.id, "partner_id": firm.partner_id, "reason": "Sat on the board."}
        session.add(Wall(firm_id=firm.firm_id, created_by="test", **wall))
    with pytest.raises(NotFound):
        act(firm, moving.move, case_id, ana, "Looks.", by=actor)


def test_room_that_a_move_makes_goes_to_who_waits(firm):
    ana, first = None, None
    ana = firm.hire("ana", 1)
    first, second = firm.open(2)
    firm.work()
    ben = firm.hire("ben", 1)
    act(firm, moving.move, first, ben, "Ana is full.")
    firm.work()
    assert (firm.holder(first), firm.holder(second)) == (ben, ana)


# ------------------------------------------------------------------------------------------------ plans


def test_an_absence_has_a_plan_that_one_press_carries_out(firm, today):
    ana = firm.hire("ana")
    inside = firm.open(3, deadline_on=today + timedelta(days=20))
    [outside] = firm.open(deadline_on=today + FAR)
    firm.work()
    ben = firm.hire("ben", 2)
    plan = act(firm, plans.propose, ana, today + timedelta(days=15), today + timedelta(days=25))
    assert {firm.holder(one) for one in inside} == {ana}
    assert [one.to_id for one in plan.handovers] == [ben, ben]
    [left] = plan.left
    assert "full" in left.sentence
    done = act(firm, plans.carry_out, plan.id)
    assert len(done.handovers) == 2
    assert done.left == []
    assert firm.held() == {ana: 2, ben: 2}
    assert firm.holder(outside) == ana
    with pytest.raises(NotFound):
        act(firm, plans.carry_out, plan.id)


def test_what_no_longer_holds_stays_and_is_told(firm, today):
    ana = firm.hire("ana")
    opened = firm.open(2, deadline_on=today + timedelta(days=20))
    firm.work()
    ben = firm.hire("ben")
    plan = act(firm, plans.propose, ana, today + timedelta(days=15), today + timedelta(days=25))
    with firm.office.db.firm(firm.firm_id) as session:
        session.execute(update(Attorney).where(Attorney.id == ben).values(capacity=1))
    done = act(firm, plans.carry_out, plan.id)
    assert len(done.handovers) == 1
    assert [one.sentence for one in done.left] == ["The attorney cannot take the case. Holds 1 cases, and may hold 1."]
    assert firm.held() == {ana: 1, ben: 1}
    assert sorted(one.state for one in firm.handovers()) == ["accepted", "proposed"]
    assert {one.case_id for one in done.handovers} | {one.case_id for one in done.left} == set(opened)


def test_a_case_of_which_evidence_is_asked_for_is_in_no_plan(firm, today):
    ana = firm.hire("ana")
    [case_id] = firm.open(deadline_on=today + timedelta(days=20), stage="rfe_received")
    firm.work()
    firm.hire("ben")
    plan = act(firm, plans.propose, ana, today + timedelta(days=15), today + timedelta(days=25))
    assert (plan.id, plan.handovers) == (None, [])
    assert "Evidence is asked for" in plan.left[0].sentence
    assert firm.holder(case_id) == ana


def test_the_first_and_the_last_day_of_an_absence_are_in_its_plan(firm, today):
    ana = firm.hire("ana")
    days = [today + timedelta(days=number) for number in (19, 20, 30, 31)]
    opened = [firm.open(deadline_on=day)[0] for day in days]
    firm.work()
    firm.hire("ben")
    plan = act(firm, plans.propose, ana, days[1], days[2])
    assert {one.case_id for one in plan.handovers} == set(opened[1:3])


def test_a_case_of_which_evidence_is_asked_for_since_stays_when_its_plan_is_carried_out(firm, today):
    ana, case_id = held_by(firm, deadline_on=today + timedelta(days=20))
    firm.hire("ben")
    plan = act(firm, plans.propose, ana, today + timedelta(days=15), today + timedelta(days=25))
    firm.change([case_id], stage="rfe_received")
    done = act(firm, plans.carry_out, plan.id)
    assert [one.sentence for one in done.left] == ["Evidence is asked for by now: move it by hand, or keep it."]
    assert firm.holder(case_id) == ana


def test_a_plan_that_is_proposed_anew_takes_the_place_of_the_one_before(firm, today):
    ana, _ = held_by(firm, deadline_on=today + timedelta(days=20))
    firm.hire("ben")
    days = today + timedelta(days=15), today + timedelta(days=25)
    first, second = (act(firm, plans.propose, ana, *days) for _ in range(2))
    assert {one.plan_id: one.state for one in firm.handovers()} == {first.id: "withdrawn", second.id: "proposed"}


def test_a_yes_to_somebody_who_has_the_case_no_more_moves_nothing(firm, today):
    _, case_id = held_by(firm, deadline_on=today + timedelta(days=3))
    ben, cai = firm.hire("ben"), firm.hire("cai")
    asked = act(firm, moving.move, case_id, ben, "Is ill.").handover
    firm.change([case_id], attorney_id=cai)
    with pytest.raises(Conflict, match="passed the case on since"):
        act(firm, moving.accept, asked.id)
    assert firm.holder(case_id) == cai
