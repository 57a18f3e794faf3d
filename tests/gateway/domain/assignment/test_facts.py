"""What decisions are made of, read from a firm's records; and what is never read."""

import random
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from helpers.firm_records import TODAY, Records
from sqlalchemy import select, update

from gateway.db.models import Assignment, Case, Client, Document, Expertise, Firm, TimeOff, Wall
from gateway.db.session import driver
from gateway.domain.assignment.deciding import decide
from gateway.domain.assignment.facts import gather
from gateway.domain.assignment.terms import Policy

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
FORBIDDEN = re.compile(
    r"citizenship|country|birth|religion|nationality|given_name|middle_name|family_name|\bname\b|\bsex\b|notes|email",
)


@pytest.fixture
def records(db, tenants):
    return Records(db, tenants.northgate, tenants.acme)


def test_loads_are_the_open_cases_that_somebody_holds_with_their_complexity(records):
    mine, other = records.attorney(), records.attorney()
    records.case(attorney_id=mine, case_type="PERM")
    records.case(attorney_id=mine, complexity=7)
    records.case(attorney_id=mine, stage="closed")
    records.case(attorney_id=mine, status="approved", stage="decided")
    held = records.case(attorney_id=mine)
    records.plain(
        Assignment, case_id=held, attorney_id=mine, kind="assigned", complexity=4, reason="-", by_kind="system", by="-"
    )
    _, found = records.one(records.case())
    assert (found[mine].load, found[mine].weighted, found[mine].team) == (3, 5 + 7 + 4, 3)
    assert (found[other].load, found[other].weighted, found[other].team) == (0, 0, 0)
    assert found[other].last_given_at is None
    assert found[mine].last_given_at is not None


def test_who_can_take_cases_is_told_by_account_role_licence_and_hours(records):
    gone, clerk = records.attorney(active=False), records.attorney(role="paralegal")
    half = records.attorney(capacity=15, availability={"mon": 8, "tue": 8, "wed": 4}, senior=True, languages=["es"])
    records.plain(TimeOff, attorney_id=half, starts_on=date(2026, 12, 24), ends_on=date(2027, 1, 2))
    records.plain(TimeOff, attorney_id=half, starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 29))
    _, found = records.one(records.case())
    assert [found[one].works for one in (gone, clerk, half)] == [False, False, True]
    assert (found[half].capacity, found[half].senior, list(found[half].languages)) == (7, True, ["es"])
    assert [(one.first, one.last) for one in found[half].away] == [(date(2026, 12, 24), date(2027, 1, 2))]


def test_experience_is_declared_or_decided_within_two_years_half_of_it_after_each(records):
    knows = records.attorney()
    records.plain(Expertise, attorney_id=knows, case_type="TN", level=4)
    records.plain(Expertise, attorney_id=knows, case_type="PERM", level=5)
    for days, status in ((0, "approved"), (365, "denied"), (730, "approved"), (732, "approved"), (10, "withdrawn")):
        records.case(attorney_id=knows, status=status, stage="decided", decided_on=TODAY - timedelta(days=days))
    records.case(attorney_id=knows, status="approved", stage="decided", decided_on=TODAY, case_type="O1A")
    _, found = records.one(records.case())
    assert found[knows].level == 4
    assert found[knows].decided == pytest.approx(1 + 0.5 + 0.25)


def test_a_wall_stands_before_the_client_or_the_whole_partner_of_a_case(records, tenants):
    free, client_wall, partner_wall, elsewhere = (records.attorney() for _ in range(4))
    person, stranger = records.client(), records.client()
    for attorney, side in (
        (client_wall, {"client_id": person}),
        (partner_wall, {"partner_id": tenants.acme}),
        (elsewhere, {"partner_id": tenants.globex}),
        (elsewhere, {"client_id": stranger}),
    ):
        records.plain(Wall, staff_id=records.staff_of[attorney], reason="-", created_by="-", **side)
    _, found = records.one(records.case(client_id=person))
    assert {one: found[one].walled for one in found} == {
        free: False, client_wall: True, partner_wall: True, elsewhere: False
    }  # fmt: skip
    _, found = records.one(records.case())
    assert [found[one].walled for one in (client_wall, partner_wall)] == [False, True]


def test_the_client_the_family_and_the_employer_have_attorneys_already(records, tenants):
    now, before, familys, theirs, nobody = (records.attorney() for _ in range(5))
    person, child = records.client(employee_id="E7", attorney_id=theirs), records.client(employee_id=" E7".strip())
    records.case(client_id=person, attorney_id=now)
    records.case(client_id=person, attorney_id=before, status="closed", stage="closed")
    records.case(client_id=child, attorney_id=familys, status="approved", stage="closed")
    for blank in ("", " ", None):
        records.case(client_id=records.client(employee_id=blank), attorney_id=nobody, status="closed", stage="closed")
    matter, found = records.one(records.case(client_id=person))
    assert {one: set(found[one].has) for one in found} == {
        now: {"client"}, before: set(), familys: {"family"}, theirs: {"client"}, nobody: set()
    }  # fmt: skip
    assert matter.complexity == 2 + 1  # somebody of the family
    blank = records.client(employee_id=" ")
    _, found = records.one(records.case(client_id=blank))
    assert not any(one.has for one in found.values())


def test_complexity_is_made_of_what_is_on_record(records):
    person = records.client(attributes={"Third-Party Site": "Yes", "Religion": "x"})
    records.case(client_id=person, status="denied", stage="decided")
    records.paper(person, "i94", date(2026, 11, 1))
    case = records.case(client_id=person, case_type="H1B_EXT", stage="rfe_received", deadline_on=date(2027, 3, 1))
    records.paper(person, "rfe", date(2026, 12, 20), case_id=case)
    field = records.field(case)
    assert field.working[case] == [
        "2: a case of type H1B_EXT.",
        "+2: the agency asks for evidence.",
        "+2: a case of the person was denied before.",
        "+2: the papers of the stay ended on 2026-11-01.",
        "+1: the work is at a third party's site.",
        "+1: 20 days are left to its deadline.",
    ]
    assert (field.matters[case].complexity, field.matters[case].deadline_on) == (10, date(2026, 12, 20))


def test_complexity_set_by_hand_is_kept_and_what_a_file_says_is_not(records):
    pinned = records.case(complexity=9, pins={"complexity": {"by": "x", "at": "y"}})
    filed = records.case(complexity=9)
    field = records.field(pinned, filed)
    assert [field.matters[one].complexity for one in (pinned, filed)] == [9, 2]
    assert field.working[pinned] == ["9: set by hand."]


@pytest.mark.parametrize("papers", [[("i94", None)], [("i797", date(2026, 1, 1))], [("i94", date(2026, 11, 30))], []])
def test_a_gap_in_the_stay_is_never_guessed(records, papers):
    person = records.client()
    for doc_type, ends in papers:
        records.paper(person, doc_type, ends)
    matter, _ = records.one(records.case(client_id=person))
    assert matter.complexity == 2


@pytest.mark.parametrize(
    ("kept", "languages"),
    [
        ({"Preferred Language": "Spanish; Portuguese"}, ["es", "pt"]),
        ({"languages": '["es"]'}, ["es"]),
        ({"language": "English or Spanish"}, []),
        ({"language": "n/a", "Language of Contract": "French"}, []),
    ],
)
def test_a_language_is_asked_for_only_where_a_partner_says_so(records, kept, languages):
    person = records.client(attributes=kept, languages=["Hindi"])
    matter, _ = records.one(records.case(client_id=person))
    assert list(matter.languages) == languages


def test_only_open_cases_of_the_firm_need_an_attorney(records, db, tenants):
    records.attorney()
    mine, closed = records.case(), records.case(stage="closed", status="closed")
    stranger = Records(db, tenants.harbor, tenants.initech)
    stranger.attorney()
    theirs = stranger.case()
    field = records.field(mine, closed, theirs)
    assert set(field.matters) == {mine}
    assert len(field.candidates(field.matters[mine])) == 1


def test_what_is_given_away_counts_for_the_next_case_as_if_it_had_been_read(records, db, tenants):
    one, other = records.attorney(), records.attorney()
    person, child = records.client(employee_id="E1"), records.client(employee_id="E1")
    cases = [records.case(client_id=person), records.case(client_id=child), records.case()]
    field = records.field(*cases)
    first, second, third = (field.matters[case] for case in cases)
    field.give(first, one, NOON)
    by_id = {found.attorney_id: found for found in field.candidates(second)}
    assert (by_id[one].load, by_id[one].weighted, by_id[one].last_given_at) == (1, 3, NOON)
    assert (by_id[one].has, by_id[one].team, by_id[other].load) == (frozenset({"family"}), 1, 0)
    with db.firm(tenants.northgate) as session:
        session.execute(update(Case).where(Case.id == cases[0]).values(attorney_id=one, complexity=3))
        session.add(
            Assignment(
                firm_id=tenants.northgate,
                case_id=cases[0],
                attorney_id=one,
                kind="assigned",
                reason="-",
                by_kind="system",
                by="-",
                at=NOON,
            )
        )
    again = records.field(*cases[1:])
    assert field.candidates(third) == again.candidates(again.matters[cases[2]])
    assert field.candidates(second) == again.candidates(again.matters[cases[1]])


def test_as_many_statements_are_asked_for_one_case_as_for_fifty_and_none_names_what_must_not_count(
    records, db, tenants, tmp_path
):
    records.attorney()
    person = records.client(employee_id="E1")
    cases = [records.case(client_id=person) for _ in range(50)]
    asked = []
    for number, some in enumerate((cases[:1], cases)):
        with db.firm(tenants.northgate) as session, (tmp_path / f"{number}").open("w+") as sent:
            session.execute(select(Firm.id))
            driver(session).execute("DEALLOCATE ALL")  # what is prepared goes to the server by a number
            connection = driver(session).pgconn  # what goes to the server, whoever sends it
            connection.trace(sent.fileno())
            gather(session, some, TODAY)
            connection.untrace()
            sent.seek(0)
            asked.append([line for line in sent.read().splitlines() if "\tF\t" in line])
    once, often = (sum("\tBind\t" in line for line in each) for each in asked)
    assert 3 < once == often <= 13
    assert all(any("SELECT cases.id" in line for line in each) for each in asked)
    assert [found for each in asked for line in each if (found := FORBIDDEN.search(line.lower()))] == []


MUST_NOT_COUNT = set(
    "citizenship country_of_birth given_name middle_name family_name sex date_of_birth languages".split()
)
MAY_COUNT = {"employee_id", "attributes"}  # families have one number; of what partners keep, two words are read
NO_FREE_WORD = {"key", "pins", "enrollment_status"}  # the partner's own number, who pinned what, one of three words


def test_decisions_are_the_same_wherever_people_come_from_and_whatever_they_are_called(records, db, tenants):
    attorneys = [records.attorney(capacity=2) for _ in range(4)]
    for number, attorney in enumerate(attorneys):
        records.plain(Expertise, attorney_id=attorney, case_type="TN", level=number + 1)
    people = [records.client(employee_id=f"E{number // 2}") for number in range(10)]
    cases = [records.case(client_id=person) for person in people]
    for person in people:
        records.paper(person, "i94", date(2026, 10, 1))
    before, after = random.Random(1), random.Random(2)
    was = [_become(db, tenants, person, before, "x") for person in people]
    decisions = _decisions(records, cases)
    assert {one.attorney_id for one in decisions} > {None}
    now = [_become(db, tenants, person, after, "y") for person in people]
    assert _decisions(records, cases) == decisions
    assert set(was[0]) >= MUST_NOT_COUNT
    for old, new in zip(was, now, strict=True):  # each of them changed, of everybody
        assert [name for name in old if old[name] == new[name]] == []
    assert all(len({str(one[name]) for one in now}) > 1 for name in MUST_NOT_COUNT)  # and not into the same


def _become(db, tenants, person, chance, mark):
    """Give somebody, their papers and cases other values of all that speaks of a person; some share some of them."""
    said = {name: _other(column.type.python_type, chance, mark) for name, column in _personal(Client).items()}
    told = {"Religion": said["sex"], "Nationality": said["citizenship"], "Third Party Site": "yes"}
    countries = {"country": _other(str, chance, mark)}
    with db.firm(tenants.northgate) as session:
        session.execute(update(Client).where(Client.id == person).values(**said, attributes=told))
        session.execute(update(Document).where(Document.client_id == person).values(countries))
        session.execute(
            update(Case).where(Case.client_id == person).values(attributes={**told, "Third Party Site": ""})
        )
    return said | countries


def _personal(model):
    columns = model.__table__.columns
    kept = MAY_COUNT | NO_FREE_WORD
    return {one.name: one for one in columns if one.info["nature"] != "ours" and one.name not in kept}


def _other(kind, chance, mark):
    number = chance.randint(1, 3) + (4 if mark == "y" else 0)
    spelled = {
        str: f"{mark}{number}",
        bytes: f"{mark}{number}".encode(),
        list: [["English", "Farsi"][mark == "y"], f"{number}"],
    }
    return spelled[kind] if kind in spelled else date(1950 + number, 1, 1) if kind is date else kind(number)


def _decisions(records, cases):
    field = records.field(*cases)
    made = []
    for matter in field.matters.values():
        made.append(decide(matter, field.candidates(matter), Policy(), TODAY))
        if made[-1].attorney_id:
            field.give(matter, made[-1].attorney_id, NOON + timedelta(seconds=len(made)))
    return made
