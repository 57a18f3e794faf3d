"""An admin sees what the gateway's own work stumbled over, and lets it run again."""

from __future__ import annotations

import pytest
from helpers.callers import ME
from helpers.idle import idle_job
from helpers.inbox import people

from gateway.domain.upkeep import jobs
from gateway.errors import NotFound
from gateway.jobs.queues import QUEUES
from gateway.web.console.admin import job_words
from gateway.wings import KINDS

PAGE = "/admin/jobs"
HOSTILE = "=cmd|' /C calc'!A0<script>alert(1)</script>"


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


def retries(page) -> list[str]:
    return [one for one in page.found if one.endswith("/retry")]


def state(office, tenants, job_id) -> str:
    with office.acting(tenants.northgate, ME) as acting:
        return jobs.show(acting, job_id).state


def test_from_the_first_page_to_a_dead_one_that_waits_again(admin, office, tenants, inbox, roster):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(1))
    [(file,)] = inbox.sql("SELECT id FROM imports")
    dead = idle_job(office, tenants.northgate, "ingest.run", asked={"about": file}, last_error=HOSTILE)
    assert PAGE in admin.get("/admin").links
    page = admin.get(PAGE)
    assert "1 job is dead." in page.text
    assert ("Read a file" in page.text, HOSTILE in page.text, f"/files/{file}" in page.links) == (True, True, True)
    assert "<script>alert" not in admin.page.text
    page = admin.get(f"{PAGE}/{dead}")
    assert ("It was tried 5 times" in page.text, HOSTILE in page.text) == (True, True)
    assert "<script>alert" not in admin.page.text
    page = admin.press(f"{PAGE}/{dead}/retry")
    assert ("It waits for a worker again" in page.text, admin.path) == (True, PAGE)
    assert ("No job needs a hand." in page.text, retries(page)) == (True, [])
    assert state(office, tenants, dead) == "waiting"
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'job.retry' AND actor_kind = 'staff'") == [(1,)]


def test_what_takes_too_long_is_told_apart_from_what_is_for_later(admin, office, tenants):
    idle_job(office, tenants.northgate, "expiry.sweep", "waiting", minutes=6)
    idle_job(office, tenants.northgate, "assign.drain", "running", minutes=600)
    later = idle_job(office, tenants.northgate, "notices.plan", "waiting", minutes=-60, attempts=2, last_error="Away.")
    page = admin.get(PAGE)
    assert "2 jobs wait or run for too long." in page.text
    assert ("Find papers that end" in page.text, "Give cases to attorneys" in page.text) == (True, True)
    assert (f"{PAGE}/{later}" in page.links, retries(page)) == (False, [])
    page = admin.get(f"{PAGE}?which=waiting")
    assert "waits to be tried again" in page.text
    assert retries(page) == [f"{PAGE}/{later}/retry"]
    assert "It is tried again on" in admin.get(f"{PAGE}/{later}").text
    admin.press(f"{PAGE}/{later}/retry")
    assert "It waits for a worker, since" in admin.get(f"{PAGE}/{later}").text


def test_all_that_is_dead_and_late_is_counted_in_one_sentence(admin, office, tenants):
    idle_job(office, tenants.northgate, "expiry.sweep")
    idle_job(office, tenants.northgate, "expiry.sweep")
    idle_job(office, tenants.northgate, "expiry.sweep", "waiting", minutes=6)
    assert "2 jobs are dead, and 1 waits or runs for too long." in admin.get(PAGE).text


@pytest.mark.parametrize(("now", "words"), [("running", "It runs, since"), ("done", "It is done, since")])
def test_what_somebody_else_has_seen_to_is_told_in_place(admin, office, tenants, inbox, now, words):
    dead = idle_job(office, tenants.northgate, "expiry.sweep")
    fields = admin.get(PAGE).found[f"{PAGE}/{dead}/retry"]
    lease = "gateway_now()" if now == "running" else "NULL"
    moved = "state = %s, started_at = gateway_now(), finished_at = gateway_now()"
    inbox.sql(f"UPDATE jobs SET {moved}, lease_until = {lease} WHERE id = %s RETURNING id", now, dead)
    admin.page = admin.send(f"{PAGE}/{dead}/retry", fields)
    page = admin.forms
    assert (admin.page.status_code, "#retry" in page.links, f"is {now}" in page.text) == (409, True, True)
    assert words in page.text
    assert retries(page) == []


def test_lists_are_narrowed_and_go_on_with_their_filter(admin, office, tenants, monkeypatch):
    from gateway.web.console.admin import jobs as page_of_jobs

    for kind in ("expiry.sweep", "assign.drain", "expiry.sweep"):
        idle_job(office, tenants.northgate, kind)
    monkeypatch.setattr(page_of_jobs, "SHOWN", 1)
    monkeypatch.setattr(page_of_jobs, "FIRST", 1)
    page = admin.get(f"{PAGE}?kind=expiry.sweep")
    assert len(retries(page)) == 1
    asked = next(link for link in page.links if "cursor=" in link)
    seen = []
    while asked:
        page = admin.get(asked)
        seen += retries(page)
        asked = next((link for link in page.links if "cursor=" in link), None)
        assert asked is None or ("which=dead" in asked and "kind=expiry.sweep" in asked)
    assert len(set(seen)) == len(seen) == 2
    assert "No job matches." in admin.get(f"{PAGE}?which=done").text
    assert "No job matches." in admin.get(f"{PAGE}?which=&kind=ingest.run").text


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney"])
def test_others_are_refused_it(browser, office, tenants, role):
    one = f"{PAGE}/{idle_job(office, tenants.northgate, 'expiry.sweep')}"
    fields = browser.sign_in(role).found["/sign-out"]
    for path in (PAGE, one):
        browser.get(path)
        assert browser.page.status_code == 403
    assert browser.send(f"{one}/retry", fields).status_code == 403


def test_another_firms_and_the_platforms_are_not_there(admin, office, tenants):
    fields = admin.get(PAGE).found["/sign-out"]
    for firm in (tenants.harbor, None):
        one = f"{PAGE}/{idle_job(office, firm, 'expiry.sweep', last_error='Not yours.')}"
        page = admin.get(PAGE)
        assert ("No job needs a hand." in page.text, "Not yours." in page.text) == (True, False)
        admin.get(one)
        assert admin.page.status_code == 404
        assert admin.send(f"{one}/retry", fields).status_code == 404
    with pytest.raises(NotFound):
        state(office, tenants, one.rpartition("/")[2])


def test_every_kind_and_queue_has_words():
    assert set(job_words.WORDS) == set(KINDS)
    assert set(job_words.QUEUE_WORDS) == set(QUEUES)
