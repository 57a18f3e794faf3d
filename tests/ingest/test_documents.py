"""Documents: several of a type, numbers that go and come back, and ends of stay."""

from __future__ import annotations

from helpers.inbox import counts, person


def test_several_listed_numbers_of_one_type_are_all_current(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1"), person(1, passport="P2")])

    assert inbox.sql("SELECT status, count(*) FROM documents GROUP BY status") == [("current", 2)]


def test_a_number_that_its_person_no_longer_lists_is_superseded(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1"), person(2, passport="Q1")])
    told = inbox.drop("roster_20260302.csv", [person(1, passport="P2"), person(2, passport="Q1")])

    assert told["records"]["documents"] == {"created": 1, "updated": 0, "closed": 1}
    assert inbox.sql("SELECT status, count(*) FROM documents GROUP BY status ORDER BY status") == [
        ("current", 2),
        ("superseded", 1),
    ]


def test_an_empty_cell_alone_does_not_silence_an_expiry(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1")])
    inbox.drop("roster_20260302.csv", [person(1, salary="1")])

    assert inbox.sql("SELECT status FROM documents") == [("current",)]


def test_documents_of_a_person_with_a_rejected_row_are_left_alone(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1"), person(1, passport="P2")])
    inbox.drop("roster_20260302.csv", [person(1, passport="P1"), person(1, passport="P2", dob="x")])

    assert inbox.sql("SELECT DISTINCT status FROM documents") == [("current",)]


def test_a_document_without_number_is_updated_in_place_and_history_keeps_the_old_date(inbox):
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027")])
    told = inbox.drop("roster_20260302.csv", [person(1, i94_expiry="01/31/2029")])

    assert counts(told) == {"read": 1, "updated": 1}
    assert inbox.sql("SELECT expires_on::text, version FROM documents") == [("2029-01-31", 2)]
    [(changes,)] = inbox.sql("SELECT changes FROM audit_log WHERE changes -> 0 ->> 'action' = 'updated'")
    assert changes[0]["old"] == {"expires_on": "2027-01-31"}
    assert changes[0]["new"] == {"expires_on": "2029-01-31"}


def test_duration_of_status_and_a_date_take_each_others_place(inbox):
    ends = "SELECT duration_of_status, expires_on::text FROM documents"
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027")])
    inbox.drop("roster_20260302.csv", [person(1, i94_expiry="D/S")])
    assert inbox.sql(ends) == [(True, None)]

    inbox.drop("roster_20260303.csv", [person(1, i94_expiry="02/28/2027")])

    assert inbox.sql(ends) == [(False, "2027-02-28")]


def test_a_pinned_end_of_stay_pins_both_ways_of_saying_it(inbox):
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027")])
    inbox.sql("""UPDATE documents SET pins = '{"expires_on": {}}'""")

    told = inbox.drop("roster_20260302.csv", [person(1, i94_expiry="D/S")])

    assert told["rows"]["unchanged"] == 1
    assert inbox.sql("SELECT duration_of_status, expires_on::text FROM documents") == [(False, "2027-01-31")]


def test_of_a_date_and_duration_of_status_in_one_file_the_later_row_counts(inbox):
    inbox.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027"), person(1, i94_expiry="D/S")])

    assert inbox.sql("SELECT duration_of_status, expires_on FROM documents") == [(True, None)]
