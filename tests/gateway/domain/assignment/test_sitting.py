"""Many cases decided one after the other: each as if it were decided alone, to the byte of what is kept."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.assignment.deciding import decide
from gateway.domain.assignment.facts import Attorneys, Field, Read, families_of
from gateway.domain.assignment.reading import Person
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.sitting import Sitting
from gateway.domain.assignment.terms import Away, Candidate, Matter, Policy, Settings, Weights
from gateway.domain.assignment.workload import Load

TODAY = date(2026, 11, 30)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
TYPES = ["TN", "I526", None]


def _id(kind, number):
    return UUID(f"01900000-0000-7000-8000-{kind:02x}{number:010x}")


ATTORNEYS, CLIENTS, PARTNERS = ([_id(kind, n) for n in range(count)] for kind, count in ((1, 6), (2, 5), (3, 2)))
days = st.integers(-5, 50).map(lambda number: TODAY + timedelta(days=number))
some_attorneys = st.frozensets(st.sampled_from(ATTORNEYS), max_size=2)


@st.composite
def candidates(draw, attorney_id):
    absences = st.lists(st.builds(lambda first, length: Away(first, first + timedelta(days=length)), days, st.just(3)))
    return Candidate(
        attorney_id=attorney_id,
        works=draw(st.sampled_from([True, True, True, False])),
        licence=draw(st.sampled_from(["NY 1", "NY 1", "NY 1", None])),
        senior=draw(st.booleans()),
        capacity=draw(st.integers(0, 5)),
        languages=draw(st.sampled_from([(), ("es",)])),
        certifications=draw(st.sampled_from([(), ("eb5",)])),
        away=sorted(one for one in draw(absences)[:2] if one.last >= TODAY),
        last_given_at=draw(st.none() | st.integers(1, 3).map(lambda hours: NOON - timedelta(hours=hours))),
    )


@st.composite
def firms(draw):
    """What stands on record of a firm, and its people."""
    attorneys = ATTORNEYS[: draw(st.integers(1, len(ATTORNEYS)))]
    knowledge = st.tuples(st.sampled_from(attorneys), st.sampled_from(TYPES[:2]))
    held = st.builds(
        Load,
        st.sampled_from(attorneys),
        st.none() | st.sampled_from(PARTNERS),
        st.integers(1, 2),
        st.integers(1, 20),
    )
    people = {
        client: Person(PARTNERS[0], draw(st.sampled_from([None, "E1", "E2"])), draw(some_attorneys), 0, None)
        for client in CLIENTS
    }
    read = Read(
        [draw(candidates(one)) for one in attorneys],
        draw(st.dictionaries(knowledge, st.integers(1, 5))),
        draw(st.dictionaries(knowledge, st.sampled_from([0.5, 3.25]))),
        draw(
            st.dictionaries(
                st.sampled_from(attorneys),
                st.frozensets(st.sampled_from([*CLIENTS, *PARTNERS]), max_size=2),
                max_size=2,
            )
        ),
        draw(st.lists(held, max_size=4)),
    )
    return read, people


matters = st.lists(
    st.builds(
        Matter,
        case_id=st.just(_id(9, 0)),
        client_id=st.none() | st.sampled_from(CLIENTS),
        partner_id=st.sampled_from(PARTNERS),
        case_type=st.sampled_from(TYPES),
        complexity=st.sampled_from([1, 5, 9]),
        deadline_on=st.none() | days,
        languages=st.sampled_from([(), (), ["es"], ["pt"]]),
        opened_at=st.just(NOON),
    ),
    min_size=2,
    max_size=14,
)
policies = st.builds(
    Policy,
    version=st.integers(0, 3),
    rule=st.sampled_from([*RULES, "a rule that there was"]),
    settings=st.builds(
        Settings,
        weights=st.sampled_from([Weights(), Weights(expertise=1, capacity=0, deadline=0)]),
        senior_from=st.sampled_from([5, 11, 11]),
        continuity=st.booleans(),
        certifications=st.sampled_from([{}, {"I526": ["eb5"]}]),
        languages=st.booleans(),
    ),
)


def _field(read, people):
    return Field({}, {}, Attorneys(read, people, families_of(people)))


@settings(max_examples=300, deadline=None)
@given(firms(), matters, policies)
def test_each_of_many_cases_is_decided_as_if_it_were_decided_alone(firm, cases, policy):
    alone, together = _field(*firm), _field(*firm)
    sitting = Sitting(together, policy, TODAY)
    for place, matter in enumerate(cases):
        decision, at = sitting.decide(matter), NOON + timedelta(microseconds=place)
        expected = decide(matter, alone.candidates(matter), policy, TODAY)
        assert msgspec.json.encode(decision) == msgspec.json.encode(expected)
        if expected.attorney_id is not None:
            alone.give(matter, expected.attorney_id, at)
            sitting.give(matter, expected.attorney_id, at)


def test_an_attorney_who_gets_a_case_is_full_in_the_next_look():
    read = Read([Candidate(attorney_id=one, licence="NY 1", capacity=1) for one in ATTORNEYS[:2]], {}, {}, {}, [])
    sitting = Sitting(_field(read, {}), Policy(), TODAY)
    matter = Matter(case_id=_id(9, 0), partner_id=PARTNERS[0], complexity=5, opened_at=NOON)
    got = []
    for _ in range(3):
        decision = sitting.decide(matter)
        got.append(decision.attorney_id or decision.code)
        if decision.attorney_id:
            sitting.give(matter, decision.attorney_id, NOON)
    assert got == [*ATTORNEYS[:2], "all_full"]
