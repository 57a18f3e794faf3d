"""Who is missing from a full file, what that ends, and when a person must look first."""

from __future__ import annotations

from decimal import Decimal

import pytest
from helpers.inbox import as_csv, counts, people, person


def test_a_late_older_full_file_brings_nobody_back_and_nobody_new(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    inbox.drop("roster_20260303.csv", people(20, without=(7,)))
    told = inbox.drop("roster_20260302.csv", people(21, salary="1"))

    assert told["rows"]["stale"] == 21
    assert "E7" not in inbox.open_clients()
    assert "E21" not in inbox.clients()


def test_a_b_a_ends_as_a(inbox):
    a, b = people(200), people(200, without=(3, 50, 51, 200))
    inbox.drop("roster.csv", a)
    told = inbox.drop("roster.csv", b)
    assert told["records"]["clients"]["closed"] == 4
    assert inbox.open_clients() == {f"E{n}" for n in range(1, 201)} - {"E3", "E50", "E51", "E200"}

    told = inbox.drop("roster.csv", a)

    assert told["state"] == "loaded"
    assert counts(told) == {"read": 200, "updated": 4, "unchanged": 196}
    assert len(inbox.open_clients()) == 200
    assert inbox.sql("SELECT count(*) FROM clients WHERE termination_date IS NOT NULL") == [(0,)]


def test_whoever_is_absent_is_terminated_with_a_date_and_it_is_audited(inbox):
    inbox.drop("roster_20260301.csv", people(20))
    inbox.drop("roster_20260302.csv", people(20, without=(7,)))

    assert inbox.sql(
        "SELECT employee_id, termination_date::text FROM clients WHERE enrollment_status = 'terminated'"
    ) == [("E7", "2026-03-02")]
    [(changes,)] = inbox.sql("SELECT changes FROM audit_log WHERE action = 'import.absent'")
    assert changes[0]["action"] == "closed"
    assert changes[0]["old"] == {"enrollment_status": "active", "termination_date": None}
    assert changes[0]["new"] == {"enrollment_status": "terminated", "termination_date": "2026-03-02"}


@pytest.mark.parametrize(
    ("end", "pins", "told"),
    [
        ("NULL", '{"termination_date": {}}', {"enrollment_status": "terminated"}),  # staff say that there is no end yet
        ("'2026-05-31'", '{"termination_date": {}}', {"enrollment_status": "terminated"}),
        ("'2026-05-31'", "{}", {"enrollment_status": "terminated"}),  # a file said so before
    ],
)
def test_absence_gives_no_end_where_there_is_one_or_staff_said_that_there_is_none(inbox, end, pins, told):
    inbox.drop("roster_20260301.csv", people(20))
    inbox.sql(f"UPDATE clients SET termination_date = {end}, pins = '{pins}' WHERE employee_id = 'E7'")
    before = inbox.sql("SELECT termination_date FROM clients WHERE employee_id = 'E7'")
    inbox.drop("roster_20260302.csv", people(20, without=(7,)))

    assert "E7" not in inbox.open_clients()
    assert inbox.sql("SELECT termination_date FROM clients WHERE employee_id = 'E7'") == before
    [(changes,)] = inbox.sql("SELECT changes FROM audit_log WHERE action = 'import.absent'")
    assert changes[0]["new"] == told


def test_documents_of_whoever_is_absent_stay_as_they_are(inbox):
    inbox.drop("roster_20260301.csv", people(20, passport="P"))
    inbox.drop("roster_20260302.csv", people(20, without=(7,), passport="P"))

    assert inbox.sql("SELECT DISTINCT status FROM documents") == [("current",)]


def test_a_full_file_that_misses_many_is_held_and_changes_nothing(inbox):
    inbox.drop("roster_20260301.csv", people(200))
    told = inbox.drop("roster_20260302.csv", people(200, without=range(1, 61), salary="1"))

    assert (told["state"], told["code"]) == ("held", "vanish_guard")
    assert told["records"]["clients"] == {"created": 0, "updated": 140, "closed": 60}
    assert len(inbox.open_clients()) == 200
    assert Decimal(1) not in inbox.clients().values()
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'import.row'") == [(200,)]


def test_a_held_file_closes_them_once_it_is_released(inbox):
    inbox.drop("roster_20260301.csv", people(200))
    held = inbox.drop("roster_20260302.csv", people(200, without=range(1, 61)))

    told = inbox.release(held)

    assert told["state"] == "released"
    assert told["records"]["clients"]["closed"] == 60
    assert len(inbox.open_clients()) == 140
    assert inbox.sql("SELECT actor, action FROM audit_log WHERE action = 'import.release'") == [
        ("paralegal@northgate.example", "import.release")
    ]


def test_a_held_file_that_is_refused_changes_nothing(inbox):
    inbox.drop("roster_20260301.csv", people(200))
    held = inbox.drop("roster_20260302.csv", people(200, without=range(1, 61)))

    told = inbox.refuse(held, "The export stopped halfway.")

    assert (told["state"], told["reason"]) == ("refused", "The export stopped halfway.")
    assert len(inbox.open_clients()) == 200


def test_a_release_is_judged_against_todays_records(inbox):
    inbox.drop("roster_20260301.csv", people(200))
    held = inbox.drop("roster_20260302.csv", people(200, without=range(1, 61), salary="2"))
    inbox.drop("roster_20260303.csv", people(200, salary="3"))

    told = inbox.release(held)

    assert told["rows"]["stale"] == 140
    assert told["records"]["clients"]["closed"] == 0
    assert set(inbox.clients().values()) == {Decimal(3)}


def test_a_rejected_row_closes_nobody(inbox):
    inbox.drop("roster_20260301.csv", people(200))
    bad = [person(number, dob="30/30/1980") for number in (10, 11, 12)]
    told = inbox.drop("roster_20260302.csv", people(200, without=(10, 11, 12, 20, 21)) + bad)

    assert told["rows"]["rejected"] == 3
    assert told["records"]["clients"]["closed"] == 2
    assert inbox.open_clients() >= {"E10", "E11", "E12"}


def test_one_row_that_names_nobody_suspends_closing(inbox):
    inbox.drop("roster_20260301.csv", people(200))
    told = inbox.drop("roster_20260302.csv", [*people(200, without=(20, 21)), person(5) | {"EMP_ID": ""}])

    assert told["records"]["clients"]["closed"] == 0
    assert len(inbox.open_clients()) == 200
    assert ("key_unreadable", "warning") in {(one["code"], one["severity"]) for one in told["problems"]}


def test_two_full_feeds_never_close_each_others_people(inbox, roster):
    both = roster + roster[roster.index("  roster:") :].replace("  roster:", "  interns:").replace("roster", "interns")
    inbox.apply(both)
    inbox.drop("roster_20260301.csv", people(20))
    inbox.drop("interns_20260301.csv", [person(number) for number in range(101, 121)])

    inbox.drop("interns_20260302.csv", [person(number, salary="1") for number in range(101, 121)])

    assert len(inbox.open_clients()) == 40


def test_a_shrunken_file_is_held(inbox):
    inbox.drop("roster_20260301.csv", people(8))
    told = inbox.drop("roster_20260302.csv", people(3))

    assert told["guards"] == ["vanish_guard", "shrink_guard"]


def test_a_file_with_mostly_bad_rows_is_held_and_its_errors_are_told(inbox):
    told = inbox.drop(
        "roster_20260301.csv", [person(n, dob="x") for n in range(6)] + [person(n) for n in range(10, 15)]
    )

    assert (told["state"], told["code"]) == ("held", "reject_guard")
    assert told["rows"]["rejected"] == 6
    assert told["problem_count"] == 6
    assert "csv" in told["receipts"]
    assert inbox.clients() == {}


def test_whoever_ended_for_another_reason_is_not_reopened_by_being_listed(inbox):
    inbox.drop("roster_20260301.csv", [person(1)])
    inbox.sql("UPDATE clients SET enrollment_status = 'terminated'")

    inbox.drop("roster_20260302.csv", [person(1, salary="1")])

    assert inbox.open_clients() == set()


def test_lines_that_say_nothing_keep_nobody_from_being_closed(inbox):
    inbox.drop("roster_20260501.csv", people(20))
    said_nothing = b",,,,,,,\r\n" * 30 + b"\x1a"
    told = inbox.drop("roster_20260502.csv", as_csv(people(20, without=(3, 7))) + said_nothing)
    assert (told["state"], told["problems"]) == ("loaded", [])
    assert told["records"]["clients"]["closed"] == 2
    assert counts(told) == {"read": 18, "unchanged": 18}
