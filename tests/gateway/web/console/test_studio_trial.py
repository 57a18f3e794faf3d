"""What a draft would do with the last files, looked at before it is put in force; without a script, and in Chromium."""

from __future__ import annotations

import pytest
from helpers.browsing import PROGRAM, fits, tab_to, told_to_everybody, unfold
from helpers.callers import ME
from helpers.doing import do_jobs
from helpers.inbox import people, person
from helpers.studio import Studio
from sqlalchemy import select, update

from gateway import clock
from gateway.db.models import File, JobRow
from gateway.domain.people import walls
from gateway.domain.people.walls import NewWall
from gateway.office import Actor
from gateway.wings import PARTNER_YAML
from ingest.studio import drafts, trials

HERE = "/partners/acme/studio"
PAGE = f"{HERE}/trial"
HOSTILE = "<script>alert(1)</script>"
EDITS = (
    ("annual_salary: {from: Salary, type: money}", "job_title: {from: Salary}"),
    ("absent: close", "absent: ignore"),
    ('DOB, type: date, formats: ["%m/%d/%Y"]', 'DOB, type: date, formats: ["%d/%m/%Y"]'),
)
in_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)")


@pytest.fixture
def acme(inbox, roster):
    """A partner of whom three files came: the last one lists two people less, and one wrong day."""
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(30))
    inbox.drop("roster_20260302.csv", [person(n, last_name="=cmd") for n in range(1, 31)])
    inbox.drop("roster_20260303.csv", [person(n, last_name=f"{HOSTILE}{n}", dob="03/28/1980") for n in range(1, 29)])
    return inbox


@pytest.fixture
def draft(acme, roster):
    one = Studio(acme.office, acme.firm_id, "acme", ME)
    one.begin()
    return one


def edit(draft, *pairs):
    text = draft.text
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    draft.do(drafts.save, text, None)


@pytest.fixture
def admin(browser, draft):
    browser.sign_in("admin", HERE)
    return browser


def tried(admin, acme):
    admin.get(HERE)
    admin.press(PAGE)
    do_jobs(acme.office, ["ingest"])
    return admin.get(PAGE)


def test_whoever_is_about_to_put_a_draft_in_force_sees_first_what_it_would_do(admin, acme, draft):
    edit(draft, *EDITS)
    page = admin.get(HERE)
    assert "The last three files of roster" in page.text
    asked = admin.press(PAGE)
    assert admin.path == PAGE
    assert 'http-equiv="refresh"' in admin.page.text
    assert "being found out" in asked.text
    assert "being found out" in admin.get(HERE).text
    with acme.office.db.system() as session:
        session.execute(update(JobRow).values(progress={"file": 2, "files": 3, "rows": 1200}))
    assert "file 2 of 3, 1,200 rows read" in admin.get(PAGE).text
    do_jobs(acme.office, ["ingest"])
    page = admin.get(PAGE)
    assert 'http-equiv="refresh"' not in admin.page.text
    for told in ("28 rows fewer would load", "roster_20260303.csv", "roster_20260301.csv", "-28", "bad date"):
        assert told in page.text, told
    assert page.text.index("roster_20260303.csv") < page.text.index("roster_20260302.csv")
    assert acme.sql("SELECT count(*) FROM clients WHERE job_title IS NOT NULL") == [(0,)]
    admin.get(HERE)
    assert "in force, as a new version" in admin.press(f"{HERE}/apply", reason="Salaries are their titles.").text


def test_which_fields_would_change_and_who_would_be_closed_is_told(admin, acme, draft):
    edit(draft, EDITS[0])
    page = tried(admin, acme)
    assert "client job title: 28" in page.text
    assert "As many rows would load" in page.text
    told = acme.drop("roster_20260304.csv", people(3, last_name=HOSTILE))
    assert told["state"] == "held"
    assert "Something has changed since." in admin.get(PAGE).text
    admin.press(PAGE)
    do_jobs(acme.office, ["ingest"])
    page = admin.get(PAGE)
    assert "It would be held: " in page.text
    assert "So it would be by the version in force. " in page.text
    assert "Once released, as many rows would load" in page.text
    assert "25 people would be closed, as by the version in force." in page.text
    assert page.text.count(HOSTILE) >= 25  # as text only
    assert HOSTILE not in admin.page.text


def test_a_draft_that_says_the_same_is_told_to(admin, acme):
    page = tried(admin, acme)
    assert "As many rows would load as by the version in force." in page.text
    assert "nothing known would change" not in page.text


def test_a_file_that_is_gone_is_told_by_a_sentence(admin, acme):
    with acme.office.db.firm(acme.firm_id) as session:
        for file in session.scalars(select(File)):
            file.destroyed_at = clock.now()
    page = tried(admin, acme)
    assert page.text.count("It can be tried no more.") == 3


def test_what_cannot_be_tried_is_told_on_the_draft(admin, draft, acme, roster):
    edit(draft, ("type: money", "type: mony"))
    admin.get(HERE)
    page = admin.press(PAGE)
    assert admin.page.status_code == 422
    assert "not right yet" in page.text
    edit(draft, ("type: mony", "type: money"))
    acme.apply(roster + '  round:\n    file: "round*.csv"\n    format: {type: csv}\n    contents: changes\n' + CLIENT)
    acme.drop("round_1.csv", people(1))
    page = admin.get(HERE)
    assert page.found[PAGE]["feed"] == "roster"
    assert "Try it from the draft" in admin.get(PAGE).text
    admin.get(HERE)
    admin.press(PAGE, feed="round")
    do_jobs(acme.office, ["ingest"])
    assert "The last files of round" in admin.get(PAGE).text


def test_it_is_for_admins_whom_no_wall_keeps_from_these_people(elsewhere, admin, acme, tenants):
    tried(admin, acme)
    elsewhere.sign_in("paralegal")
    elsewhere.get(PAGE)
    assert elsewhere.page.status_code == 403
    admin.get("/partners/nobody/studio/trial")
    assert admin.page.status_code == 404
    [(client_id,)] = acme.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    with acme.office.acting(acme.firm_id, Actor("system", "test")) as acting:
        walls.add(acting, NewWall(tenants.staff["admin"], client_id, None, "conflict"))
    assert "ethical wall" in admin.get(PAGE).text
    assert admin.page.status_code == 403


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("stage", ["nobody asked", "waiting", "done"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, acme, draft, scheme, stage):
    edit(draft, *EDITS[:1])
    if stage != "nobody asked":
        draft.do(trials.ask, None, PARTNER_YAML)
    if stage == "done":
        do_jobs(acme.office, ["ingest"])
    told_to_everybody(opened("admin", color_scheme=scheme), PAGE, unfolded=True)
    narrow = opened("admin", viewport={"width": 320, "height": 700})
    fits(narrow, PAGE)
    unfold(narrow)
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 320


@in_chromium
@pytest.mark.browser
def test_a_draft_is_tried_by_keyboard_alone(opened, acme, draft):
    page = opened("admin")
    page.goto(HERE)
    wanted = page.get_by_role("button", name="Try it on the last files")
    tab_to(page, wanted)
    page.keyboard.press("Enter")
    page.get_by_text("being found out").wait_for()
    do_jobs(acme.office, ["ingest"])
    page.get_by_text("As many rows would load").first.wait_for()  # it looks again by itself


CLIENT = "    client: {key: employee_id, fields: {employee_id: {from: EMP_ID}}}\n"
