"""Imports beside imports, beside other writers, and beside other firms."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from helpers.inbox import ROSTER, SENDER, Inbox, as_csv, counts, people
from helpers.servers import PATIENCE, until

from gateway.db.session import driver
from gateway.domain.partners.homes import find_home
from ingest.arrival import Asked
from ingest.reception import receive
from ingest.running import finish


@pytest.fixture
def stranger(office, tenants) -> Inbox:
    """Harbor's partner initech, with the same layout."""
    one = Inbox(office, tenants.harbor, "initech")
    one.apply(ROSTER.format(partner="initech", firm="harbor"))
    return one


def test_two_firms_with_the_same_people_and_files_do_not_meet(inbox, stranger):
    everyone = people(20, passport="P1")
    assert inbox.drop("roster_20260301.csv", everyone)["rows"]["created"] == 20
    assert stranger.drop("roster_20260301.csv", everyone)["rows"]["created"] == 20

    told = stranger.drop("roster_20260302.csv", people(20, passport="P1", salary="1", without=(4,)))

    assert (told["rows"]["updated"], told["records"]["clients"]["closed"]) == (19, 1)
    assert set(inbox.clients().values()) == {Decimal(50000)}
    assert len(inbox.open_clients()) == 20
    for table in (
        "clients",
        "documents",
        "sightings",
        "imports",
        "files",
        "row_errors",
        "problem_groups",
        "audit_log",
        "partner_configs",
    ):
        assert inbox.sql(f"SELECT count(*) FROM {table} WHERE firm_id <> %s", inbox.firm_id) == [(0,)]
    assert not {row[0] for row in inbox.sql("SELECT id FROM imports")} & {
        row[0] for row in stranger.sql("SELECT id FROM imports")
    }


def test_the_same_number_has_another_index_in_another_firm(inbox, stranger):
    inbox.drop("roster_20260301.csv", people(1, passport="P1"))
    stranger.drop("roster_20260301.csv", people(1, passport="P1"))

    assert inbox.sql("SELECT number_index FROM documents") != stranger.sql("SELECT number_index FROM documents")


def test_two_imports_of_one_partner_at_once_both_end_as_one_after_the_other(inbox):
    first, second = people(300, passport="P"), people(300, passport="P", salary="7")
    with ThreadPoolExecutor(2) as both:
        told = list(
            both.map(lambda args: inbox.drop(*args), [("roster_20260301.csv", first), ("roster_20260302.csv", second)])
        )

    assert {one["state"] for one in told} == {"loaded"}
    assert told[0]["rows"]["created"] + told[1]["rows"]["created"] == 300
    assert set(inbox.clients().values()) == {Decimal(7)}
    assert inbox.sql("SELECT count(*) FROM documents") == [(300,)]


def test_the_same_file_twice_at_once_is_loaded_once(inbox):
    everyone = people(300)
    with ThreadPoolExecutor(3) as several:
        told = list(several.map(lambda _: inbox.drop("roster_20260301.csv", everyone), range(3)))

    assert sum(one["rows"]["created"] for one in told if one["state"] == "loaded") >= 300
    assert {one["state"] for one in told} <= {"loaded", "no_change"}
    assert inbox.sql("SELECT count(*), max(version) FROM clients") == [(300, 1)]


@pytest.fixture
def arrive(inbox, office):
    """Takes in a file whose import then runs, as if its worker were at work on it."""

    def arrived(name: str, content: bytes):
        import_id = receive(office, find_home(office, "acme"), name, [content], via="test", by=SENDER, asked=Asked())
        inbox.sql("UPDATE imports SET state = 'running', attempts = 1 WHERE id = %s", import_id)
        return import_id

    return arrived


def test_equal_bytes_under_the_same_name_are_the_arrival_that_still_runs(arrive):
    content = as_csv(people(3))
    assert arrive("roster_20260301.csv", content) == arrive("roster_20260301.csv", content)


def test_equal_bytes_under_another_name_are_another_arrival_though_the_first_still_runs(inbox, arrive):
    content = as_csv(people(3))
    first, second = arrive("roster_20260301.csv", content), arrive("roster_20260302.csv", content)

    assert first != second
    finish(inbox.office, find_home(inbox.office, "acme"), second)
    told = [inbox.account(one) for one in (first, second)]
    assert [(one["file"], one["state"]) for one in told] == [
        ("roster_20260301.csv", "loaded"),
        ("roster_20260302.csv", "no_change"),
    ]
    assert inbox.sql("SELECT confirmed_as_of::date::text FROM imports WHERE id = %s", first) == [("2026-03-02",)]


def test_a_change_by_staff_in_the_middle_of_an_import_is_not_overwritten(inbox, locks):
    inbox.drop("roster_20260301.csv", people(5))
    with (
        ThreadPoolExecutor(1) as importer,
        inbox.office.db.firm(inbox.firm_id) as staff,
    ):
        driver(staff).execute(
            """UPDATE clients SET annual_salary = 1, version = version + 1,
               pins = '{"annual_salary": {"by": "attorney@northgate.example"}}' WHERE employee_id = 'E3'"""
        )
        running = importer.submit(inbox.drop, "roster_20260302.csv", people(5, salary="99"))
        until(locks.waiting)
    told = running.result(PATIENCE)

    assert counts(told) == {"read": 5, "updated": 4, "unchanged": 1}
    assert inbox.clients()["E3"] == Decimal(1)
    assert "pinned_field" in {one["code"] for one in told["problems"]}


def test_writers_in_the_opposite_order_never_show_a_deadlock_to_anybody(inbox):
    inbox.drop("roster_20260301.csv", people(200))
    stop = threading.Event()

    def write_backwards() -> int:
        done = 0
        while not stop.is_set():
            try:
                with inbox.office.db.firm(inbox.firm_id) as session:
                    for number in (190, 100, 10):
                        driver(session).execute(
                            "UPDATE clients SET notes = 'called', version = version + 1 WHERE employee_id = %s",
                            [f"E{number}"],
                        )
                done += 1
            except Exception as error:  # noqa: BLE001 - the writer gave way, as one of two must
                assert type(error).__name__ == "Transient", error  # noqa: PT017 - raised in another thread
        return done

    with ThreadPoolExecutor(2) as writers:
        running = [writers.submit(write_backwards) for _ in range(2)]
        try:
            told = [inbox.drop(f"roster_202603{day:02}.csv", people(200, salary=str(day))) for day in range(2, 10)]
        finally:
            stop.set()
        written = [one.result(PATIENCE) for one in running]

    assert {one["state"] for one in told} == {"loaded"}
    assert set(inbox.clients().values()) == {Decimal(9)}
    assert min(written) > 0
