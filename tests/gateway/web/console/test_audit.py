"""An admin looks into the audit log: narrowed, read field by field, gone on with."""

from __future__ import annotations

import re
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from helpers.callers import ME, hashed, stranger
from helpers.inbox import people

from gateway.db.models import Staff
from gateway.domain.access import accounts
from gateway.domain.people import documents, walls
from gateway.domain.people.calling import called
from gateway.domain.people.documents import NewDocument
from gateway.domain.people.erasure import erase
from gateway.domain.people.walls import NewWall
from gateway.office import Actor
from gateway.web.console.audit import _wanted
from gateway.wings import ERASERS

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def log(inbox, roster):
    """A file of a person who changes, and an act with a name that is no text."""
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(2, salary="50000", ssn="536904399"))
    inbox.drop("roster_20260302.csv", people(2, salary="60000", ssn="536904399"))
    return inbox


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


def test_what_changed_stands_field_by_field_before_and_after(admin, log):
    page = admin.get("/audit?action=import.row")
    assert re.search(r"annual salary\s*50000(?:\.0)?\s*60000", page.text)
    assert "•••" in page.text
    assert "536904399" not in admin.page.text


def test_one_look_is_an_entry_of_its_own_as_at_the_api(admin, log):
    admin.get("/audit?action=client.view")
    [told] = log.sql("SELECT changes->0->'new' FROM audit_log WHERE action = 'audit.read'")
    assert told == ({"action": "client.view"},)


def test_filters_narrow_and_days_are_whole_and_the_firms_own(admin, log):
    person = log.sql("SELECT id::text FROM clients ORDER BY employee_id")[0][0]
    page = admin.get(f"/audit?person={person}&action=import.row")
    assert acts(admin) == ["import: row"] * 2
    assert f"/audit?person={person}" in page.links
    [(first, last)] = log.sql(
        "SELECT min(at AT TIME ZONE 'America/New_York')::date::text, max(at AT TIME ZONE 'America/New_York')::date::text"
        " FROM audit_log"
    )
    admin.get(f"/audit?from={first}&to={last}&action=partner.apply")
    assert acts(admin) == ["partner: apply"]
    for elsewhere in ("from=2999-01-01", "to=1999-01-01", "from=1999-01-01&to=1999-01-02"):
        assert "No entry matches." in admin.get(f"/audit?{elsewhere}").text


def test_a_day_begins_and_ends_by_the_firms_clock():
    wanted = _wanted({"from": "2026-03-08", "to": "2026-03-08"}, ZoneInfo("America/New_York"), {})
    assert [one.astimezone(UTC).isoformat() for one in (wanted.from_, wanted.to)] == [
        "2026-03-08T05:00:00+00:00",
        "2026-03-09T04:00:00+00:00",  # an hour of that day is missing there
    ]


def acts(browser) -> list[str]:
    return re.findall("<strong>(.*?)</strong>", browser.page.text)


def test_what_no_filter_can_be_is_told_at_its_field_and_stays_in_it(admin, log):
    admin.get("/audit?person=ana&from=soon&to=0001-01-01")
    assert admin.page.status_code == 422
    assert {"#person", "#from", "#to"} <= set(admin.forms.links)
    assert 'value="ana"' in admin.page.text
    assert log.sql("SELECT count(*) FROM audit_log WHERE action = 'audit.read'") == [(0,)]


def test_long_logs_go_on_with_their_filters(admin, log, monkeypatch):
    from gateway.web.console import audit

    monkeypatch.setattr(audit, "SHOWN", 1)
    seen, path = [], "/audit?action=import.row"
    while path:
        page = admin.get(path)
        seen += acts(admin)
        path = next((link for link in page.links if "cursor=" in link), None)
    assert seen == ["import: row"] * 4


def test_names_are_text_whatever_they_hold(admin, log, office, tenants):
    with office.acting(tenants.northgate, ME) as acting:
        accounts.add_staff(acting, f"{HOSTILE}@x.example", name=HOSTILE, role="viewer")
    log.drop(f"roster_20260303{HOSTILE}.csv", people(2))
    admin.get(f"/audit?actor={HOSTILE}&action={HOSTILE}")
    assert "<script>alert" not in admin.page.text
    admin.get("/audit")
    assert "<script>alert" not in admin.page.text
    assert "&lt;script&gt;alert" in admin.page.text


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney"])
def test_others_are_not_shown_the_page_and_refused_it(browser, log, role):
    page = browser.sign_in(role)
    assert "/audit" not in page.links
    browser.get("/audit")
    assert browser.page.status_code == 403


def test_another_firms_admin_finds_nothing_of_it(browser, log, office, tenants, db):
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password="fig-tree-lamp-owl")
    person = log.sql("SELECT id::text FROM clients")[0][0]
    assert "No entry matches." in browser.get(f"/audit?person={person}").text
    assert "acme" not in browser.get("/audit").text


def test_behind_an_ethical_wall_there_is_no_entry(admin, log, db, tenants):
    person = log.sql("SELECT id::text FROM clients")[0][0]
    log.sql(
        "INSERT INTO walls (firm_id, staff_id, client_id, reason, created_by) VALUES (%s, %s, %s, 'x', 'x')",
        str(tenants.northgate),
        str(tenants.staff["admin"]),
        person,
    )
    assert "No entry matches." in admin.get(f"/audit?person={person}&action=import.row").text


def test_records_are_called_by_name_and_lead_to_their_pages(admin, log, office, tenants):
    whom = log.sql("SELECT id FROM clients ORDER BY employee_id")[0][0]
    with office.acting(tenants.northgate, ME) as acting:
        walls.add(acting, NewWall(tenants.staff["viewer"], whom, None, "her sister"))
    page = admin.get("/audit?action=import.row")
    [(name, file)] = log.sql(
        "SELECT c.family_name, i.id::text FROM clients c JOIN imports i ON i.id = c.source_import_id WHERE c.id = %s",
        whom,
    )
    assert f'<a href="/clients/{whom}"><bdi>{name}</bdi></a>' in admin.page.text
    assert f"/audit?person={whom}" in page.links  # all of theirs, as before
    assert f'<a href="/files/{file}"><bdi>roster_20260302.csv</bdi></a>' in admin.page.text
    admin.get("/audit?action=wall.add")
    for path, label in ((f"/admin/staff/{tenants.staff['viewer']}", "viewer"), (f"/clients/{whom}", name)):
        assert f'<td class="after"><a href="{path}"><bdi>{label}</bdi></a>' in re.sub(r">\s+<", "><", admin.page.text)
    assert str(whom) not in re.sub("<[^>]*>", "", admin.page.text)
    admin.get("/audit?action=session.start")
    me = tenants.staff["admin"]
    assert f'<a href="/admin/staff/{me}"><bdi>admin</bdi></a>' in admin.page.text
    assert f"/audit?actor={me}" in admin.forms.links


def test_whoever_is_behind_a_wall_or_erased_is_called_by_no_name(admin, log, office, tenants):
    walled, erased = (one for (one,) in log.sql("SELECT id FROM clients ORDER BY employee_id"))
    with office.acting(tenants.northgate, ME) as acting:
        for one in (walled, erased):
            walls.add(acting, NewWall(tenants.staff["viewer"], one, None, "her sister"))
        walls.add(acting, NewWall(tenants.staff["admin"], walled, None, "her sister"))
        erase(acting, erased, "She asked", ERASERS)
    names = [one for (one,) in log.sql("SELECT family_name FROM clients WHERE id = %s", walled)]
    page = admin.get("/audit?action=wall.add")
    assert f'<a href="/clients/{erased}"><bdi>an erased person</bdi></a>' in admin.page.text
    assert (f"/clients/{walled}" in page.links, names[0] in page.text) == (False, False)
    whoever = Actor("staff", "admin@northgate.example", tenants.staff["admin"])
    with office.acting(tenants.northgate, whoever) as acting:
        assert set(called(acting, {"client": [walled, erased]})) == {erased}


def test_what_one_look_put_on_record_is_one_line(admin, log, office, tenants):
    person = log.sql("SELECT id FROM clients ORDER BY employee_id")[0][0]
    with office.acting(tenants.northgate, ME) as acting:
        held = [documents.add(acting, NewDocument(person, kind, {})).id for kind in ("passport", "i94")]
    for looked in ([held], [[one] for one in held]):
        for together in looked:
            with office.acting(tenants.northgate, ME) as acting:
                for one in together:
                    documents.view(acting, one)
    page = admin.get("/audit?action=document.view")
    assert acts(admin) == ["document: view"] * 3
    assert (page.text.count("2 papers shown"), page.text.count("1 paper shown")) == (1, 2)
    assert f'<a href="/clients/{person}"><bdi>I-94 of ' in admin.page.text
