"""Who can take cases, as the use cases keep it."""

from __future__ import annotations

from datetime import date

import pytest
from helpers.callers import ME
from sqlalchemy import select

from gateway.db.models import Assignment, AuditEntry, Case, Staff, TimeOff
from gateway.domain.assignment import attorneys, languages, profiles, time_off
from gateway.domain.assignment.attorneys import Said
from gateway.domain.assignment.hours import prorated, week_of
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.office import Actor

ANA, ADMIN = "attorney@northgate.example", "admin@northgate.example"
MONDAY = "2027-03-01T15:00:00+00:00"
HALF = {"mon": 8, "tue": 8, "wed": 4}


@pytest.fixture(autouse=True)
def _on_a_monday(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", MONDAY)


@pytest.fixture
def acting(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        yield one


@pytest.fixture
def ana(acting):
    return attorneys.add(acting, ANA, Said(licence="NY 4821093"))


@pytest.fixture
def looks(monkeypatch):
    """For whom the cases that wait were to be looked at again."""
    found = []
    for room in (attorneys, time_off):
        monkeypatch.setattr(room, "look_again", lambda _session, firm_id: found.append(firm_id))
    return found


def noted(acting):
    rows = acting.session.execute(select(AuditEntry.action, AuditEntry.changes).order_by(AuditEntry.at, AuditEntry.id))
    return [(action, changes[0].get("old"), changes[0].get("new")) for action, changes in rows]


def hold(acting, tenants, attorney, count, **more):
    for number in range(count):
        row = {"case_number": f"{more}-{number}"[:60], "partner_id": tenants.acme, "pins": {}, "attributes": {}} | more
        acting.session.add(Case(firm_id=tenants.northgate, attorney_id=attorney.id, **row))
    acting.session.flush()


@pytest.mark.parametrize(
    ("capacity", "hours", "expected"),
    [
        (20, {}, 20),
        (20, {"mon": 40}, 20),
        (20, {"mon": 30, "tue": 30}, 20),
        (20, HALF, 10),
        (15, HALF, 7),
        (1, {"mon": 0.5}, 1),
        (3, {"mon": 1}, 1),
        (20, {"mon": 0}, 0),
        (0, {}, 0),
        (0, HALF, 0),
        (200, {"mon": 39.9}, 199),
    ],
)
def test_part_time_takes_its_part_of_the_capacity_and_leaves_one(capacity, hours, expected):
    assert prorated(capacity, hours) == expected


def test_days_are_kept_from_monday_on_and_one_that_is_none_is_refused():
    assert list(week_of({"wed": 4, "mon": 8})) == ["mon", "wed"]
    for wrong in ({"mom": 8}, {"mon": 25}, {"mon": -1}, {"mon": float("nan")}):
        with pytest.raises(Invalid, match="availability"):
            week_of(wrong)
    with pytest.raises(Invalid, match='Did you mean "mon"'):
        week_of({"monday": 8})


def test_a_member_of_staff_becomes_an_attorney_once(acting, ana, looks):
    assert (ana.attorney.capacity, ana.attorney.senior, ana.attorney.availability) == (20, False, {})
    assert ana.works
    with pytest.raises(Conflict, match="already"):
        attorneys.add(acting, ANA, Said())
    with pytest.raises(Conflict, match="paralegal"):
        attorneys.add(acting, "paralegal@northgate.example", Said())
    with pytest.raises(NotFound):
        attorneys.add(acting, "nobody@northgate.example", Said())
    attorneys.add(acting, ADMIN, Said())
    assert [action for action, _, _ in noted(acting)] == ["attorney.add", "attorney.add"]
    assert looks == [acting.firm_id]


def test_what_is_said_is_kept_and_noted_and_what_is_not_said_stays(acting, ana, looks):
    said = Said(capacity=18, availability=HALF, languages=["Spanish", "ZH", "en"], certifications=["EB5", "eb5 "])
    one = attorneys.change(acting, ANA, said).attorney
    assert (one.capacity, one.languages, one.certifications) == (18, ["es", "zh"], ["eb5"])
    assert one.licence == "NY 4821093"
    assert noted(acting)[-1] == (
        "attorney.change",
        {"capacity": 20, "availability": {}, "languages": [], "certifications": []},
        {"capacity": 18, "availability": HALF, "languages": ["es", "zh"], "certifications": ["eb5"]},
    )
    before = len(noted(acting))
    attorneys.change(acting, ana.attorney.id, said)
    assert (len(noted(acting)), len(looks)) == (before, 1)
    assert attorneys.change(acting, ANA, Said(licence="  ", senior=True)).attorney.licence is None
    assert len(looks) == 2


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (Said(capacity=201), "0 to 200"),
        (Said(capacity=-1), "0 to 200"),
        (Said(languages=["Spnish"]), 'Did you mean "es", spanish'),
        (Said(languages=["qq"]), "ISO 639-1"),
        (Said(languages=[""]), "ISO 639-1"),
        (Said(certifications=["EB 5"]), "no word"),
        (Said(certifications=["eb5\n6"]), "no word"),
        (Said(licence="x" * 201), "200 characters"),
        (Said(availability={"mon": 30}), "0 to 24"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_meant(acting, ana, said, told):
    with pytest.raises(Invalid, match=told) as refused:
        attorneys.change(acting, ANA, said)
    assert refused.value.code == "attorney_wrong"


def test_expertise_is_declared_whole_by_type_of_case(acting, ana, looks):
    attorneys.set_expertise(acting, ANA, {"H1B_EXT": 4, "PERM": 2})
    attorneys.set_expertise(acting, ANA, {"PERM": 3})
    assert attorneys.expertise(acting, [ana.attorney.id]) == {ana.attorney.id: {"PERM": 3}}
    assert noted(acting)[-1][1:] == ({"expertise": {"H1B_EXT": 4, "PERM": 2}}, {"expertise": {"PERM": 3}})
    attorneys.set_expertise(acting, ANA, {"PERM": 3})
    assert len(looks) == 2
    with pytest.raises(Invalid, match='Did you mean "H1B_EXT"'):
        attorneys.set_expertise(acting, ANA, {"H1B-EXT": 4})
    for level in (0, 6):
        with pytest.raises(Invalid, match="from 1"):
            attorneys.set_expertise(acting, ANA, {"PERM": level})
    attorneys.set_expertise(acting, ANA, {})
    assert attorneys.expertise(acting, [ana.attorney.id]) == {}


def test_capacity_below_what_is_held_moves_nobody_and_is_told(acting, tenants, ana):
    hold(acting, tenants, ana.attorney, 18)
    hold(acting, tenants, ana.attorney, 2, status="closed")
    hold(acting, tenants, ana.attorney, 1, stage="closed")
    found = attorneys.change(acting, ANA, Said(capacity=15))
    shown = profiles.of(acting, found)
    assert (shown.workload.held, shown.workload.may_hold, shown.workload.free) == (18, 15, 0)
    assert shown.remarks == ["Holds 18, may hold 15: gets no more until 4 are closed or passed on."]


def test_what_is_unusual_is_taken_and_remarked(acting, ana):
    shown = profiles.of(acting, attorneys.change(acting, ANA, Said(capacity=40, licence=None)))
    assert (shown.capacity, shown.takes_cases) == (40, False)
    assert shown.remarks == [
        "Gets no cases until a licence is on record.",
        "A capacity of 40 is unusual: 15 to 25 are usual.",
    ]
    acting.session.get(Staff, (acting.firm_id, ana.staff.id)).active = False
    acting.session.flush()
    assert profiles.of(acting, attorneys.find(acting, ANA)).remarks[0].startswith("Gets no cases: the account")


def test_what_is_held_is_weighted_by_what_was_found_or_said_and_else_by_its_type(acting, tenants, ana):
    hold(acting, tenants, ana.attorney, 1, case_number="A", complexity=7, deadline_on=date(2027, 3, 31))
    hold(acting, tenants, ana.attorney, 1, case_number="B", deadline_on=date(2027, 4, 1))
    case = acting.session.scalar(select(Case).where(Case.case_number == "B"))
    common = {"firm_id": acting.firm_id, "case_id": case.id, "attorney_id": ana.attorney.id, "reason": "x", "by": "x"}
    acting.session.add(Assignment(**common, kind="assigned", by_kind="system", complexity=9, until=case.created_at))
    acting.session.add(Assignment(**common, kind="reassigned", by_kind="system", complexity=2))
    acting.session.flush()
    hold(acting, tenants, ana.attorney, 1, case_number="C", case_type="I140_NIW")
    shown = profiles.of(acting, ana).workload
    assert (shown.held, shown.weighted, shown.urgent, shown.free) == (3, 7 + 2 + 9, 1, 17)


def test_time_off_that_touches_becomes_one(acting, ana, looks):
    first = time_off.add(acting, ANA, date(2027, 3, 8), date(2027, 3, 12))
    assert first.merged == 0
    assert time_off.add(acting, ANA, date(2027, 3, 9), date(2027, 3, 10)).off.id == first.off.id
    assert len(looks) == 1
    time_off.add(acting, ANA, date(2027, 3, 20), date(2027, 3, 21))
    joined = time_off.add(acting, ANA, date(2027, 3, 13), date(2027, 3, 19))
    assert (joined.merged, joined.off.starts_on, joined.off.ends_on) == (2, date(2027, 3, 8), date(2027, 3, 21))
    assert [one.id for one in time_off.listing(acting, ANA)] == [joined.off.id]
    assert noted(acting)[-1] == (
        "attorney.time_off",
        {"time_off": [["2027-03-08", "2027-03-12"], ["2027-03-20", "2027-03-21"]]},
        {"time_off": [["2027-03-08", "2027-03-21"]]},
    )
    shown = profiles.of(acting, ana)
    assert (shown.away, shown.next_away.first) == (None, date(2027, 3, 8))


def test_time_off_is_taken_back_or_ends_yesterday(acting, ana, monkeypatch, looks):
    off = time_off.add(acting, ANA, date(2027, 3, 1), date(2027, 3, 5)).off
    assert profiles.of(acting, ana).away.last == date(2027, 3, 5)
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-03T15:00:00+00:00")
    time_off.back(acting, ANA)
    assert acting.session.get(TimeOff, (acting.firm_id, off.id)).ends_on == date(2027, 3, 2)
    with pytest.raises(Conflict, match="not away"):
        time_off.back(acting, ANA)
    with pytest.raises(Conflict, match="over"):
        time_off.remove(acting, ANA, off.id)
    coming = time_off.add(acting, ANA, date(2027, 3, 10), date(2027, 3, 12)).off
    time_off.back(acting, ANA, date(2027, 3, 11))
    assert [one.id for one in time_off.listing(acting, ANA)] == [off.id]
    with pytest.raises(NotFound):
        time_off.remove(acting, ANA, coming.id)
    assert len(looks) == 4


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (date(2027, 3, 9), date(2027, 3, 8), "before it begins"),
        (date(2027, 2, 1), date(2027, 2, 28), "over"),
        (date(2027, 3, 9), date(2037, 3, 8), "At most"),
        (date.min, date.max, "At most"),
    ],
)
def test_time_off_that_cannot_be_is_refused(acting, ana, first, last, told):
    with pytest.raises(Invalid, match=told):
        time_off.add(acting, ANA, first, last)


def test_attorneys_say_when_they_are_away_themselves_and_admins_for_all(office, tenants):
    def acting_as(role):
        return office.acting(tenants.northgate, Actor("staff", f"{role}@northgate.example", tenants.staff[role]))

    def away(role, whom):
        with acting_as(role) as one:
            return time_off.add(one, whom, date(2027, 3, 8), date(2027, 3, 12))

    with acting_as("admin") as one:
        for whom in (ANA, ADMIN):
            attorneys.add(one, whom, Said())
    away("attorney", ANA)
    away("admin", ANA)
    for role in ("attorney", "paralegal"):
        with pytest.raises(Forbidden, match="for an admin"):
            away(role, ADMIN)


def test_nobody_finds_the_attorneys_of_another_firm(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        added = attorneys.add(one, ANA, Said()).attorney.id
    with office.acting(tenants.northgate, ME) as one:
        assert attorneys.find(one, f"{added}").staff.email == ANA
    with office.acting(tenants.harbor, ME) as stranger:
        assert attorneys.listing(stranger) == []
        for whom in (ANA, added, "not-an-id"):
            with pytest.raises(NotFound):
                attorneys.find(stranger, whom)


def test_languages_have_codes_of_two_letters_or_names():
    assert languages.codes(["Chinese", "fr", "FR", "english"]) == ["fr", "zh"]
