"""Numbers of documents that staff corrected, while files go on repeating what was wrong."""

from __future__ import annotations

from uuid import UUID

import pytest
from helpers.inbox import ME, person

from gateway.domain.people import documents
from ingest.load import corrected

STANDING = "SELECT d.status, count(*) FROM documents d GROUP BY 1 ORDER BY 1"


def correct(inbox, number: str | None, document_id: UUID | None = None) -> UUID:
    """Give the only document, or this one, another number by hand."""
    if document_id is None:
        [(document_id,)] = inbox.sql("SELECT id FROM documents")
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        documents.change(acting, document_id, {"number": number})
    return document_id


def number_of(inbox, document_id: UUID) -> str | None:
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        return documents.number(acting, document_id)


def test_a_corrected_number_stands_though_files_repeat_the_old_one(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1", passport_expiry="01/31/2030"), person(2)])
    one = correct(inbox, "P9")

    told = inbox.drop("roster_20260302.csv", [person(1, passport="P1", passport_expiry="01/31/2031"), person(2)])

    assert told["records"]["documents"] == {"created": 0, "updated": 1, "closed": 0}
    assert [(problem["code"], problem["column"], problem["value"]) for problem in told["problems"]] == [
        ("pinned_field", "Passport", None)
    ]
    assert inbox.sql(STANDING) == [("current", 1)]
    assert number_of(inbox, one) == "P9"
    assert inbox.sql("SELECT expires_on::text FROM documents") == [("2031-01-31",)]


def test_a_number_corrected_twice_is_known_by_the_first(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1")])
    one = correct(inbox, "P8")
    correct(inbox, "P9")

    inbox.drop("roster_20260302.csv", [person(1, passport="P1", salary="7")])

    assert (inbox.sql(STANDING), number_of(inbox, one)) == ([("current", 1)], "P9")


@pytest.mark.parametrize(("before", "after"), [("", "P9"), ("P1", None)])
def test_a_number_that_staff_gave_or_took_stands(inbox, roster, before, after):
    inbox.apply(roster.replace("{column: Passport, not_blank: true}", "{column: Passport Expiry, not_blank: true}"))
    rows = [person(1, passport=before, passport_expiry="01/31/2030")]
    inbox.drop("roster_20260301.csv", rows)
    correct(inbox, after)

    inbox.drop("roster_20260302.csv", [rows[0] | {"Salary": "7"}])

    assert inbox.sql(STANDING) == [("current", 1)]


def test_a_partner_that_adopts_the_corrected_number_changes_nothing(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1")])
    correct(inbox, "P9")

    told = inbox.drop("roster_20260302.csv", [person(1, passport="P9")])

    assert (told["rows"]["unchanged"], told["problems"]) == (1, [])


def test_a_new_number_supersedes_the_corrected_one(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1")])
    correct(inbox, "P9")

    inbox.drop("roster_20260302.csv", [person(1, passport="P10")])

    assert inbox.sql(STANDING) == [("current", 1), ("superseded", 1)]


def test_a_file_that_lists_the_old_and_the_corrected_number_means_two(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1")])
    correct(inbox, "P9")

    inbox.drop("roster_20260302.csv", [person(1, passport="P9"), person(1, passport="P1")])

    assert inbox.sql(STANDING) == [("current", 2)]


def test_once_unpinned_files_have_their_way(inbox):
    inbox.drop("roster_20260301.csv", [person(1, passport="P1")])
    one = correct(inbox, "P9")
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        documents.unpin(acting, one, "number")

    inbox.drop("roster_20260302.csv", [person(1, passport="P1", salary="7")])

    assert inbox.sql(STANDING) == [("current", 1), ("superseded", 1)]


def test_a_document_added_by_hand_is_not_the_one_without_a_number(inbox, roster):
    inbox.apply(roster.replace("{column: Passport, not_blank: true}", "{column: Passport Expiry, not_blank: true}"))
    inbox.drop("roster_20260301.csv", [person(1)])
    [(client_id,)] = inbox.sql("SELECT id FROM clients")
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        documents.add(acting, documents.NewDocument(client_id, "passport", {"number": "P9"}))

    inbox.drop("roster_20260302.csv", [person(1, passport_expiry="01/31/2030")])

    assert inbox.sql(STANDING) == [("current", 2)]


def test_a_number_that_is_corrected_while_its_file_is_matched_is_known(inbox, monkeypatch):
    """Between the match that knew it by the old number and the next one, which has to be for another document."""
    rows = [person(number, passport=f"P{number}") for number in (1, 2)]
    inbox.drop("roster_20260301.csv", rows)
    one, other = [
        found
        for (found,) in inbox.sql("SELECT d.id FROM documents d JOIN clients c ON c.id = d.client_id ORDER BY c.key")
    ]
    correct(inbox, "P8", one)
    find, asked = corrected.find, []

    def slowly(*given):
        found = find(*given)
        asked.append(found)
        if len(asked) == 1:
            correct(inbox, "P9", other)
        return found

    monkeypatch.setattr(corrected, "find", slowly)
    inbox.drop("roster_20260302.csv", [row | {"Salary": "7"} for row in rows])

    assert asked[0], "the first was corrected before"
    assert inbox.sql(STANDING) == [("current", 2)]
    assert (number_of(inbox, one), number_of(inbox, other)) == ("P8", "P9")
