"""Documents: several of a type, numbers that go and come back, and ends of stay."""

from __future__ import annotations

from desk import counts, person


def test_several_listed_numbers_of_one_type_are_all_current(desk):
    desk.drop("roster_20260301.csv", [person(1, passport="P1"), person(1, passport="P2")])

    assert desk.sql("SELECT status, count(*) FROM documents GROUP BY status") == [("current", 2)]


def test_a_number_that_its_person_no_longer_lists_is_superseded(desk):
    desk.drop("roster_20260301.csv", [person(1, passport="P1"), person(2, passport="Q1")])
    told = desk.drop("roster_20260302.csv", [person(1, passport="P2"), person(2, passport="Q1")])

    assert told["records"]["documents"] == {"created": 1, "updated": 0, "closed": 1}
    assert desk.sql("SELECT status, count(*) FROM documents GROUP BY status ORDER BY status") == [
        ("current", 2),
        ("superseded", 1),
    ]


def test_an_empty_cell_alone_does_not_silence_an_expiry(desk):
    desk.drop("roster_20260301.csv", [person(1, passport="P1")])
    desk.drop("roster_20260302.csv", [person(1, salary="1")])

    assert desk.sql("SELECT status FROM documents") == [("current",)]


def test_documents_of_a_person_with_a_rejected_row_are_left_alone(desk):
    desk.drop("roster_20260301.csv", [person(1, passport="P1"), person(1, passport="P2")])
    desk.drop("roster_20260302.csv", [person(1, passport="P1"), person(1, passport="P2", dob="x")])

    assert desk.sql("SELECT DISTINCT status FROM documents") == [("current",)]


def test_a_document_without_number_is_updated_in_place_and_history_keeps_the_old_date(desk):
    desk.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027")])
    told = desk.drop("roster_20260302.csv", [person(1, i94_expiry="01/31/2029")])

    assert counts(told) == {"read": 1, "updated": 1}
    assert desk.sql("SELECT expires_on::text, version FROM documents") == [("2029-01-31", 2)]
    [(changes,)] = desk.sql("SELECT changes FROM audit_log WHERE changes -> 0 ->> 'action' = 'updated'")
    assert changes[0]["old"] == {"expires_on": "2027-01-31"}
    assert changes[0]["new"] == {"expires_on": "2029-01-31"}


def test_duration_of_status_and_a_date_take_each_others_place(desk):
    ends = "SELECT duration_of_status, expires_on::text FROM documents"
    desk.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027")])
    desk.drop("roster_20260302.csv", [person(1, i94_expiry="D/S")])
    assert desk.sql(ends) == [(True, None)]

    desk.drop("roster_20260303.csv", [person(1, i94_expiry="02/28/2027")])

    assert desk.sql(ends) == [(False, "2027-02-28")]


def test_a_pinned_end_of_stay_pins_both_ways_of_saying_it(desk):
    desk.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027")])
    desk.sql("""UPDATE documents SET pins = '{"expires_on": {}}'""")

    told = desk.drop("roster_20260302.csv", [person(1, i94_expiry="D/S")])

    assert told["rows"]["unchanged"] == 1
    assert desk.sql("SELECT duration_of_status, expires_on::text FROM documents") == [(False, "2027-01-31")]


def test_of_a_date_and_duration_of_status_in_one_file_the_later_row_counts(desk):
    desk.drop("roster_20260301.csv", [person(1, i94_expiry="01/31/2027"), person(1, i94_expiry="D/S")])

    assert desk.sql("SELECT duration_of_status, expires_on FROM documents") == [(True, None)]
