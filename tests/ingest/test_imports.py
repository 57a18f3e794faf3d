"""What partners and people see of what arrived."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from helpers.inbox import ME, ROSTER, Inbox, people, person

from gateway.db.paging import Paging
from gateway.domain.partners.homes import find_home
from gateway.errors import NotFound
from gateway.office import Actor
from ingest import holds, imports, receipts
from ingest.imports import ImportFilter


@pytest.fixture
def arrived(inbox, office, tenants):
    """An import of acme's, and one of globex's."""
    other = Inbox(office, tenants.northgate, "globex")
    other.apply(ROSTER.format(partner="globex", firm="northgate"))
    return [
        UUID(one.drop("roster_20260301.csv", [person(1, dob="x"), *people(9)[1:]])["import_id"])
        for one in (inbox, other)
    ]


@pytest.fixture
def acme(tenants):
    return Actor("partner", "acme", partner_id=tenants.acme)


def seen_by(office, tenants, actor, **wanted):
    with office.acting(tenants.northgate, actor) as acting:
        return {UUID(str(one["import_id"])) for one in imports.listed(acting, ImportFilter(**wanted), Paging(10)).rows}


def test_a_partner_sees_its_own_imports_alone_whatever_it_asks_for(office, tenants, arrived, acme):
    assert seen_by(office, tenants, acme) == {arrived[0]}
    assert seen_by(office, tenants, acme, partner="globex") == set()


def test_a_partner_of_which_nobody_says_who_it_is_sees_nothing(office, tenants, arrived):
    assert seen_by(office, tenants, Actor("partner", "acme")) == set()


def test_staff_see_the_imports_of_all_partners_of_their_firm(office, tenants, arrived):
    assert seen_by(office, tenants, ME) == set(arrived)
    assert seen_by(office, tenants, ME, partner="globex") == {arrived[1]}
    assert seen_by(office, tenants, ME, state="held") == set()


def test_to_a_partner_anothers_import_does_not_exist(office, tenants, arrived, acme):
    theirs = arrived[1]
    with office.acting(tenants.northgate, acme) as acting:
        for use_case in (imports.show, imports.again, lambda *one: holds.release(*one, None)):
            with pytest.raises(NotFound):
                use_case(acting, theirs)
    with pytest.raises(NotFound):
        imports.errors(office, tenants.northgate, acme, theirs, "csv")
    with pytest.raises(NotFound):
        holds.refuse(office, tenants.northgate, acme, theirs, "no")


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_errors_that_a_killed_process_could_not_write_are_written_when_asked_for(office, tenants, arrived, form):
    made = imports.errors(office, tenants.northgate, ME, arrived[0], form)
    content = made.read_bytes()
    made.unlink()
    again = imports.errors(office, tenants.northgate, ME, arrived[0], form)
    assert again == made
    assert form == "xlsx" or again.read_bytes() == content


def test_there_are_no_errors_of_an_import_without_any(office, inbox, tenants):
    told = inbox.drop("roster_20260301.csv", people(3))
    for form in ("csv", "json", "xlsx"):
        assert imports.errors(office, tenants.northgate, ME, UUID(told["import_id"]), form) is None


def test_the_newest_of_all_firms_come_first(office, tenants, arrived):
    strange = Inbox(office, tenants.harbor, "initech")
    strange.apply(ROSTER.format(partner="initech", firm="harbor"))
    last = strange.drop("roster_20260301.csv", people(3))["import_id"]
    found = imports.newest_anywhere(office, ME, ImportFilter(), 2)
    assert [one["import_id"] for one in found] == [last, str(arrived[1])]
    assert [one["partner"] for one in imports.newest_anywhere(office, ME, ImportFilter(), 9, firm="harbor")] == [
        "initech"
    ]


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_errors_that_somebody_fetches_outlive_their_files(office, tenants, arrived, form):
    home = find_home(office, "acme")
    content = imports.errors(office, tenants.northgate, ME, arrived[0], form).read_bytes()
    with imports.open_errors(office, tenants.northgate, ME, arrived[0], form) as fetched:
        receipts.write(office, home, arrived[0])
        receipts.destroy(office.settings, home, arrived[0])
        assert fetched.read() == content


def test_receipts_stand_while_they_are_made_anew(office, tenants, arrived):
    home, over = find_home(office, "acme"), threading.Event()
    path = imports.errors(office, tenants.northgate, ME, arrived[0], "csv")

    def write() -> None:
        for _ in range(20):
            receipts.write(office, home, arrived[0])
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    gone = 0
    while not over.is_set():
        gone += not path.exists()
    writer.join()
    assert gone == 0
