"""What if: a period replayed under another rule, by itself and from a firm's records."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from helpers.firm_records import Records
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.db.models import Assignment, AssignmentPolicy, Expertise, TimeOff, Wall
from gateway.domain.assignment.fairness import gini, jain
from gateway.domain.assignment.replaying import Arrival, Scene, Spell, figures, replay
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.simulating import simulate
from gateway.domain.assignment.terms import Away, Candidate, Matter, Policy
from gateway.errors import Invalid
from gateway.office import Actor

FIRST = date(2026, 11, 2)
LAST = date(2026, 11, 27)
ONE_DAY = timedelta(days=1)


def _id(number):
    return UUID(f"01900000-0000-7000-8000-{number:012x}")


def test_evenness_is_measured_as_it_is_defined():
    assert (jain([0.5] * 4), gini([0.5] * 4)) == (1.0, 0.0)
    assert (jain([1, 0, 0, 0]), gini([1, 0, 0, 0])) == (0.25, 0.75)
    assert (jain([]), gini([]), jain([0, 0]), gini([0, 0])) == (1.0, 0.0, 1.0, 0.0)
    shares = [0.1, 0.9, 0.4]
    apart = sum(abs(one - other) for one in shares for other in shares)
    assert gini(shares) == pytest.approx(apart / (2 * len(shares) * sum(shares)))


@st.composite
def scenes(draw):
    attorneys = [
        Candidate(
            attorney_id=_id(100 + number),
            licence="NY 1",
            senior=True,
            capacity=draw(st.integers(0, 3)),
            away=draw(st.sampled_from([[], [Away(FIRST, FIRST + 3 * ONE_DAY)]])),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    arrivals = []
    for number, (place, length) in enumerate(
        draw(st.lists(st.tuples(st.integers(0, 25), st.none() | st.integers(0, 9)), max_size=15))
    ):
        day = FIRST + place * ONE_DAY
        at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
        matter = Matter(case_id=_id(number), partner_id=_id(99), complexity=3, opened_at=at)
        arrivals.append(Arrival(matter=matter, day=day, last=None if length is None else day + length * ONE_DAY))
    return Scene(first=FIRST, last=LAST, attorneys=attorneys, arrivals=arrivals)


@settings(max_examples=150, deadline=None)
@given(scenes(), st.sampled_from(sorted(RULES)))
def test_in_no_replay_is_anybody_over_capacity_or_a_case_given_twice_or_left_while_there_is_room(scene, rule):
    spells = replay(scene, Policy(rule=rule))
    assert len({one.matter.case_id for one in spells}) == len(spells)
    capacity = {one.attorney_id: one.capacity for one in scene.attorneys}
    waiting = {one.matter.case_id for one in scene.arrivals} - {one.matter.case_id for one in spells}
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + number * ONE_DAY
        held = [one.attorney_id for one in spells if one.first <= day and (one.last is None or day <= one.last)]
        assert all(held.count(who) <= most for who, most in capacity.items())
        free = [one for one in scene.attorneys if held.count(one.attorney_id) < one.capacity]
        there = [one for one in free if not any(away.first <= day <= away.last for away in one.away)]
        came = [one for one in scene.arrivals if one.day <= day and (one.last is None or day <= one.last)]
        assert not there or not [one for one in came if one.matter.case_id in waiting]
    told = figures(scene, spells, 0)
    assert (told.cases, told.given + told.waiting) == (len(scene.arrivals), len(scene.arrivals))
    assert told.fullest <= 1
    assert replay(scene, Policy(rule=rule)) == spells


def somebody(number=0, **facts):
    return Candidate(**{"attorney_id": _id(100 + number), "licence": "NY 1", "senior": True, "capacity": 5} | facts)


def came(number, days=0, last=None, **facts):
    """A case that came so many days after the first."""
    day = FIRST + days * ONE_DAY
    at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    common = {"case_id": _id(number), "partner_id": _id(99), "complexity": 3, "opened_at": at}
    return Arrival(matter=Matter(**common | facts), day=day, last=None if last is None else FIRST + last * ONE_DAY)


def holds(number, days, last=None, who=100):
    """A case that somebody had from so many days after the first, or before it."""
    arrival = came(number, days, last)
    return Spell(
        matter=arrival.matter, attorney_id=_id(who), at=arrival.matter.opened_at, first=arrival.day, last=arrival.last
    )


def given_in(people, *arrivals, rule="round_robin", **more):
    scene = Scene(first=FIRST, last=LAST, attorneys=people, arrivals=arrivals, **more)
    return {one.matter.case_id: one for one in replay(scene, Policy(rule=rule))}


@pytest.mark.parametrize("side", [98, 99])
def test_no_replay_gives_a_case_through_a_wall(side):
    walled, free = somebody(0, capacity=9), somebody(1)
    found = given_in([walled, free], came(1, client_id=_id(98)), walls={walled.attorney_id: frozenset({_id(side)})})
    assert found[_id(1)].attorney_id == free.attorney_id


def test_a_case_that_waits_is_taken_up_to_its_last_day_and_goes_before_new_ones():
    one = somebody(capacity=1, away=[Away(FIRST, FIRST + 3 * ONE_DAY)])
    assert given_in([one], came(1, last=4))[_id(1)].first == FIRST + 4 * ONE_DAY
    assert given_in([one], came(1, last=3)) == {}
    assert set(given_in([one], came(1), came(2, 4))) == {_id(1)}


def test_what_was_held_before_counts_until_its_end_and_is_let_go_the_day_after():
    one = somebody(capacity=1)
    assert given_in([one], came(1), held=[holds(7, -9)]) == {}
    found = given_in([one], came(1), held=[holds(7, -9, 2)])
    assert found[_id(1)].first == FIRST + 3 * ONE_DAY
    assert given_in([one], came(1), held=[holds(7, 1)]).keys() == {_id(1)}  # who got it later was free then


def test_points_and_turns_are_given_back_and_taken_as_cases_end_and_come():
    people = [somebody(0), somebody(1)]
    cases = [came(1, 0, 1, complexity=9), came(2, 1), came(3, 5, complexity=8), came(4, 6)]
    apart = [replace(one, matter=replace(one.matter, partner_id=_id(200 + n))) for n, one in enumerate(cases)]
    found = given_in(people, *apart, rule="workload_based")  # of an employer each: one would have them stay together
    first, second = found[_id(1)].attorney_id, found[_id(2)].attorney_id
    assert first != second
    assert found[_id(3)].attorney_id == first  # whose heavy one is over
    assert found[_id(4)].attorney_id == second


def test_a_family_and_a_client_stay_with_their_attorney_in_a_replay():
    people = [somebody(0), somebody(1), somebody(2)]
    family = {_id(50): [_id(50), _id(51)], _id(51): [_id(50), _id(51)]}
    cases = [
        came(1, 0, 1, client_id=_id(50)),
        came(2, 1, partner_id=_id(98)),
        came(3, 3, client_id=_id(51)),
        came(4, 4, client_id=_id(50)),
    ]
    found = given_in(people, *cases, families=family)
    assert len({found[_id(number)].attorney_id for number in (1, 3, 4)}) == 1
    assert found[_id(2)].attorney_id != found[_id(1)].attorney_id
    alone = {_id(50): [_id(50)], _id(60): [_id(60)]}  # nobody is of their own family, whoever had them
    found = given_in(people, came(1, 0, 1, client_id=_id(50)), came(2, 3, client_id=_id(60)), families=alone)
    assert found[_id(2)].attorney_id != found[_id(1)].attorney_id


def test_figures_count_every_day_of_a_case_and_whoever_works():
    people = [somebody(0, capacity=2), somebody(1, capacity=2, works=False)]
    scene = Scene(first=FIRST, last=FIRST + ONE_DAY, attorneys=people, arrivals=[came(1)], held=[holds(7, -9)])
    told = figures(scene, [holds(1, 0, 0)], 0)
    assert (told.fullest, told.jain, told.gini) == (1.0, 1.0, 0.0)  # of whoever takes none there is no load
    later = replace(holds(1, 1, who=101), at=came(1).matter.opened_at + timedelta(hours=30))
    told = figures(scene, [holds(1, 0, 0), later], 0)
    assert (told.given, told.waited_most) == (1, 0)  # until somebody had it at all


@pytest.fixture
def records(db, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-28T17:00:00+00:00")
    return Records(db, tenants.northgate, tenants.acme)


@pytest.fixture
def month(records):
    """Ten cases of November, one a day, which all went to one of two attorneys, and one of them on to the other."""
    ana, bo = records.attorney(), records.attorney()
    records.plain(Expertise, attorney_id=bo, case_type="TN", level=5)
    records.plain(AssignmentPolicy, version=1, rule="round_robin", settings={"continuity": False}, by="-")
    records.case(attorney_id=ana, created_at=datetime(2026, 10, 1, tzinfo=UTC))
    for number in range(10):
        came = datetime(2026, 11, 2 + number, 15, tzinfo=UTC)
        moved = came + timedelta(days=3) if number == 9 else None
        case = records.case(attorney_id=bo if moved else ana, created_at=came)
        got = came + timedelta(hours=2)
        had = {"case_id": case, "complexity": 2, "reason": "-", "by_kind": "system", "by": "-"}
        records.plain(Assignment, **had, attorney_id=ana, kind="assigned", at=got, until=moved)
        if moved:
            records.plain(Assignment, **had, attorney_id=bo, previous_id=ana, kind="reassigned", at=moved)
    return ana, bo


@pytest.fixture
def what_if(office, tenants):
    def ask(rule, first=FIRST, last=LAST):
        with office.acting(tenants.northgate, Actor("system", "test")) as acting:
            return simulate(acting, rule, first, last)

    return ask


def test_a_rule_that_looks_at_loads_would_have_spread_them(month, what_if):
    found = what_if("workload_based")
    assert (found.was.cases, found.was.given, found.was.waiting) == (10, 10, 0)
    assert (found.was.waited_median, found.was.waited_most, found.would.waited_most) == (2, 2, 0)
    assert (found.was.jain, found.would.jain) == (pytest.approx(0.55, abs=0.05), pytest.approx(0.95, abs=0.05))
    assert (found.was.gini, found.would.gini) == (pytest.approx(0.45, abs=0.05), pytest.approx(0.05, abs=0.05))
    assert found.was.fullest == 0.55  # with the one of October, before one was passed on
    assert found.would.fullest == 0.3
    assert found.was.expertise == 0.0 < found.would.expertise
    assert found.elsewhere == 5
    assert found.was.moves == 1
    assert found.sentences[0] == "10 cases came; by workload_based, 5 would have gone to another attorney."


def test_a_rule_that_looks_at_expertise_would_have_spared_the_move(month, what_if):
    found = what_if("expertise_first")
    assert (found.was.moves, found.would.moves) == (1, 0)
    assert found.would.expertise > 0.4
    assert "Passed on by hand: 1. To whom the rule would have given the case: 1." in found.sentences


def test_what_nobody_could_have_taken_then_would_have_waited_until_somebody_was_back(records, month, what_if):
    for one in month:
        records.plain(TimeOff, attorney_id=one, starts_on=date(2026, 10, 20), ends_on=date(2026, 11, 10))
    found = what_if("round_robin")
    assert (found.would.given, found.would.waiting) == (10, 0)
    assert found.would.waited_most == 9 * 24
    assert what_if("round_robin", FIRST, date(2026, 11, 10)).would.waiting == 9


def test_whose_team_it_is_goes_before_the_rule_where_the_firm_wants_it_so(records, month, what_if):
    records.plain(AssignmentPolicy, version=2, rule="round_robin", settings={}, by="-")
    found = what_if("workload_based")
    assert (found.policy_version, found.elsewhere) == (2, 0)


def test_whoever_asks_from_behind_a_wall_is_told_of_all_for_figures_name_nobody(
    records, month, what_if, office, tenants
):
    whole = what_if("round_robin")
    staff_id = tenants.staff["paralegal"]
    records.plain(Wall, staff_id=staff_id, partner_id=tenants.acme, reason="-", created_by="-")
    with office.acting(tenants.northgate, Actor("staff", "paralegal@northgate.example", staff_id)) as acting:
        assert simulate(acting, "round_robin", FIRST, LAST) == whole


def test_what_was_taken_back_or_over_is_no_move_and_what_came_with_its_attorney_is_held(records, month, what_if):
    ana, bo = month
    came_at = datetime(2026, 11, 20, 15, tzinfo=UTC)
    before = what_if("workload_based")
    records.case(attorney_id=bo, created_at=came_at)  # nobody gave it to anybody
    case = records.case(attorney_id=ana, created_at=came_at, stage="closed", status="open", updated_at=came_at)
    had = {"case_id": case, "complexity": 2, "reason": "-", "by_kind": "system", "by": "-"}
    for number, (who, kind, previous) in enumerate(
        [(ana, "assigned", None), (bo, "reassigned", ana), (ana, "undone", bo)]
    ):
        at = came_at + timedelta(hours=number)
        until = None if number == 2 else at + timedelta(hours=1)
        records.plain(Assignment, **had, attorney_id=who, previous_id=previous, kind=kind, at=at, until=until)
    after = what_if("workload_based")
    assert after.was.cases == before.was.cases + 1
    assert after.was.moves == before.was.moves + 1


def test_an_older_case_came_when_it_was_first_given_to_anybody(records, what_if):
    ana, bo = records.attorney(), records.attorney()
    old = datetime(2026, 9, 1, 15, tzinfo=UTC)
    got = datetime(2026, 11, 5, 15, tzinfo=UTC)
    first, second = (records.case(attorney_id=ana, created_at=old) for _ in range(2))
    had = {"complexity": 2, "reason": "-", "by_kind": "system", "by": "-"}
    records.plain(Assignment, **had, case_id=first, attorney_id=ana, kind="assigned", at=got)
    records.plain(Assignment, **had, case_id=second, attorney_id=bo, kind="assigned", at=old, until=got)
    records.plain(Assignment, **had, case_id=second, attorney_id=ana, previous_id=bo, kind="reassigned", at=got)
    found = what_if("round_robin")
    assert (found.was.cases, found.was.waited_most, found.was.moves) == (1, 0, 0)
    assert found.was.fullest == 0.1  # with the one that is moved, from the day on that it is


def test_nothing_is_changed_by_asking(all_rows, month, what_if):
    before = all_rows()
    what_if("round_robin")
    assert all_rows() == before


def test_a_period_without_cases_is_told_as_such(records, what_if):
    assert list(what_if("round_robin").sentences) == ["No case came in these days."]


@pytest.mark.parametrize(
    ("rule", "first", "last", "sentence"),
    [
        ("round_robbin", FIRST, LAST, 'Did you mean "round_robin"?'),
        ("round_robin", LAST, FIRST, "begins before it ends"),
        ("round_robin", FIRST, date(2026, 11, 29), "ends by today, 2026-11-28"),
        ("round_robin", date(2020, 1, 1), LAST, "at most 731 days"),
    ],
)
def test_a_period_that_cannot_be_replayed_is_refused_with_why(records, what_if, rule, first, last, sentence):
    with pytest.raises(Invalid, match=sentence.replace("?", r"\?")):
        what_if(rule, first, last)


def test_the_command_tells_it_as_a_table_in_sentences_and_as_json(gateway, month):
    asked = ("assign", "simulate", "--rule", "workload_based", "--from", "2026-11-02", "--firm", "northgate")
    shown = gateway(*asked).stdout
    assert "10 cases came; by workload_based, 5 would have gone to another attorney." in shown
    told = json.loads(gateway(*asked, "--json").stdout)
    assert (told["rule"], told["last"], told["was"]["cases"]) == ("workload_based", "2026-11-28", 10)
