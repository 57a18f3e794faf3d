"""What attorneys do with a completed check, at the command line."""

import json
import stat
from uuid import uuid4

import pytest
from helpers.checks import completed
from helpers.inbox import SENDER, people

from gateway.domain.eligibility import entries
from gateway.domain.eligibility.entries import Said

AT = ("--firm", "northgate")
ACCEPTED = (
    "It is accepted; this is review 1 of it, and the one that counts.\n"
    "It leaves for nobody yet: that takes an attorney of the firm, who is signed in.\n"
)
AWARD = {"scope": "national", "is_for_excellence": True, "awarded_on": "2025-01-01"}


@pytest.fixture
def checks(inbox, office, tenants):
    """Two checks of a person, before and after an award was known."""
    inbox.drop("roster_20260301.csv", people(1))
    [(client,)] = inbox.sql("SELECT id FROM clients")
    with office.acting(tenants.northgate, SENDER) as acting:
        first = completed(acting, client, ["EB1A", "O1A"])
    with office.acting(tenants.northgate, SENDER) as acting:
        entries.add(acting, client, "award", Said(facts=AWARD, backing="documented", proof="folder 3"))
        return first, completed(acting, client, ["EB1A", "O1A"])


@pytest.fixture
def one(checks, inbox):
    [(found,)] = inbox.sql("SELECT id FROM recommendations WHERE check_id = %s AND visa = 'EB1A'", checks[1])
    return found


def test_a_recommendation_is_reviewed_and_its_reviews_are_listed(gateway, one, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    done = gateway("eligibility", "review", one, "accepted", *AT)
    assert (done.exit_code, done.stdout) == (0, ACCEPTED)
    words = ("--summary", "Other.", "--document", "Form I-140", "--document", "Letters", "--months", "4", "9")
    told = json.loads(gateway("eligibility", "review", one, "edited", *AT, "--reason", "So.", *words, "--json").stdout)
    assert told["edits"] == {"summary": "Other.", "documents": ["Form I-140", "Letters"], "timeline_months": [4, 9]}
    listed = gateway("eligibility", "reviews", one, *AT).stdout
    assert "summary, documents, timeline_months" in " ".join(listed.split())
    assert [each["number"] for each in json.loads(gateway("eligibility", "reviews", one, *AT, "--json").stdout)] == [
        2,
        1,
    ]


def test_lines_are_taken_out_by_an_empty_one(gateway, one):
    words = ("--reason", "So.", "--missing", "", "--json")
    told = json.loads(gateway("eligibility", "review", one, "edited", *AT, *words).stdout)
    assert told["edits"] == {"missing": []}


def test_what_is_wrong_with_a_review_is_told(gateway, one):
    failed = gateway("eligibility", "review", one, "rejected", *AT)
    assert failed.exit_code == 1
    assert "reason: Say why it is rejected." in " ".join(failed.stderr.split())
    late = gateway("eligibility", "review", one, "accepted", *AT, "--version", "7")
    assert (late.exit_code, "Somebody changed it since you looked" in late.stderr) == (1, True)
    assert gateway("eligibility", "review", "EB1A", "accepted", *AT).exit_code == 2


def test_two_checks_are_compared_in_sentences(gateway, checks):
    told = " ".join(gateway("eligibility", "compare", *reversed(checks), *AT).stdout.split())
    assert "What is known differently award.1 is new, documented: scope national" in told
    assert "AWARD rose from nothing to documented, by award.1, which is new: +" in told
    assert "O1A: undetermined before, undetermined now" in told
    assert told.endswith("Not legal advice; attorney review required.")
    found = json.loads(gateway("eligibility", "compare", *checks, *AT, "--json").stdout)
    assert [one["ref"] for one in found["profile"]] == ["award.1"]
    assert json.loads(gateway("eligibility", "compare", checks[1], *AT, "--json").stdout) == found


def test_a_memo_is_written_where_one_wants_it_for_its_owner_alone(gateway, checks, tmp_path):
    out = tmp_path / "memo.html"
    done = gateway("eligibility", "memo", checks[1], *AT, "--out", out)
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert gateway("eligibility", "memo", checks[1], *AT).stdout.startswith("<!doctype html>")
    told = json.loads(gateway("eligibility", "memo", checks[1], *AT, "--json").stdout)
    assert [one["visa"] for one in told["sections"]] == ["EB1A", "O1A"]


def test_what_is_not_there_or_of_another_firm_is_not_found(gateway, checks, one):
    elsewhere = ("--firm", "harbor")
    for words in (
        ("review", one, "accepted", *elsewhere), ("reviews", one, *elsewhere), ("memo", checks[0], *elsewhere),
        ("compare", *checks, *elsewhere), ("memo", uuid4(), *AT),
    ):  # fmt: skip
        failed = gateway("eligibility", *words, "--json")
        assert (failed.exit_code, json.loads(failed.stdout)["error"]) == (1, "not_found")
