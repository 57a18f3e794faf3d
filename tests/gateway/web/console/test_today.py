"""The first page: what waits for somebody beside files, each until it has been seen to."""

import re
from uuid import UUID

import pytest
from helpers import ending
from helpers.callers import ME, PASSWORD, hashed, stranger
from helpers.checked import Checked
from helpers.checks import completed
from helpers.halted import line_off, parcel
from helpers.idle import idle_job

from gateway.db.models import Staff, UnassignedCase
from gateway.domain.eligibility import checks, reviewing
from gateway.domain.eligibility.reviewing import Said
from gateway.domain.people import walls

HOSTILE = "=cmd<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)


@pytest.fixture
def people(inbox, roster, tenants):
    inbox.apply(roster)
    ids = ending.load(inbox, tenants)
    inbox.sql("UPDATE documents SET expires_on = '2028-06-30' WHERE client_id = %s RETURNING id", ids["E5"])
    return ids


def shown(browser):
    """What the page lists beside files: how many of what, and where to go on."""
    browser.get("/")
    assert browser.page.status_code == 200
    text = browser.page.text
    return {
        word: int(number)
        for number, word in re.findall(r">(\d+) (person|people|paper|case|eligibility check|message)s?</a>", text)
    }


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


def test_whoever_may_not_work_and_of_whom_nobody_was_told_waits(paralegal, people, inbox):
    inbox.sql("UPDATE documents SET expires_on = '2026-06-30' WHERE client_id = %s RETURNING id", people["E1"])
    assert shown(paralegal) == {"person": 1}
    paralegal.get("/expiring?of=work&within=0")
    [path] = set(re.findall(r'href="(/expiring/[0-9a-f-]+)"', paralegal.page.text))
    paralegal.get(path)
    assert "had ended more than 30 days before the firm came to know of it" in paralegal.page.text


def test_cases_wait_until_an_attorney_has_them(paralegal, people, inbox, tenants):
    [(case_id,)] = inbox.sql("SELECT id FROM cases WHERE case_number = 'C-E1'")
    with inbox.office.db.firm(tenants.northgate) as session:
        session.add(UnassignedCase(firm_id=tenants.northgate, case_id=case_id, excluded={}))
    assert shown(paralegal) == {"case": 1}
    inbox.sql("DELETE FROM unassigned_cases RETURNING id")
    assert shown(paralegal) == {}


def test_checks_wait_until_an_attorney_has_spoken_of_them_and_paralegals_are_not_asked(browser, office, tenants):
    firm = Checked(office, tenants)
    with firm.acting() as acting:
        check = completed(acting, firm.person(), ["EB1A"])
    browser.sign_in("paralegal")
    assert shown(browser) == {}
    browser.press("/sign-out")
    browser.sign_in("attorney")
    assert shown(browser) == {"eligibility check": 1}
    assert "/eligibility" in browser.forms.links
    with firm.acting() as acting:
        [row] = checks.recommendations(acting, check)
        reviewing.review(acting, row.id, Said(verdict="accepted"))
    assert shown(browser) == {}


def test_another_firm_sees_none_of_it(browser, people, inbox, office, tenants, db):
    ending.tell(inbox, people["E1"])
    stranger(office, tenants)
    with db.system() as session:
        session.query(Staff).filter_by(email="admin@harbor.example").one().password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password=PASSWORD)
    assert shown(browser) == {}


def test_dead_jobs_wait_for_admins_until_they_are_tried_again(browser, elsewhere, office, tenants):
    job = idle_job(office, tenants.northgate, "expiry.sweep", minutes=180)
    idle_job(office, tenants.harbor, "expiry.sweep")
    idle_job(office, None, "expiry.sweep")
    elsewhere.sign_in("attorney")
    assert "dead job" not in elsewhere.get("/").text
    page = browser.sign_in("admin")
    assert ("1 dead job" in page.text, "3 hours" in page.text, "/admin/jobs" in page.links) == (True, True, True)
    browser.get("/admin/jobs")
    assert "dead job" not in browser.press(f"/admin/jobs/{job}/retry").text
    assert "dead job" not in browser.get("/").text


@pytest.fixture
def line(inbox, tenants) -> UUID:
    return line_off(inbox, tenants, HOSTILE)


def test_a_delivery_that_is_off_is_resumed_where_it_stands(paralegal, line, inbox):
    page = paralegal.get("/")
    assert ("(1) Today" in page.text, HOSTILE in page.text, "1 delivery waits." in page.text) == (True, True, True)
    assert "<script>alert" not in paralegal.page.text
    page = paralegal.press("/deliveries/resume")
    assert ("What waits is sent now, in order." in page.text, "Nothing waits." in page.text) == (True, True)
    assert inbox.sql("SELECT disabled_at FROM delivery_lines") == [(None,)]
    assert inbox.sql("SELECT action FROM audit_log WHERE action LIKE 'delivery%%'") == [("delivery.resume",)]


def test_what_was_refused_to_the_end_is_sent_again_once(paralegal, line, inbox, tenants):
    inbox.sql("UPDATE delivery_lines SET disabled_at = NULL, disabled_code = NULL RETURNING id")
    dead = parcel(inbox, tenants, line, "dead", "2 hours")
    parcel(inbox, tenants, line, "dead", "15 days")
    parcel(inbox, tenants, line, "dead", "2 hours", destroyed=True)
    deed = f"/deliveries/{dead}/replay"
    page = paralegal.get("/")
    assert ([one for one in page.found if "/deliveries/" in one], "after 7 attempts" in page.text) == ([deed], True)
    fields = page.found[deed]
    assert "It is sent again" in paralegal.press(deed).text
    assert inbox.sql("SELECT state FROM parcels WHERE id = %s", dead) == [("waiting",)]
    inbox.sql("UPDATE parcels SET state = 'sent', ended_at = gateway_now() WHERE id = %s RETURNING id", dead)
    assert "Somebody else has sent it again already" in paralegal.send(deed, fields).text
    assert inbox.sql("SELECT state FROM parcels WHERE id = %s", dead) == [("sent",)]


def test_viewers_see_what_does_not_leave_and_send_none_of_it(browser, line, inbox, tenants):
    dead = parcel(inbox, tenants, line, "dead", "2 hours")
    page = browser.sign_in("viewer")
    assert ("Refused to the end" in page.text, list(page.found)) == (True, ["/sign-out"])
    fields = page.found["/sign-out"] | {"partner": "acme", "delivery": HOSTILE}
    for deed in ("/deliveries/resume", f"/deliveries/{dead}/replay"):
        assert browser.send(deed, fields).status_code == 403


def test_what_leaves_of_another_firm_is_not_there(browser, elsewhere, line, inbox, office, tenants, db):
    dead = parcel(inbox, tenants, line, "dead", "2 hours")
    stranger(office, tenants)
    with db.system() as session:
        session.query(Staff).filter_by(email="admin@harbor.example").one().password_hash = hashed()
    browser.get("/")
    page = browser.press("/sign-in", email="admin@harbor.example", password=PASSWORD)
    assert "Nothing waits." in page.text
    fields = page.found["/sign-out"] | {"partner": "acme", "delivery": HOSTILE}
    for deed in ("/deliveries/resume", f"/deliveries/{dead}/replay"):
        assert browser.send(deed, fields).status_code == 404
    assert inbox.sql("SELECT count(*) FROM delivery_lines WHERE disabled_at IS NOT NULL") == [(1,)]


def test_a_walled_partners_deliveries_are_not_there(browser, line, office, tenants):
    with office.acting(tenants.northgate, ME) as acting:
        walls.add(acting, walls.NewWall(tenants.staff["paralegal"], None, tenants.acme, "x"))
    assert "Nothing waits." in browser.sign_in("paralegal").text
