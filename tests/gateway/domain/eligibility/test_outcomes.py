"""How comparable cases ended: which count, each once, held against plain Python; and what follows from them."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import NamedTuple
from uuid import uuid4

import pytest
from helpers.callers import ME
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.db.models import Case, Client, Firm, HistoricalCase, Partner, Wall
from gateway.domain.eligibility import outcomes
from gateway.domain.eligibility.outcomes import FIRM, Tally
from gateway.domain.rules.criteria import visa_on
from gateway.errors import Missing

DAY = date(2027, 3, 1)
FIRST = date(2022, 3, 1)
EB1A = visa_on("EB1A", DAY)
FEW = ["IOE0900000000", "IOE0900000001", "2024-001"]  # so that numbers meet
DAYS = [
    None,
    date(2026, 5, 5),
    FIRST - timedelta(1),
    FIRST,
    date(2024, 2, 29),
    DAY - timedelta(1),
    DAY,
    DAY + timedelta(1),
]
NUMBERS = [f"IOE090000000{one}" for one in range(4)]


class Own(NamedTuple):
    number: str
    case_type: str | None
    status: str
    decided_on: date | None
    receipt: str | None


class Past(NamedTuple):
    source: str
    number: str
    stage: str
    visa: str | None
    outcome: str
    decided_on: date | None


# ------------------------------------------------------------------------------------------------ the account


def counted(cases, past, visa=EB1A, first=FIRST, day=DAY):
    """What should count: of the records, and of what was brought in."""
    own = [one for one in cases if one.case_type in visa.cases and is_decided(one.status, one.decided_on, first, day)]
    known = set()
    for one in cases:
        if one.status == "withdrawn" or (one.status in {"approved", "denied"} and one.decided_on):
            known |= {one.number, one.receipt}
    fitting = [one for one in past if (one.stage, one.visa) == ("petition", visa.id)]
    fitting = [one for one in fitting if is_decided(one.outcome, one.decided_on, first, day)]
    by_number = {}
    for one in sorted(fitting, key=lambda each: (each.source != FIRM, -each.decided_on.toordinal(), each.source)):
        if one.number not in known:
            by_number.setdefault(one.number, one)
    return tally(one.status for one in own), tally(one.outcome for one in by_number.values())


def is_decided(outcome, on, first, day):
    return outcome in {"approved", "denied"} and on is not None and first <= on <= day


def tally(ended):
    told = list(ended)
    return Tally(told.count("approved"), told.count("denied"))


# ------------------------------------------------------------------------------------------------ furnishing


def add(session, firm, cases=(), past=()):
    session.add_all(
        Case(
            firm_id=firm.id, partner_id=firm.partner, case_number=one.number, case_type=one.case_type, pins={},
            status=one.status, decided_on=one.decided_on, receipt_number=one.receipt, attributes={},
        )
        for one in cases
    )  # fmt: skip
    session.add_all(
        HistoricalCase(
            firm_id=firm.id, source=one.source, case_number=one.number, stage=one.stage, visa=one.visa,
            outcome=one.outcome, decided_on=one.decided_on,
        )
        for one in past
    )  # fmt: skip
    session.flush()


@pytest.fixture
def firm(tenants):
    return SimpleNamespace(id=tenants.northgate, partner=tenants.acme)


def another(db):
    made = SimpleNamespace(id=uuid4(), partner=uuid4())
    with db.system() as session:
        session.add(Firm(id=made.id, slug=f"f{made.id.hex}", name="A firm", wrapped_key=b""))
        session.flush()
        session.add(Partner(firm_id=made.id, id=made.partner, slug=f"p{made.id.hex}", name="P", time_zone="UTC"))
    return made


def own(number, status="approved", day=date(2026, 5, 5), kind="I140_EB1A", receipt=None):
    return Own(number, kind, status, day, receipt)


def past(number, outcome="approved", day=date(2026, 5, 5), visa="EB1A", stage="petition", source=FIRM):
    return Past(source, number, stage, visa, outcome, day)


SOME_CASES = st.lists(
    st.builds(
        Own,
        number=st.sampled_from([*FEW, "2024-002"]),
        case_type=st.sampled_from(["I140_EB1A", "I140_EB1A", "I140_NIW", None]),
        status=st.sampled_from(["approved", "denied", "open", "withdrawn", "closed"]),
        decided_on=st.sampled_from(DAYS),
        receipt=st.sampled_from([None, *FEW]),
    ),
    unique_by=lambda one: one.number,
    min_size=1,
    max_size=4,
)
SOME_PAST = st.lists(
    st.builds(
        Past,
        source=st.sampled_from([FIRM, "A published list", "Another list"]),
        number=st.sampled_from([*FEW, "2024-003"]),
        stage=st.sampled_from(["petition", "petition", "petition", "labor_condition", "labor_certification"]),
        visa=st.sampled_from(["EB1A", "EB1A", "EB1A", "NIW"]),
        outcome=st.sampled_from(["approved", "denied", "approved", "denied", "withdrawn", "pending"]),
        decided_on=st.sampled_from(DAYS),
    ),
    unique_by=lambda one: (one.source, one.number),
    min_size=2,
    max_size=9,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=SOME_CASES, told=SOME_PAST, strangers=SOME_PAST)
def test_of_any_history_what_counts_is_what_plain_python_counts(db, cases, told, strangers):
    mine, other = another(db), another(db)
    with db.firm(other.id) as session:
        add(session, other, past=strangers)
    with db.firm(mine.id) as session:
        add(session, mine, cases, told)
        found = outcomes.of_visa(session, EB1A, DAY)
    assert (found.own, found.imported) == counted(cases, told)
    assert found.chance.n == found.own.n + found.imported.n
    assert found.chance.approved == found.own.approved + found.imported.approved


# ------------------------------------------------------------------------------------------------ what it comes to


def test_eighteen_approved_of_twenty_are_shrunk_to_the_public_rate(db, firm):
    cases = [own(f"A{n}") for n in range(10)] + [own("D1", "denied")]
    told = [past(f"P{n}") for n in range(8)] + [past("P8", "denied"), past("P9", "pending"), past("PA", "withdrawn")]
    with db.firm(firm.id) as session:
        add(session, firm, cases, told)
        chance = outcomes.chance_of(session, EB1A, DAY)
    assert (chance.n, chance.approved) == (20, 18)
    rate = 60.65 / (60.65 + 23.32)
    assert chance.probability == pytest.approx((20 * rate + 18) / 40)
    assert chance.low < chance.probability < chance.high
    assert "USCIS" in chance.source


def test_without_a_case_of_its_own_a_firm_reads_the_public_rate(db, firm):
    with db.firm(firm.id) as session:
        chance = outcomes.chance_of(session, EB1A, DAY)
    assert chance.n == 0
    assert chance.probability == pytest.approx(chance.prior)


def test_without_a_public_rate_there_is_no_chance_and_what_ended_is_told_all_the_same(db, firm):
    with db.firm(firm.id) as session:
        add(session, firm, [own("A1", kind="TN")])
        assert outcomes.chance_of(session, visa_on("TN", DAY), DAY) is None
        found = outcomes.of_visa(session, visa_on("TN", DAY), DAY)
        assert (found.own, found.chance) == (Tally(1, 0), None)
        before = date(2024, 9, 30)  # the day before the rate holds
        assert outcomes.chance_of(session, visa_on("EB1A", before), before) is None


def test_a_certified_application_to_the_department_of_labor_is_no_approved_petition(db, firm):
    told = [past("L1", visa="E3", stage="labor_condition"), past("C1", visa="EB1A", stage="labor_certification")]
    with db.firm(firm.id) as session:
        add(session, firm, [own("P1", kind="PERM")], told)
        assert [outcomes.of_visa(session, visa_on(one, DAY), DAY).together.n for one in ("E3", "EB1A")] == [0, 0]


def test_a_case_among_the_records_and_in_the_history_counts_once_as_the_records_have_it(db, firm):
    cases = [
        own("2024-001", "denied", receipt=NUMBERS[0]),  # by receipt number
        own(NUMBERS[1]),  # by case number
        own("2024-003", "open", None, receipt=NUMBERS[2]),  # the history knows how it ended
        own("2024-004", "withdrawn", None, receipt=NUMBERS[3]),
    ]
    with db.firm(firm.id) as session:
        add(session, firm, cases, [past(one) for one in NUMBERS])
        found = outcomes.of_visa(session, EB1A, DAY)
    assert (found.own, found.imported) == (Tally(1, 1), Tally(1, 0))


def test_what_waits_in_one_source_and_was_decided_in_another_was_decided_and_the_firms_own_word_is_first(db, firm):
    told = [past("A", "pending"), past("A", source="A list"), past("B", "denied"), past("B", source="A list")]
    with db.firm(firm.id) as session:
        add(session, firm, past=told)
        assert outcomes.of_visa(session, EB1A, DAY).imported == Tally(1, 1)


def test_two_firms_never_mix(db, firm, tenants):
    other = SimpleNamespace(id=tenants.harbor, partner=tenants.initech)
    with db.firm(other.id) as session:
        add(session, other, [own("X1"), own("X2", "denied")], [past("X3")])
    with db.firm(firm.id) as session:
        assert outcomes.of_visa(session, EB1A, DAY).together.n == 0
    with db.firm(other.id) as session:
        assert outcomes.of_visa(session, EB1A, DAY).together == Tally(2, 1)


def test_cases_behind_a_wall_do_not_count_for_whoever_it_stands_around(db, firm, tenants, office):
    client, staff = uuid4(), tenants.staff["attorney"]
    with db.firm(firm.id) as session:
        session.add(Client(firm_id=firm.id, id=client, partner_id=firm.partner, key="E1", pins={}))
        session.flush()
        add(session, firm, [own("A1"), own("A2")])
        session.query(Case).where(Case.case_number == "A1").update({"client_id": client})
        session.add(Wall(firm_id=firm.id, staff_id=staff, client_id=client, reason="x", created_by="x"))
    with db.firm(firm.id, staff) as session:
        assert outcomes.of_visa(session, EB1A, DAY).own.n == 1
    with db.firm(firm.id) as session:
        assert outcomes.of_visa(session, EB1A, DAY).own.n == 2


def test_all_visas_are_told_as_of_today_where_the_firm_is_and_an_unknown_one_is_named(office, firm, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-01T03:00:00+00:00")
    with office.acting(firm.id, ME) as acting:
        found = outcomes.look(acting)
        assert {one.last for one in found} == {date(2027, 2, 28)}
        assert [one.visa.id for one in found if one.chance] == ["EB1A", "NIW", "H1B_CAP", "H1B_EXT", "H1B_TRANSFER"]
        with pytest.raises(Missing, match="Did you mean"):
            outcomes.look(acting, "EB1AA")
        assert outcomes.look(acting, day=date(3, 1, 1)) == []  # nothing was asked for in such years
