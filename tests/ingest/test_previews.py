"""What a preview tells is what the decision then does; the decision itself, made on the same records, is the oracle."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from helpers.inbox import ME, as_csv, people, person
from sqlalchemy import update

from gateway import clock
from gateway.db.models import Repair, Wall
from gateway.domain.partners.homes import find_home
from gateway.domain.people.erasure import erase
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.jobs.worker import drain
from gateway.office import Actor
from gateway.wings import ERASERS, KINDS
from ingest import previews
from ingest.repairs import draft, rows, sending
from ingest.running import finish

TOLD = ("file", "feed", "state", "code", "reason", "rows", "records", "guards", "remarks", "problem_count", "corrects")
ODD = [{"DOB": "soon"}, {"Last Name": ""}, {"SSN": "123-45-6789"}, {"EMP_ID": "E1"}, {"Passport": "X1"}]
QUIET = {"import_previews", "jobs", "audit_log"}  # where an asking leaves its mark


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def at(acme):
    """Does something for somebody, in a transaction of its own."""

    def do(deed, *given, **more):
        with acme.office.acting(acme.firm_id, ME) as acting:
            return deed(acting, *given, **more)

    return do


@pytest.fixture
def preview(acme, at):
    """Asks for a preview, has a worker make it, and gives what is told."""

    def ask(import_id, of, accepted=None):
        at(previews.ask, import_id, of, accepted, queued=True)
        drain(acme.office, KINDS, ["ingest"], timedelta(minutes=5))
        return at(previews.look, import_id, of)

    return ask


def held(acme, table=None):
    acme.drop("roster_20260301.csv", people(20))
    told = acme.drop("roster_20260302.csv", table or people(2, salary="60000"))
    assert told["state"] == "held", told
    return told


def wrong(acme, *numbers):
    told = acme.drop(
        "roster_20260301.csv", [person(n) | {"DOB": "soon"} if n in numbers else person(n) for n in range(1, 31)]
    )
    return UUID(told["import_id"])


def some_table(chance):
    """Rows of which some are wrong, changed, new, twice or gone; seldom so few that releasing trips nothing."""
    numbers = chance.sample(range(1, 30), chance.randint(1, 12))
    table = [person(n, salary=str(chance.choice([50000, 61000]))) for n in numbers]
    for row in chance.sample(table, len(table) // 3):
        row.update(chance.choice(ODD))
    return table


def without(rows, names):
    return {table: kept for table, kept in rows.items() if table not in names}


@pytest.mark.parametrize("seed", range(6))
def test_a_preview_of_a_release_tells_what_the_release_does_and_writes_nothing(acme, preview, all_rows, seed):
    one = held(acme, some_table(random.Random(seed)))
    before, before_it = without(all_rows(), QUIET), acme.open_clients()
    seen = preview(UUID(one["import_id"]), "release")
    assert without(all_rows(), QUIET) == before
    assert (seen.state, seen.is_old, seen.reason) == ("done", False, None)
    done = acme.release(one)
    [told] = seen.files
    assert {name: told[name] for name in TOLD} == {name: done[name] for name in TOLD}
    assert told["problems"] == done["problems"][: previews.MOST_PROBLEMS]
    gone = {one["key"] for one in told["closing"]}
    assert {*before_it} - acme.open_clients() == gone
    changed = acme.sql(
        "SELECT count(*) FROM audit_log, jsonb_array_elements(changes) c, jsonb_object_keys(c->'new')"
        " WHERE import_id = %s AND c->>'action' IN ('updated', 'reopened')",
        one["import_id"],
    )
    assert changed == [(len(told["differences"]),)]


@pytest.mark.parametrize("seed", range(4))
def test_a_preview_of_repairs_tells_what_sending_them_does_and_writes_nothing(acme, at, preview, all_rows, seed):
    chance = random.Random(seed)
    numbers = chance.sample(range(1, 31), 6)
    one = wrong(acme, *numbers)
    [table] = at(rows.page, one).tables
    for row in table.rows[: chance.randint(1, 6)]:
        at(draft.set_cells, one, {(row.place, 2): chance.choice(["02/03/1980", "later", "05/06/1985"])})
    before = without(all_rows(), QUIET)
    seen = preview(one, "repair")
    assert without(all_rows(), QUIET) == before
    sent = sending.send(acme.office, acme.firm_id, ME, one)
    for import_id in sent.import_ids:
        finish(acme.office, find_home(acme.office, "acme"), import_id)
    done = [acme.account(import_id) for import_id in sent.import_ids]
    assert [{name: told[name] for name in TOLD} for told in seen.files] == [
        {name: told[name] for name in TOLD} for told in done
    ]
    assert at(previews.look, one, "repair") is None  # it is decided


def test_those_are_told_first_whom_closing_would_hurt_with_their_cases_and_papers(acme, preview):
    """By their open cases, then by the paper that ends first; what is over, or no longer current, counts for nothing."""
    acme.drop("roster_20260301.csv", people(20))
    ids = dict(acme.sql("SELECT employee_id, id FROM clients"))
    for who, ends, status in [
        ("E2", "2030-01-01", "current"),
        ("E2", "2029-01-01", "superseded"),
        ("E3", "2029-06-01", "current"),
        ("E4", "2020-01-01", "current"),
        ("E5", "2031-01-01", "current"),
    ]:
        acme.sql(
            "INSERT INTO documents (firm_id, client_id, doc_type, expires_on, status) VALUES (%s, %s, %s, %s, %s) RETURNING 1",
            acme.firm_id,
            ids[who],
            "i94" if status == "current" else "passport",
            ends,
            status,
        )
    for who, status in [("E5", "open"), ("E5", "open"), ("E6", "closed")]:
        acme.sql(
            "INSERT INTO cases (firm_id, partner_id, case_number, client_id, status) SELECT firm_id, partner_id, uuidv7()::text, id, %s FROM clients WHERE id = %s RETURNING 1",
            status,
            ids[who],
        )
    told = acme.drop("roster_20260302.csv", people(1))
    [file] = preview(UUID(told["import_id"]), "release").files
    told = [(one["employee_id"], one["open_cases"], one["doc_type"], one["expires_on"]) for one in file["closing"]]
    assert told[:4] == [
        ("E5", 2, "i94", "2031-01-01"),
        ("E3", 0, "i94", "2029-06-01"),
        ("E2", 0, "i94", "2030-01-01"),
        ("E10", 0, None, None),
    ]
    assert {one["employee_id"]: UUID(one["client_id"]) for one in file["closing"]} | {"E1": ids["E1"]} == ids


def test_names_of_missing_columns_are_tried_and_learned_by_nobody(acme, at, preview):
    acme.drop("roster_20260301.csv", people(20))
    table = as_csv(people(20, salary="70000")).replace(b"EMP_ID", b"Emp No")
    one = acme.drop("roster_20260302.csv", table)
    assert one["code"] == "header_missing"
    seen = preview(UUID(one["import_id"]), "release", {"EMP_ID": "Emp No"})
    assert (seen.files[0]["state"], seen.files[0]["rows"]["updated"]) == ("released", 20)
    assert acme.sql("SELECT count(*) FROM header_aliases") == [(0,)]
    with pytest.raises(Invalid, match="not a free column"):
        at(previews.ask, UUID(one["import_id"]), "release", {"EMP_ID": "DOB"})


def test_what_it_knows_grows_old(acme, at, preview):
    one = UUID(held(acme)["import_id"])
    assert not preview(one, "release").is_old
    acme.drop("roster_20260303.csv", people(21))
    assert at(previews.look, one, "release").is_old
    assert not preview(one, "release").is_old


def test_a_row_that_would_change_nothing_is_named_as_it_was_first_sent_and_says_why(acme, at, preview):
    one = wrong(acme, 3, 17)
    acme.drop("roster_20260302.csv", people(30))
    first, second = at(rows.page, one).tables[0].rows
    at(draft.set_cells, one, {(first.place, 2): "02/03/1980", (second.place, 2): "never"})
    [told] = preview(one, "repair").files
    assert told["rows"]["stale"] == 1
    found = {each["code"]: (each["row"], each["message"]) for each in told["problems"]}
    assert found["row_stale"] == (
        first.number,
        "A newer file of yours speaks of this person already, so this row changes nothing.",
    )
    assert found["bad_date"][0] == second.number == 18
    assert {each["code"]: each["first_row"] for each in told["groups"]} == {"row_stale": 4, "bad_date": 18}


def test_a_changed_field_is_told_by_the_row_as_it_was_first_sent(acme, at, preview):
    acme.drop("roster_20260228.csv", people(30))
    one = wrong(acme, 3, 17)
    row = at(rows.page, one).tables[0].rows[1]
    at(draft.set_cells, one, {(row.place, 2): "02/03/1990"})
    [told] = preview(one, "repair").files
    assert [(each["row"], each["key"]) for each in told["differences"]] == [(18, "E17")]


def test_a_repair_that_is_typed_later_is_not_in_it(acme, at, preview):
    one = wrong(acme, 3, 4)
    first, second = at(rows.page, one).tables[0].rows
    at(draft.set_cells, one, {(first.place, 2): "02/03/1980"})
    assert not preview(one, "repair").is_old
    at(draft.set_cells, one, {(second.place, 2): "02/03/1980"})
    assert at(previews.look, one, "repair").is_old
    assert preview(one, "repair").files[0]["rows"]["read"] == 2


def test_a_decision_that_cannot_be_made_any_more_is_told_in_a_sentence(acme, at, preview):
    one = wrong(acme, 3)
    [row] = at(rows.page, one).tables[0].rows
    at(draft.set_cells, one, {(row.place, 2): "02/03/1980"})
    at(previews.ask, one, "repair", queued=True)
    at(lambda acting: acting.session.execute(update(Repair).values(state="dropped")))  # as if in mid-asking
    drain(acme.office, KINDS, ["ingest"], timedelta(minutes=5))
    seen = at(previews.look, one, "repair")
    assert (seen.state, seen.files) == ("failed", [])
    assert "There is nothing to send" in seen.reason


def test_what_cannot_be_decided_is_not_tried(acme, at):
    loaded, one = wrong(acme, 3), UUID("0197a3c2-5e10-7c4e-9d2b-4f00000000ff")
    with pytest.raises(Conflict, match="not held"):
        at(previews.ask, loaded, "release")
    with pytest.raises(Conflict, match="nobody has typed"):
        at(previews.ask, loaded, "repair")
    with pytest.raises(NotFound):
        at(previews.ask, one, "release")
    assert at(previews.look, loaded, "repair") is None


def test_a_wall_stands_before_it(acme, at, preview, tenants):
    one = UUID(held(acme)["import_id"])
    preview(one, "release")
    [(client,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    paralegal = tenants.staff["paralegal"]
    at(
        lambda acting: acting.session.add(
            Wall(firm_id=acme.firm_id, staff_id=paralegal, client_id=client, reason="a cousin", created_by="tests")
        )
    )
    walled = Actor("staff", "paralegal@northgate.example", paralegal, "test")
    for deed in (previews.look, previews.ask):
        with acme.office.acting(acme.firm_id, walled) as acting, pytest.raises(Forbidden, match="ethical wall"):
            deed(acting, one, "release")


def test_nothing_of_it_stands_readable_and_it_goes_with_the_decision(acme, preview, all_rows):
    one = held(acme, people(2, salary="61234"))
    seen = preview(UUID(one["import_id"]), "release")
    assert any(str(each["new"]).startswith("61234") for each in seen.files[0]["differences"])
    assert "61234" not in str(all_rows()["import_previews"])
    acme.refuse(one, "Last month's")
    assert all_rows()["import_previews"] == []


def test_two_who_ask_at_once_are_told_of_the_later_asking(acme, at, preview):
    one = UUID(held(acme)["import_id"])
    at(previews.ask, one, "release", queued=True)
    later = clock.now()
    seen = preview(one, "release")
    assert seen.state == "done"
    assert seen.made_at >= later


def test_erasing_anybody_takes_what_was_told_of_files_that_wait(acme, at, preview):
    one = UUID(held(acme)["import_id"])
    preview(one, "release")
    [(client,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E7'")  # who would be closed, by name
    at(erase, client, "She asked", ERASERS)
    assert at(previews.look, one, "release") is None


def test_what_was_asked_anew_meanwhile_is_not_answered_with_what_was_found_before(acme, at):
    one = UUID(held(acme)["import_id"])
    at(previews.ask, one, "release")

    @contextmanager
    def asked_again():
        at(previews.ask, one, "release")
        with acme.office.db.firm(acme.firm_id) as session:
            yield session

    previews.make(acme.office, acme.firm_id, one, "release", asked_again)
    assert at(previews.look, one, "release").state == "waiting"
    previews.make(acme.office, acme.firm_id, one, "release")
    assert at(previews.look, one, "release").state == "done"
