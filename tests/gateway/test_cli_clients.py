"""A person erased at the command line, as by a request."""

import json
from uuid import uuid4

import pytest
from helpers.inbox import people

AT = ("--firm", "northgate", "--reason", "She asked for it")


@pytest.fixture
def ana(inbox):
    inbox.drop("roster_20260301.csv", people(3, passport="FX1234567"))
    [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    return client_id


def erased(inbox, client_id):
    return inbox.sql("SELECT erased_at IS NOT NULL FROM clients WHERE id = %s", client_id) == [(True,)]


def test_a_person_is_erased_and_it_says_what_went(gateway, inbox, ana):
    done = gateway("client", "erase", ana, *AT, "--yes")
    assert done.exit_code == 0, done.output
    assert "Cases: 0, documents: 1, files destroyed: 1." in done.stdout
    assert erased(inbox, ana)
    [(actor, kind, told)] = inbox.sql(
        "SELECT actor_kind, action, changes FROM audit_log ORDER BY at DESC, id DESC LIMIT 1"
    )
    assert (actor, kind, told[0]["new"]["reason"]) == ("system", "client.erase", "She asked for it")


def test_scripts_get_the_numbers_and_ids(gateway, inbox, ana):
    held = inbox.drop("roster_20260302.csv", [])
    told = json.loads(gateway("client", "erase", ana, *AT, "--yes", "--json").stdout)
    assert (told["client_id"], told["documents"], told["files"]) == (str(ana), 1, 2)
    assert held["import_id"] in told["imports"]
    assert len(told["jobs"]) == 1


def test_nobody_is_erased_who_was_not_confirmed(gateway, inbox, ana):
    assert gateway("client", "erase", ana, *AT, typed="n\n").exit_code == 1
    assert not erased(inbox, ana)
    assert gateway("client", "erase", ana, *AT, typed="y\n").exit_code == 0
    assert erased(inbox, ana)


def test_who_is_not_there_or_of_another_firm_is_not_found(gateway, inbox, ana):
    for words in ((uuid4(), *AT), (ana, "--firm", "harbor", "--reason", "x")):
        failed = gateway("client", "erase", *words, "--yes", "--json")
        assert (failed.exit_code, json.loads(failed.stdout)["error"]) == (1, "not_found")
    assert not erased(inbox, ana)
