"""What the database says of permissions that surely last, held against the reckoning, person by person."""

from __future__ import annotations

import random
from datetime import date, timedelta
from uuid import uuid4

import pytest
from helpers.inbox import ME
from sqlalchemy import select

from gateway.db.models import Case, Client, Document, Notice
from gateway.domain.expiry import outlook
from gateway.domain.expiry.lasting import surely_lasts
from gateway.domain.expiry.looking import authorizations
from gateway.domain.expiry.papers import the_law
from gateway.domain.expiry.petitions import MAXOUTS

TODAY = date(2027, 2, 1)
PEOPLE = 400
CASES = ("H1B_EXT", "TN", "L1A", "I140_EB2", "I485", "I765_C09", "J1")
TYPES = ("i94", "i94", "i797", "i797", "i797", "ead", "opt", "stem_opt", "ds2019", "green_card", "passport", *MAXOUTS)


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-02-01T15:00:00+00:00")


def some_day(chance, first, last):
    return TODAY + timedelta(days=chance.choice([first, -1, 0, 1, last, chance.randint(first, last)]))


def papers_of(chance, plain, case_id):
    for kind in chance.sample(TYPES, chance.randint(0, 5)):
        issued = None if chance.random() < 0.2 else some_day(chance, -2000, 60)
        is_lasting = kind == "i94" and chance.random() < 0.1
        none = is_lasting or (kind in MAXOUTS and issued and chance.random() < 0.5) or chance.random() < 0.05
        ends = None if none else some_day(chance, -900, 900)
        case = case_id if chance.random() < 0.3 else None
        yield Document(
            **plain,
            doc_type=kind,
            number_index=uuid4().bytes,
            issued_on=issued,
            expires_on=ends,
            duration_of_status=is_lasting,
            case_id=case,
            status="current" if chance.random() < 0.9 else "superseded",
        )


@pytest.fixture
def crowd(db, tenants):
    """Hundreds of people with all kinds of papers and cases; of some papers somebody was told."""
    chance = random.Random(2027)
    with db.firm(tenants.northgate) as session:
        for number in range(PEOPLE):
            mine = {"firm_id": tenants.northgate, "pins": {}, "attributes": {}}
            client_id, case_id = uuid4(), uuid4()
            citizenship = chance.choice(["IND", "IND", "IND", "USA", None])
            session.add(
                Client(**mine, id=client_id, partner_id=tenants.acme, key=f"K{number}", citizenship=citizenship)
            )
            session.flush()
            status = chance.choice(["open", "approved", "denied", "withdrawn"])
            case = Case(**mine, id=case_id, partner_id=tenants.acme, client_id=client_id, case_number=f"C{number}")
            case.case_type, case.status = chance.choice(CASES), status
            session.add(case)
            session.flush()
            papers = list(papers_of(chance, mine | {"client_id": client_id}, case_id))
            session.add_all(papers)
            session.flush()
            session.add_all(told(tenants, one) for one in papers if one.expires_on and chance.random() < 0.3)


def told(tenants, paper):
    plain = {"firm_id": paper.firm_id, "client_id": paper.client_id, "document_id": paper.id}
    when = {"lead": 0, "days_left": 0, "due_on": paper.expires_on, "expires_on": paper.expires_on}
    return Notice(**plain, **when, role="client", channel="email", state="told")


@pytest.mark.parametrize("ago", [1, 31, 200])
def test_whose_permission_surely_lasts_beyond_a_day_is_reckoned_to(db, tenants, crowd, ago):
    beyond = TODAY - timedelta(days=ago)
    with db.firm(tenants.northgate) as session:
        reckoned = authorizations(session)
        lasting = set(session.scalars(select(Client.id).where(surely_lasts(beyond, TODAY, the_law()))))
    ended = {one for one, found in reckoned.items() if found.ends_on and found.ends_on <= beyond}
    assert lasting & {one for one, found in reckoned.items() if found.basis == "unknown"} == set()
    assert lasting & ended == set()
    known = {one for one, found in reckoned.items() if found.ends_on} - ended
    assert len(known) > 60
    assert len(lasting & known) > len(known) / 2  # else it leaves out next to nobody


def test_who_is_counted_is_who_would_be_if_everybody_were_reckoned_with(db, office, tenants, crowd):
    over = TODAY - timedelta(days=31)
    with db.firm(tenants.northgate) as session:
        ended = {one.controlling.document_id: one for one in authorizations(session).values() if one.ends_on}
        ended = {key: one.ends_on for key, one in ended.items() if one.ends_on <= over}
        knows = set(session.scalars(select(Notice.document_id)))
    wanted = [day for key, day in ended.items() if key not in knows]
    assert 0 < len(wanted) < len(ended)
    with office.acting(tenants.northgate, ME) as acting:
        assert outlook.unseen(acting) == (len(wanted), min(wanted))


def test_a_newer_notice_and_a_newer_stay_are_all_that_is_asked_of_most(db, tenants):
    with db.firm(tenants.northgate) as session:
        mine = {"firm_id": tenants.northgate, "pins": {}, "attributes": {}}
        one = Client(**mine, id=uuid4(), partner_id=tenants.acme, key="K")
        session.add(one)
        session.flush()
        for kind, first, last in (("i797", 2020, 2023), ("i797", 2023, 2028), ("i94", 2020, 2023), ("i94", 2023, 2028)):
            days = {"issued_on": date(first, 5, 1), "expires_on": date(last, 4, 30)}
            session.add(Document(**mine, client_id=one.id, doc_type=kind, number_index=uuid4().bytes, **days))
        session.flush()
        assert session.scalars(
            select(Client.id).where(surely_lasts(TODAY - timedelta(days=1), TODAY, the_law()))
        ).all() == [one.id]


def test_all_longest_stays_of_the_law_are_known():
    classes = the_law().classes.values()
    assert {one.maxout for versions in classes for one in versions if one.maxout} == set(MAXOUTS)
