"""Who gets a case: held against a solver that shares no line with the code, over small firms made up at random."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from helpers import assignment_oracle as oracle
from helpers.assignment_oracle import TODAY
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from gateway.domain.assignment import keeping, telling
from gateway.domain.assignment.deciding import decide
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.rules.base import share, since
from gateway.domain.assignment.terms import Away, Candidate, Matter, Policy, Settings, Weights

OPENED = datetime(2026, 11, 29, 12, tzinfo=UTC)
CERTIFICATIONS = {"I526": ["eb5"]}


def _id(number):
    return UUID(f"01900000-0000-7000-8000-{number:012x}")


def days(least, most):
    return st.integers(least, most).map(lambda number: TODAY + timedelta(days=number))


absences = st.lists(
    st.builds(lambda first, days: Away(first, first + timedelta(days=days)), days(-20, 60), st.integers(0, 25)),
    max_size=3,
)

matters = st.builds(
    Matter,
    case_id=st.just(_id(1)),
    client_id=st.just(_id(2)),
    partner_id=st.just(_id(3)),
    case_type=st.sampled_from(["TN", "I526", None]),
    complexity=st.integers(1, 10),
    deadline_on=st.none() | days(-5, 70),
    languages=st.sampled_from([(), (), ("es",), ("es", "pt")]),
    opened_at=st.just(OPENED),
    taken_from=st.sampled_from([frozenset(), frozenset(), frozenset({_id(100), _id(102)})]),
)


@st.composite
def firms(draw):
    """Up to five attorneys, most of whom could take a case."""
    count = draw(st.integers(0, 5))
    return [
        Candidate(
            attorney_id=_id(100 + number),
            works=draw(st.sampled_from([True, True, True, True, False])),
            licence=draw(st.sampled_from(["NY 1", "NY 2", "CA 3", "TX 4", " ", None])),
            senior=draw(st.booleans()),
            capacity=(capacity := draw(st.integers(0, 6))),
            load=(load := draw(st.integers(0, capacity + 1))),
            weighted=load * draw(st.integers(1, 10)),
            level=draw(st.integers(0, 5)),
            decided=draw(st.sampled_from([0.0, 0.5, 3.25])),
            languages=draw(st.sampled_from([(), ("es",), ("pt",), ("hi",)])),
            certifications=draw(st.sampled_from([(), ("eb5",)])),
            away=sorted(draw(absences)),
            walled=draw(st.sampled_from([False, False, False, True])),
            has=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"client"}), frozenset({"family"})])),
            team=draw(st.sampled_from([0, 0, 1, 2])),
            last_given_at=draw(st.none() | st.integers(0, 3).map(lambda hours: OPENED - timedelta(hours=hours))),
        )
        for number in range(count)
    ]


policies = st.builds(
    Policy,
    version=st.integers(0, 3),
    rule=st.sampled_from(sorted(RULES)),
    settings=st.builds(
        Settings,
        weights=st.builds(
            Weights,
            expertise=st.sampled_from([0, 0.25, 0.5, 1]),
            capacity=st.sampled_from([0, 0.25, 0.5]),
            deadline=st.sampled_from([0, 0.25, 1]),
        ),
        senior_from=st.integers(1, 11),
        continuity=st.booleans(),
        certifications=st.just(CERTIFICATIONS),
        languages=st.booleans(),
    ),
)


def agree(decision, matter, firm, policy):
    """Whether a decision is the solver's; of scores that differ by a rounding, either will do."""
    whom, way = oracle.solve(matter, firm, policy, TODAY)
    if decision.attorney_id == whom:
        return decision.way == way
    known = {one.attorney_id: one for one in firm}
    free = [one for one in firm if not oracle.reasons(matter, one, policy.settings, TODAY)]
    ours, theirs = (oracle.score(matter, known[one], free, policy, TODAY) for one in (decision.attorney_id, whom))
    return decision.way == way and 0 < abs(ours - theirs) < 0.0002


@settings(max_examples=300, deadline=None)
@given(matters, firms(), policies)
def test_the_solver_gives_the_case_to_the_same_attorney_by_every_rule(matter, firm, policy):
    decision = decide(matter, firm, policy, TODAY)
    free = [one for one in firm if not oracle.reasons(matter, one, policy.settings, TODAY)]
    by_solver = {one.attorney_id: float(oracle.score(matter, one, free, policy, TODAY)) for one in free}
    assert {one.attorney_id: one.score for one in decision.scored} == pytest.approx(by_solver, abs=1e-5)
    if decision.attorney_id is None:
        assert oracle.solve(matter, firm, policy, TODAY) == (None, None)
        assert decision.code == oracle.reason(matter, firm, policy, TODAY)
        assert decision.forecast_on == oracle.forecast(matter, firm, policy, TODAY)
    else:
        assert agree(decision, matter, firm, policy)
        assert (decision.code, decision.forecast_on) == (None, None)


@settings(max_examples=200, deadline=None)
@given(matters, firms(), policies)
def test_every_exclusion_is_true_and_none_is_left_out(matter, firm, policy):
    decision = decide(matter, firm, policy, TODAY)
    told = {(one.attorney_id, one.code) for one in decision.excluded}
    true = {(one.attorney_id, code) for one in firm for code in oracle.reasons(matter, one, policy.settings, TODAY)}
    assert told == true
    assert {one.attorney_id for one in decision.scored} == {one.attorney_id for one in firm} - {who for who, _ in true}
    assert all(one.until is None or one.until >= TODAY for one in decision.excluded)


@settings(max_examples=200, deadline=None)
@given(matters, firms(), policies, st.randoms(use_true_random=False))
def test_the_same_facts_make_the_same_decision_in_whatever_order_they_come(matter, firm, policy, chance):
    shuffled = [replace(one, away=chance.sample(one.away, len(one.away))) for one in chance.sample(firm, len(firm))]
    assert decide(matter, shuffled, policy, TODAY) == decide(matter, firm, policy, TODAY)


@settings(max_examples=100, deadline=None)
@given(st.lists(matters, min_size=1, max_size=12), firms(), policies)
def test_whatever_cases_come_nobody_is_ever_over_capacity_or_behind_a_wall_and_none_waits_in_vain(cases, firm, policy):
    known = {one.attorney_id: one for one in firm}
    for matter in cases:
        decision = decide(matter, known.values(), policy, TODAY)
        could = [one for one in known.values() if not oracle.reasons(matter, one, policy.settings, TODAY)]
        assert (decision.attorney_id is None) == (not could)
        if decision.attorney_id:
            chosen = known[decision.attorney_id]
            assert not chosen.walled
            assert chosen.load < chosen.capacity
            known[chosen.attorney_id] = replace(chosen, load=chosen.load + 1, weighted=chosen.weighted + 1)


@settings(max_examples=100, deadline=None)
@given(matters, firms(), policies)
def test_a_decision_can_be_kept_and_told(matter, firm, policy):
    decision = decide(matter, firm, policy, TODAY)
    kept, before = json.loads(keeping.as_kept(decision)), to_builtins(decision)  # of before: every attorney written out
    for stored in (kept, before):
        assert msgspec.json.encode(keeping.read(stored)) == msgspec.json.encode(decision)
    assert all(line.strip() == line and line.endswith(".") for line in telling.explain(decision, {}))
    for one in decision.scored:
        assert sum(one.parts.values()) == pytest.approx(one.score)
        assert abs(one.score) < 1000


NAN = float("nan")


@pytest.mark.parametrize("rule", [*RULES, "a rule that there was"])
@pytest.mark.parametrize(
    "odd",
    [
        {"capacity": -1},
        {"capacity": 10**9, "load": -5},
        {"decided": NAN},
        {"decided": float("inf")},
        {"decided": -4.0, "level": 99},
        {"away": [Away(date.min, date.max)]},
        {"away": [Away(date(2026, 12, 1), date(2026, 11, 1))]},
        {"last_given_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is what is odd
        {"languages": ["ES"], "certifications": ["EB5"]},
        {"team": -3, "weighted": -100},
    ],
)
@pytest.mark.parametrize("deadline", [None, date.min, date.max, TODAY])
def test_whatever_is_on_record_there_is_a_decision(rule, odd, deadline):
    plain = Candidate(attorney_id=_id(101), licence="NY 1", capacity=5)
    matter = Matter(case_id=_id(1), partner_id=_id(3), complexity=5, opened_at=OPENED, deadline_on=deadline)
    firm = [plain, replace(plain, attorney_id=_id(102), **odd)]
    decision = decide(matter, firm, Policy(rule=rule), TODAY)
    assert decision.rule in RULES
    assert decision.attorney_id is not None
    for day in (date.min, date.max):
        assert decide(matter, firm, Policy(rule=rule), day).sentence
    assert decide(matter, [], Policy(rule=rule), TODAY).code == "no_attorneys"


def attorney(number, **facts):
    return Candidate(**{"attorney_id": _id(number), "licence": "NY 1", "capacity": 20} | facts)


MATTER = Matter(case_id=_id(1), client_id=_id(2), partner_id=_id(3), complexity=3, case_type="TN", opened_at=OPENED)


def test_ties_end_by_load_then_by_turn_then_by_id():
    early, late = OPENED - timedelta(days=2), OPENED - timedelta(days=1)
    firm = [
        attorney(4, capacity=10, load=5, weighted=25, last_given_at=late),
        attorney(5, capacity=20, load=6, weighted=64, last_given_at=late),
        attorney(6, capacity=20, load=6, weighted=64, last_given_at=early),
        attorney(7, capacity=20, load=6, weighted=64, last_given_at=early),
    ]
    even = Policy(settings=Settings(weights=Weights(expertise=1, capacity=0, deadline=0)))
    order = [one.attorney_id for one in decide(MATTER, firm, even, TODAY).scored]
    assert order == [_id(6), _id(7), _id(5), _id(4)]
    assert "4 score the same, and the order of their ids decides" in decide(MATTER, firm, even, TODAY).sentence
    assert "the longer time without a new case decides" in decide(MATTER, firm[:3], even, TODAY).sentence
    assert "the smaller part of their capacity in use decides" in decide(MATTER, firm[:2], even, TODAY).sentence
    assert (share(firm[0]), since(firm[0])) == (0.5, late)


def test_a_smaller_load_goes_before_a_longer_wait():
    firm = [attorney(4, load=4, last_given_at=OPENED - timedelta(days=9)), attorney(5, load=3, last_given_at=OPENED)]
    blind = Policy(settings=Settings(weights=Weights(expertise=1, capacity=0, deadline=0)))
    assert decide(MATTER, firm, blind, TODAY).attorney_id == _id(5)


@pytest.mark.parametrize(
    ("first", "last", "deadline", "can"),
    [
        (0, 0, None, False),  # away today
        (1, 40, None, True),  # no deadline is known
        (10, 16, 30, True),  # back for the last fortnight, days 17 to 30
        (10, 17, 30, False),
        (30, 35, 30, False),  # on the day itself
        (31, 35, 30, True),
        (1, 2, 10, False),  # less than a fortnight is left
        (1, 2, -3, True),  # the deadline has passed
    ],
)
def test_whoever_gets_a_case_is_there_now_and_in_the_last_fortnight_before_its_deadline(first, last, deadline, can):
    away = [Away(TODAY + timedelta(days=first), TODAY + timedelta(days=last))]
    due = None if deadline is None else TODAY + timedelta(days=deadline)
    decision = decide(replace(MATTER, deadline_on=due), [attorney(4, away=away)], Policy(), TODAY)
    assert (decision.attorney_id is not None) == can


def test_who_knows_such_cases_goes_before_who_has_more_room_unless_weights_say_otherwise():
    firm = [attorney(4, level=5, load=10, weighted=40), attorney(5, load=2, weighted=8)]
    assert decide(MATTER, firm, Policy(), TODAY).attorney_id == _id(4)
    roomy = Policy(version=2, settings=Settings(weights=Weights(expertise=0.1, capacity=0.8, deadline=0.1)))
    decision = decide(MATTER, firm, roomy, TODAY)
    assert (decision.attorney_id, decision.policy_version) == (_id(5), 2)
    assert decide(MATTER, firm, Policy(rule="workload_based"), TODAY).attorney_id == _id(5)


def test_the_client_goes_before_the_family_and_the_family_before_the_employer():
    firm = [
        attorney(4, has=frozenset({"client"})),
        attorney(5, has=frozenset({"family"})),
        attorney(6, team=3),
        attorney(7),
    ]
    ways = []
    for _ in range(4):
        decision = decide(MATTER, firm, Policy(), TODAY)
        ways.append((decision.attorney_id, decision.way))
        firm = [replace(one, walled=True) if one.attorney_id == decision.attorney_id else one for one in firm]
    assert ways == [(_id(4), "client"), (_id(5), "family"), (_id(6), "team"), (_id(7), "rule")]
    assert decide(MATTER, firm, Policy(), TODAY).sentence == (
        "Nobody can take it: there is a reason against every attorney. Of 4: 4 behind a wall."
    )


def test_a_decision_is_told_so_that_a_managing_attorney_reads_it():
    firm = [
        attorney(4, level=4, load=12, weighted=40),
        attorney(5, level=2, load=3, weighted=10),
        attorney(6, load=20, away=[Away(date(2026, 11, 20), date(2026, 12, 4))]),
    ]
    names = {_id(4): "Ada Okafor", _id(5): "Ben Ruiz", _id(6): "Cleo Marsh"}
    decision = decide(replace(MATTER, deadline_on=date(2027, 1, 15)), firm, Policy(), TODAY)
    scored = "score 0.571 (expertise 0.200, capacity 0.171, deadline 0.200)"
    assert telling.explain(decision, names, ["2: a case of type TN.", "+1: another one of the family."]) == [
        f"Ada Okafor gets it. Best by expertise, room and days until the deadline: {scored}; 2 can take it.",
        "Complexity 3 of 10. 2: a case of type TN. +1: another one of the family.",
        "Decided by the rule expertise_first, as the firm has said nothing else.",
        f"1. Ada Okafor: {scored}.",
        "2. Ben Ruiz: score 0.561 (expertise 0.100, capacity 0.261, deadline 0.200).",
        "Cleo Marsh cannot take it. Away until 2026-12-04. Holds 20 cases, and may hold 20.",
    ]


def test_a_case_waits_with_the_day_on_which_somebody_is_back():
    firm = [
        attorney(4, load=20),
        attorney(5, away=[Away(date(2026, 11, 20), date(2026, 12, 4)), Away(date(2026, 12, 5), date(2026, 12, 9))]),
    ]
    decision = decide(MATTER, firm, Policy(), TODAY)
    assert (decision.code, decision.forecast_on) == ("none_suits", date(2026, 12, 10))
    assert decision.sentence == (
        "Nobody can take it: there is a reason against every attorney. Of 2: 1 away, 1 full."
        " The first who is only away is back on 2026-12-10."
    )
    assert next(one for one in decision.excluded if one.code == "away").until == date(2026, 12, 9)
    assert decide(MATTER, firm[:1], Policy(), TODAY).code == "all_full"
    assert decide(MATTER, firm[1:], Policy(), TODAY).code == "all_away"
    sooner = attorney(6, away=[Away(date(2026, 11, 20), date(2026, 12, 2))])
    assert decide(MATTER, [*firm, sooner], Policy(), TODAY).forecast_on == date(2026, 12, 3)


def test_a_hundred_attorneys_are_looked_at_in_a_moment_and_in_order():
    chance = random.Random(7)
    firm = [attorney(1000 + n, level=chance.randint(0, 5), load=chance.randint(0, 20)) for n in range(100)]
    scores = [one.score for one in decide(MATTER, firm, Policy(), TODAY).scored]
    assert scores == sorted(scores, reverse=True)
