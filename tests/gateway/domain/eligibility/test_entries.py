"""What staff know of people: added, changed, withdrawn; held against a plain model of the same."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from helpers.callers import ME
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from gateway.db.models import AuditEntry, Client, Document, ProfileEntry, Wall
from gateway.domain.eligibility import entries, profiles
from gateway.domain.eligibility.entries import Ref, Said
from gateway.domain.people import erasure
from gateway.errors import Conflict, Faulty, Invalid, NotFound, Outdated
from gateway.office import Actor
from gateway.wings import ERASERS

MONDAY = "2027-03-01T15:00:00+00:00"
AWARD = {"name": "Best Paper", "scope": "international", "awarded_on": date(2024, 5, 31)}


@pytest.fixture(autouse=True)
def _on_a_monday(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", MONDAY)


@pytest.fixture
def acting(office, tenants):
    with office.acting(tenants.northgate, ME) as one:
        yield one


def someone(acting, tenants, key="E1", **more) -> UUID:
    client = Client(firm_id=acting.firm_id, id=uuid4(), partner_id=tenants.acme, key=key, pins={}, **more)
    acting.session.add(client)
    acting.session.flush()
    return client.id


@pytest.fixture
def ana(acting, tenants):
    return someone(acting, tenants)


def known(acting, client_id):
    """What is known by refs, of staff alone."""
    rows = profiles.profile_of(acting, client_id).rows
    return {ref: (row.facts, row.backing, row.version) for ref, row in rows.items()}


def test_an_entry_is_kept_in_one_form(acting, ana):
    made = entries.add(acting, ana, "award", Said(facts=AWARD | {"name": "  Best \n Paper ", "is_major": None}))
    assert made.facts == {"name": "Best Paper", "scope": "international", "awarded_on": "2024-05-31"}
    [entry] = [one for one in profiles.profile_of(acting, ana).profile.entries if one.kind == "award"]
    assert (entry.ref, entry.facts, entry.backing) == ("award.1", AWARD, "asserted")


WRONG = [
    ({"colour": "red"}, "colour", "There are name"),
    ({"scop": "national"}, "scop", "Did you mean 'scope'?"),
    ({"scope": "galactic"}, "scope", "none of internal, local, national or international"),
    ({"is_major": "yes"}, "is_major", "true or false"),
    ({"awarded_on": "31.5.2024"}, "awarded_on", "no date such as 2024-05-31"),
    ({"awarded_on": "2027-03-02"}, "awarded_on", "still to come"),
    ({"name": "x" * 4_001}, "name", "at most 4000"),
    ({"name": "a\0b"}, "name", "A text"),
    ({"name": 7}, "name", "A text"),
    ({"name": " \t"}, "name", "A text"),
    ({}, "facts", "At least one of name, scope"),
    ({"name": None}, "facts", "At least one"),
]


@pytest.mark.parametrize(("facts", "field", "told"), WRONG)
def test_what_cannot_be_is_told_by_field(acting, ana, facts, field, told):
    with pytest.raises(Faulty) as caught:
        entries.add(acting, ana, "award", Said(facts=facts))
    assert caught.value.code == "profile_wrong"
    assert told in caught.value.faults[field]
    assert acting.session.scalar(select(func.count()).select_from(ProfileEntry)) == 0


@pytest.mark.parametrize("number", [-1, 1.5, True, "3", float("nan"), 10**13])
def test_a_number_is_one(acting, ana, number):
    with pytest.raises(Faulty):
        entries.add(acting, ana, "article", Said(facts={"citations": number}))


def test_every_fault_is_told_at_once(acting, ana):
    with pytest.raises(Faulty) as caught:
        entries.add(acting, ana, "article", Said(facts={"citations": -1, "is_peer_reviewed": 1, "x": 1}))
    assert set(caught.value.faults) == {"citations", "is_peer_reviewed", "x"}


def test_a_kind_that_there_is_not_is_told_with_the_nearest(acting, ana):
    with pytest.raises(Invalid, match="Did you mean 'award'"):
        entries.add(acting, ana, "awards", Said(facts=AWARD))


def test_a_day_that_may_lie_ahead_is_taken(acting, ana):
    made = entries.add(acting, ana, "licence", Said(facts={"name": "PE", "ends_on": "2030-01-01"}))
    assert made.facts["ends_on"] == "2030-01-01"


@pytest.mark.parametrize("backing", ["documented", "corroborated"])
def test_more_than_a_word_for_it_needs_a_proof(acting, ana, backing):
    with pytest.raises(Faulty, match="Say where the paper lies"):
        entries.add(acting, ana, "award", Said(facts=AWARD, backing=backing, proof=" "))
    assert entries.add(acting, ana, "award", Said(facts=AWARD, backing=backing, proof="Folder 3")).backing == backing


def test_a_document_that_shows_it_is_the_persons_own(acting, tenants, ana):
    bo = someone(acting, tenants, "E2")
    papers = {}
    for whose in (ana, bo):
        paper = Document(firm_id=acting.firm_id, id=uuid4(), client_id=whose, doc_type="other", pins={})
        acting.session.add(paper)
        papers[whose] = paper.id
    acting.session.flush()
    with pytest.raises(Faulty, match="no such document"):
        entries.add(acting, ana, "award", Said(facts=AWARD, backing="documented", document_id=papers[bo]))
    made = entries.add(acting, ana, "award", Said(facts=AWARD, backing="documented", document_id=papers[ana]))
    assert made.document_id == papers[ana]


def test_what_it_was_is_kept_and_told(acting, ana):
    entries.add(acting, ana, "award", Said(facts=AWARD))
    entries.change(acting, ana, "award.1", Said(facts=AWARD | {"scope": "national"}))
    entries.withdraw(acting, ana, "award.1")
    found = entries.history(acting, ana, "award.1")
    assert [(one.version, one.facts["scope"], one.ended) for one in found] == [
        (2, "national", "withdrawn"),
        (1, "international", "changed"),
    ]
    log = acting.session.execute(
        select(AuditEntry.action, AuditEntry.changes, AuditEntry.client_id).order_by(AuditEntry.id)
    )
    told = [(action, changes[0].get("old"), changes[0].get("new"), whose) for action, changes, whose in log]
    assert told[1] == ("profile.change", {"scope": "international"}, {"scope": "national"}, ana)
    assert [one[0] for one in told] == ["profile.add", "profile.change", "profile.withdraw", "profile.view"]


def test_whoever_was_slower_hears_so(acting, ana):
    entries.add(acting, ana, "award", Said(facts=AWARD))
    entries.change(acting, ana, "award.1", Said(facts={"name": "Fellow"}), frozenset({1}))
    with pytest.raises(Outdated):
        entries.change(acting, ana, "award.1", Said(facts={"name": "Other"}), frozenset({1}))
    with pytest.raises(Outdated):
        entries.withdraw(acting, ana, "award.1", frozenset({1}))
    assert known(acting, ana) == {"award.1": ({"name": "Fellow"}, "asserted", 2)}


@pytest.mark.parametrize("ref", ["award.2", "award.01", "award", "award.r1", "AWARD.1", "award.1\n", "x.1", "award.-1"])
def test_an_entry_that_there_is_not_is_told(acting, ana, ref):
    entries.add(acting, ana, "award", Said(facts=AWARD))
    for asked in (entries.history, entries.withdraw):
        with pytest.raises(NotFound):
            asked(acting, ana, ref)


def test_another_firm_and_whoever_stands_behind_a_wall_see_nothing(office, tenants):
    with office.acting(tenants.northgate, ME) as acting:
        ana = someone(acting, tenants)
        entries.add(acting, ana, "award", Said(facts=AWARD))
        viewer = tenants.staff["viewer"]
        acting.session.add(Wall(firm_id=acting.firm_id, staff_id=viewer, client_id=ana, reason="x", created_by="x"))
    with office.acting(tenants.harbor, ME) as stranger:
        assert stranger.session.scalars(select(ProfileEntry)).all() == []
        with pytest.raises(NotFound):
            profiles.view(stranger, ana)
        with pytest.raises(NotFound):
            entries.add(stranger, ana, "award", Said(facts=AWARD))
    with office.acting(tenants.northgate, Actor("staff", "viewer", id=viewer)) as walled:
        assert walled.session.scalars(select(ProfileEntry)).all() == []
        with pytest.raises(NotFound):
            entries.history(walled, ana, "award.1")


def test_of_whoever_was_erased_nothing_is_left_and_nothing_can_be_said(acting, ana):
    entries.add(acting, ana, "award", Said(facts=AWARD, backing="documented", proof="Folder 3"))
    entries.change(acting, ana, "award.1", Said(facts={"name": "Fellow"}))
    assert erasure.erase(acting, ana, "Asked for", ERASERS).counts["profile_entries"] == 2
    assert acting.session.scalars(select(ProfileEntry)).all() == []
    with pytest.raises(Conflict, match="erased"):
        entries.add(acting, ana, "award", Said(facts=AWARD))


# ------------------------------------------------------------------------------------------------ against a model

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["add", "change", "withdraw"]),
        st.sampled_from(["award", "letter"]),
        st.integers(1, 5),
        st.sampled_from([{"name": "A"}, {"name": "B"}]),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_any_course_of_acts_ends_as_in_a_plain_model(office, tenants, acts):
    """Numbers of a kind count up and are never used again; changing and withdrawing need one that holds."""
    model: dict[str, tuple[dict[str, str], int]] = {}
    last = {"award": 0, "letter": 0}
    with office.acting(tenants.northgate, ME) as acting:
        ana = someone(acting, tenants, f"E{uuid4()}")
        for act, kind, number, facts in acts:
            said = Said(facts=facts if kind == "award" else {"about": facts["name"]})
            ref = f"{kind}.{number}"
            if act == "add":
                last[kind] += 1
                made = entries.add(acting, ana, kind, said)
                assert str(Ref(made.kind, made.number)) == f"{kind}.{last[kind]}"
                model[f"{kind}.{last[kind]}"] = (dict(said.facts), 1)
            elif ref not in model:
                with pytest.raises(NotFound):
                    entries.change(acting, ana, ref, said) if act == "change" else entries.withdraw(acting, ana, ref)
            elif act == "change":
                entries.change(acting, ana, ref, said)
                model[ref] = (dict(said.facts), model[ref][1] + 1)
            else:
                entries.withdraw(acting, ana, ref)
                del model[ref]
        found = {ref: (facts, version) for ref, (facts, _, version) in known(acting, ana).items()}
    assert found == model
