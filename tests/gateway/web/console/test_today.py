"""The first page: what waits for somebody beside files, each until it has been seen to."""

import re

import pytest
from helpers import ending
from helpers.callers import PASSWORD, hashed, stranger

from gateway.db.models import Staff, UnassignedCase


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)


@pytest.fixture
def people(inbox, roster, tenants):
    inbox.apply(roster)
    return ending.load(inbox, tenants)


def shown(browser):
    """What the page lists beside files: how many of what, and where to go on."""
    browser.get("/")
    assert browser.page.status_code == 200
    text = browser.page.text
    return {word: int(number) for number, word in re.findall(r">(\d+) (paper|case|message)s?</a>", text)}


def test_papers_wait_until_somebody_has_them_in_hand_and_messages_until_they_arrive(paralegal, people, inbox):
    assert shown(paralegal) == {}
    told = ending.tell(inbox, people["E1"])
    assert shown(paralegal) == {"paper": 1}
    assert "(1) Today" in paralegal.page.text
    for _, dispatch in told:
        inbox.sql(
            "UPDATE dispatches SET state = 'failed', settled_at = gateway_now() WHERE id = %s RETURNING id", dispatch
        )
    assert shown(paralegal) == {"paper": 1, "message": len(told)}
    inbox.sql("UPDATE dispatches SET settled_at = gateway_now() - interval '15 days' RETURNING id")
    assert shown(paralegal) == {"paper": 1}
    inbox.sql("UPDATE dispatches SET state = 'held' RETURNING id")
    assert shown(paralegal) == {"paper": 1, "message": len(told)}
    inbox.sql("UPDATE dispatches SET state = 'sent' RETURNING id")
    paralegal.get("/expiring?within=60")
    boxes = re.findall(r'name="(notice:[0-9a-f-]+)"', paralegal.page.text)
    action = next(one for one in paralegal.forms.found if one.startswith("/expiring/acknowledge"))
    paralegal.press(action, **dict.fromkeys(boxes, "on"))
    assert shown(paralegal) == {}


def test_cases_wait_until_an_attorney_has_them(paralegal, people, inbox, tenants):
    [(case_id,)] = inbox.sql("SELECT id FROM cases WHERE case_number = 'C-E1'")
    with inbox.office.db.firm(tenants.northgate) as session:
        session.add(UnassignedCase(firm_id=tenants.northgate, case_id=case_id, excluded={}))
    assert shown(paralegal) == {"case": 1}
    inbox.sql("DELETE FROM unassigned_cases RETURNING id")
    assert shown(paralegal) == {}


def test_another_firm_sees_none_of_it(browser, people, inbox, office, tenants, db):
    ending.tell(inbox, people["E1"])
    stranger(office, tenants)
    with db.system() as session:
        session.query(Staff).filter_by(email="admin@harbor.example").one().password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password=PASSWORD)
    assert shown(browser) == {}
