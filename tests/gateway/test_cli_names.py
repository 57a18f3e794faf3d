"""`gateway partner names`: what feeds learned, listed and forgotten at the command line."""

import json

import pytest


@pytest.fixture
def learned(inbox):
    held = inbox.drop("roster_20260301.csv", b"EMP_ID,Surname,Passport,I94 Expiry\nE1,Name1,,\n")
    inbox.release(held, {"Last Name": "Surname"})
    return inbox


def test_learned_names_are_listed_with_who_accepted_them(gateway, learned):
    shown = gateway("partner", "names", "acme")
    assert (
        "In roster, 'Last Name' may also be called 'Surname' (accepted by paralegal@northgate.example" in shown.output
    )
    [told] = json.loads(gateway("partner", "names", "acme", "--json").stdout)
    assert (told["feed"], told["expected"], told["found"]) == ("roster", "Last Name", "Surname")


@pytest.mark.parametrize("by", ["found", "id"])
def test_a_name_is_forgotten_by_itself_or_by_its_id(gateway, learned, by):
    [told] = json.loads(gateway("partner", "names", "acme", "--json").stdout)
    result = gateway("partner", "names", "acme", "--forget", told[by])
    assert result.exit_code == 0, result.output
    assert "In roster, 'Last Name' may no longer be called 'Surname'" in result.output
    assert "have learned no names" in gateway("partner", "names", "acme").output
    assert learned.sql("SELECT actor_kind, origin FROM audit_log WHERE action = 'feed.forget'") == [("system", "cli")]


def test_a_name_that_was_never_learned_cannot_be_forgotten(gateway, learned):
    result = gateway("partner", "names", "acme", "--forget", "Nachname", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"] == "not_found"
    assert learned.sql("SELECT count(*) FROM header_aliases") == [(1,)]
