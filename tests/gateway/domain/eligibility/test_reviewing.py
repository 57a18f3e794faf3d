"""Attorneys accept, edit and reject; nothing else ever leaves, and nobody edits a number."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from uuid import uuid4

import msgspec
import pytest
from helpers.callers import ME
from helpers.checks import completed
from sqlalchemy import select

from gateway.db.models import AuditEntry, Client, RecommendationRow, Review
from gateway.domain.eligibility import checks, entries, reviewing
from gateway.domain.eligibility.edits import Edits
from gateway.domain.eligibility.entries import Said as Known
from gateway.domain.eligibility.reviewing import Said, review
from gateway.errors import Conflict, Faulty, NotFound, Outdated
from gateway.office import Actor

TODAY = date(2027, 3, 1)
ANA = Actor("staff", "attorney@northgate.example")


@pytest.fixture
def acting(office, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", f"{TODAY}T15:00:00+00:00")
    with office.acting(tenants.northgate, ANA._replace(id=tenants.staff["attorney"])) as one:
        yield one


@pytest.fixture
def client(acting, tenants):
    made = Client(firm_id=acting.firm_id, id=uuid4(), partner_id=tenants.acme, key="E77", pins={})
    acting.session.add(made)
    acting.session.flush()
    facts = {"name": "Best Paper", "scope": "national", "is_for_excellence": True, "awarded_on": "2025-01-01"}
    entries.add(acting, made.id, "award", Known(facts=facts, backing="documented", proof="folder 3"))
    return made.id


@pytest.fixture
def check(acting, client):
    return completed(acting, client)


@pytest.fixture
def rows(acting, check):
    found = acting.session.scalars(select(RecommendationRow).where(RecommendationRow.check_id == check))
    return {one.visa: one for one in found}


def faults(acting, row, **said):
    with pytest.raises(Faulty) as problem:
        review(acting, row.id, Said(**said))
    assert problem.value.code == "review_wrong"
    return problem.value.faults


def test_accepting_needs_no_reason_and_is_on_record(acting, rows, client):
    made = review(acting, rows["EB1A"].id, Said(verdict="accepted"))
    assert (made.number, made.verdict, made.reason, made.edits, made.by) == (1, "accepted", None, {}, ANA.name)
    assert (rows["EB1A"].review, rows["EB1A"].version) == ("accepted", 2)
    [entry] = acting.session.scalars(select(AuditEntry).where(AuditEntry.action == "eligibility.review"))
    assert entry.client_id == client
    assert entry.changes == [
        {"kind": "recommendation", "id": str(rows["EB1A"].id), "action": "accepted",
         "old": {"review": "proposed"}, "new": {"visa": "EB1A", "review": "accepted"}},
    ]  # fmt: skip


@pytest.mark.parametrize("verdict", ["edited", "rejected"])
def test_an_edit_and_a_rejection_need_a_reason(acting, rows, verdict):
    edits = Edits(summary="Better.") if verdict == "edited" else Edits()
    told = faults(acting, rows["EB1A"], verdict=verdict, reason=" \n ", edits=edits)
    assert told == {"reason": f"Say why it is {verdict}."}
    assert rows["EB1A"].review == "proposed"


def test_an_edit_says_something_else_than_the_check(acting, rows):
    same = Edits(summary=rows["EB1A"].told["summary"], documents=rows["EB1A"].told["documents"])
    assert faults(acting, rows["EB1A"], verdict="edited", reason="So.", edits=same) == {
        "edits": "Say what is to be read instead; this is how it reads already."
    }
    assert faults(acting, rows["EB1A"], verdict="edited", reason="So.") == {
        "edits": "Say what is to be read instead; this is how it reads already."
    }


@pytest.mark.parametrize("verdict", ["accepted", "rejected"])
def test_only_an_edit_has_edits(acting, rows, verdict):
    told = faults(acting, rows["EB1A"], verdict=verdict, reason="So.", edits=Edits(summary="Other."))
    assert told == {"edits": "Only a recommendation that is edited has edits."}


@pytest.mark.parametrize("edits", [
    {"summary": " "}, {"summary": "x" * 4001}, {"summary": "a\0b"}, {"documents": ["x" * 4001]},
    {"strengths": ["x"] * 101}, {"timeline_months": (9, 3)}, {"timeline_months": (-1, 3)}, {"timeline_months": (3, 601)},
])  # fmt: skip
def test_what_cannot_be_so_is_named(acting, rows, edits):
    assert list(faults(acting, rows["EB1A"], verdict="edited", reason="So.", edits=Edits(**edits))) == list(edits)


@pytest.mark.parametrize(
    "name", ["score", "chance", "parts", "cap", "gates", "findings", "law_as_of", "notice", "visa"]
)
def test_what_is_computed_has_no_place_among_edits(acting, rows, check, name):
    assert name not in Edits.__struct_fields__
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: 99}, Edits)
    row = rows["EB1A"]
    review(acting, row.id, Said(verdict="accepted"))
    forged = acting.session.scalars(select(Review)).one()
    forged.edits = {name: row.told["summary"], "summary": "Other."}  # as nobody can by any door
    [out] = reviewing.cleared(acting, check)
    assert getattr(out.recommendation, name) == getattr(checks.recommendation_in(row), name)


def test_what_was_edited_leaves_in_the_attorneys_words_with_the_numbers_as_computed(acting, rows, check):
    row = rows["EB1A"]
    edits = Edits(
        summary=" Strong,\n once the letters are in. ", weaknesses=["", "Few letters."], timeline_months=(4, 9)
    )
    made = review(acting, row.id, Said(verdict="edited", reason="Two letters are promised.", edits=edits))
    assert made.edits == {
        "summary": "Strong, once the letters are in.", "weaknesses": ["Few letters."], "timeline_months": [4, 9],
    }  # fmt: skip
    [out] = reviewing.cleared(acting, check)
    told = out.recommendation
    assert (told.summary, told.weaknesses, told.timeline_months) == (
        "Strong, once the letters are in.", ["Few letters."], (4, 9),
    )  # fmt: skip
    assert (told.score, told.strengths, told.documents) == (
        row.told["score"], row.told["strengths"], row.told["documents"],
    )  # fmt: skip
    assert (out.edited, out.by) == (["summary", "timeline_months", "weaknesses"], ANA.name)
    assert row.told["summary"] != told.summary


def test_nothing_proposed_or_rejected_leaves(acting, rows, check):
    assert reviewing.cleared(acting, check) == []
    review(acting, rows["O1A"].id, Said(verdict="rejected", reason="There is no petitioner."))
    assert reviewing.cleared(acting, check) == []
    review(acting, rows["EB1A"].id, Said(verdict="accepted"))
    assert [one.recommendation.visa for one in reviewing.cleared(acting, check)] == ["EB1A"]
    review(acting, rows["EB1A"].id, Said(verdict="rejected", reason="The award is internal."))
    assert reviewing.cleared(acting, check) == []


def test_a_row_and_its_last_review_that_disagree_let_nothing_leave(acting, rows, check):
    rows["EB1A"].review = "accepted"  # nobody reviewed it
    review(acting, rows["O1A"].id, Said(verdict="rejected", reason="So."))
    rows["O1A"].review = "accepted"
    acting.session.flush()
    assert reviewing.cleared(acting, check) == []
    review(acting, rows["O1A"].id, Said(verdict="accepted"))
    rows["O1A"].review = "proposed"
    acting.session.flush()
    assert reviewing.cleared(acting, check) == []


def test_the_last_review_counts_and_all_are_kept(acting, rows):
    row = rows["EB1A"]
    review(acting, row.id, Said(verdict="accepted"))
    review(acting, row.id, Said(verdict="edited", reason="Clearer.", edits=Edits(summary="Other.")))
    review(acting, row.id, Said(verdict="rejected", reason="Withdrawn by the client."))
    assert [(one.number, one.verdict) for one in reviewing.history(acting, row.id)] == [
        (3, "rejected"), (2, "edited"), (1, "accepted"),
    ]  # fmt: skip
    assert (row.review, row.version) == ("rejected", 4)


def test_whoever_saw_it_before_somebody_reviewed_it_is_told_so(acting, rows):
    review(acting, rows["EB1A"].id, Said(verdict="accepted"), frozenset({1}))
    with pytest.raises(Outdated):
        review(acting, rows["EB1A"].id, Said(verdict="rejected", reason="So."), frozenset({1}))
    assert rows["EB1A"].review == "accepted"


def test_nothing_is_said_of_whoever_was_erased(acting, rows, client):
    acting.session.get_one(Client, (acting.firm_id, client)).erased_at = datetime.fromisoformat(
        f"{TODAY}T12:00:00+00:00"
    )
    acting.session.flush()
    with pytest.raises(Conflict, match="erased"):
        review(acting, rows["EB1A"].id, Said(verdict="accepted"))


def test_another_firm_finds_neither_recommendation_nor_check(office, tenants, monkeypatch):
    with office.acting(tenants.northgate, ME) as acting:
        made = Client(firm_id=acting.firm_id, id=uuid4(), partner_id=tenants.acme, key="E78", pins={})
        acting.session.add(made)
        acting.session.flush()
        check = completed(acting, made.id)
        row = acting.session.scalars(select(RecommendationRow)).first()
        review(acting, row.id, Said(verdict="accepted"))
        one = row.id
    with office.acting(tenants.harbor, ME) as stranger:
        for ask in (
            lambda: review(stranger, one, Said(verdict="accepted")),
            lambda: reviewing.history(stranger, one),
            lambda: reviewing.cleared(stranger, check),
        ):
            with pytest.raises(NotFound):
                ask()


def test_what_is_said_at_the_machine_clears_nothing_and_takes_back_what_was_cleared(acting, rows, check):
    at_the_machine = dataclasses.replace(acting, actor=ME)
    review(at_the_machine, rows["EB1A"].id, Said(verdict="accepted"))
    assert reviewing.cleared(acting, check) == []
    review(acting, rows["EB1A"].id, Said(verdict="accepted"))
    assert [one.recommendation.visa for one in reviewing.cleared(acting, check)] == ["EB1A"]
    review(at_the_machine, rows["EB1A"].id, Said(verdict="rejected", reason="By mistake."))
    assert reviewing.cleared(acting, check) == []
