"""Partners: seen by all staff as the API shows them; places, deliveries and settings seen to by those who may."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from helpers.callers import ME as ADMIN
from helpers.callers import PASSWORD, hashed, stranger
from helpers.feeds_at_work import begun, came, send_files, settings_of
from helpers.halted import line_off, parcel
from helpers.places import CSV, Places, with_arrivals

from gateway import clock
from gateway.db.models import FeedRow, Partner, Staff
from gateway.domain.partners import names, versions
from gateway.domain.partners.homes import find_home
from gateway.domain.people import walls
from gateway.wings import PARTNER_YAML
from ingest import silence

HOSTILE = "=cmd<script>alert(1)</script>"
NOBODY = "01900000-0000-7000-8000-0000000000ff"
ACME = "/partners/acme"
FIRST = f"{ACME}/versions/2"  # the first is of the test's inbox


@pytest.fixture
def at_work(inbox, monkeypatch):
    """Acme, of which two files are held and the roster has been missing for two days; globex, which owes nothing."""
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-12T12:00:00-05:00")
    send_files(inbox, "acme", ("leavers", "roster"))
    send_files(inbox, "globex", name="Globex Corporation")
    begun(inbox, 90)
    now = clock.now()
    for ago in range(30):
        came(inbox, "globex", "roster", now - timedelta(days=ago, hours=2))
        came(inbox, "acme", "roster", now - timedelta(days=ago + 3), "loaded_with_errors" if ago % 7 == 3 else "loaded")
    came(inbox, "acme", "leavers", now - timedelta(hours=6), "held")
    came(inbox, "acme", "leavers", now - timedelta(hours=5), "held")
    for slug in ("acme", "globex"):
        with inbox.office.db.firm(inbox.firm_id) as session:
            silence.look_after(session, find_home(inbox.office, slug))
    return inbox


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


def change_settings(inbox, old="06:00", new="07:30"):
    source = settings_of("acme", feeds=("leavers", "roster")).replace(old, new)
    with inbox.office.acting(inbox.firm_id, ADMIN) as acting:
        versions.apply(acting, PARTNER_YAML.read(source), reason="They send later now")


def words(browser):
    """What stands on the page, cells apart."""
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", browser.page.text))


def learn(inbox, found=HOSTILE):
    with inbox.office.acting(inbox.firm_id, ADMIN) as acting:
        feed = acting.session.query(FeedRow).filter_by(name="leavers").one()
        names.learn_name(acting, feed.id, "Last Name", found)


# ------------------------------------------------------------------------------------------------ the list


def test_what_needs_a_look_stands_first_with_when_the_next_file_comes(paralegal, at_work):
    page = paralegal.get("/partners")
    assert "1 partner needs a look" in page.text
    assert "Next: leavers of acme, by Mar 13, 07:00." in page.text
    mine = [one for one in page.links if one.startswith("/partners/")]
    assert mine == ["/partners/acme", "/partners/globex"]
    text = words(paralegal)
    assert "leavers 2 held Mar 12, 08:00 5 hours ago by Mar 13, 07:00 daily" in text
    assert "roster missing of Mar 10, 2026" in text
    assert "roster as agreed Mar 12, 11:00 2 hours ago by Mar 13, 07:00 daily version 1" in text
    assert "/files?partner=acme&state=held" in page.links


def test_a_partner_is_found_by_a_part_of_its_name(paralegal, at_work):
    assert [one for one in paralegal.get("/partners?name=corpor").links if one.startswith("/partners/")] == [
        "/partners/globex"
    ]
    page = paralegal.get("/partners?name=nobody%20at%20all")
    assert ("No partner is called like this." in page.text, "/partners" in page.links) == (True, True)
    paralegal.get(f"/partners?name={'x' * 101}")
    assert paralegal.page.status_code == 400


def test_where_all_is_well_it_says_so_and_the_list_goes_on(paralegal, inbox, monkeypatch):
    from gateway.web.console.partners import listing

    monkeypatch.setattr(listing, "SHOWN", 1)
    send_files(inbox, "globex")
    page = paralegal.get("/partners")
    assert "Every file has come that was due" in page.text
    [older] = [one for one in page.links if "cursor=" in one]
    seen = {one for each in (page, paralegal.get(older)) for one in each.links if one.startswith("/partners/")}
    assert seen == {"/partners/acme", "/partners/globex"}


def test_whoever_sees_no_partner_is_told_what_to_do(paralegal, office, tenants):
    with office.acting(tenants.northgate, ADMIN) as acting:
        for one in (tenants.acme, tenants.globex):
            walls.add(acting, walls.NewWall(tenants.staff["paralegal"], None, one, "x"))
    page = paralegal.get("/partners")
    assert ("No partner sends files yet." in page.text, "gateway partner apply" in page.text) == (True, True)


# ------------------------------------------------------------------------------------------------ one partner


def test_one_partner_says_first_what_is_the_matter(paralegal, at_work):
    page = paralegal.get(ACME)
    text = re.sub(r"\s+", " ", page.text)
    assert "The file of roster for Mar 10, 2026 is missing." in text
    assert "2 files are held: decide." in text
    assert "Next: leavers, by Mar 13, 07:00." in text
    assert text.index("is missing") < text.index("Where its files are fetched")


def test_the_last_file_of_a_feed_leads_to_itself_where_a_correction_came_later(paralegal, inbox, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-12T12:00:00-05:00")
    send_files(inbox, "acme")
    now = clock.now()
    file = came(inbox, "acme", "roster", now - timedelta(hours=2))
    correction = came(inbox, "acme", "roster", now - timedelta(hours=1))
    inbox.sql("UPDATE imports SET corrects_import_id = %s WHERE id = %s RETURNING id", file, correction)
    page = paralegal.get(ACME)
    assert (f"/files/{file}" in page.links, f"/files/{correction}" in page.links) == (True, False)
    assert "2 hours ago" in page.text


def test_days_are_dots_with_a_finding_a_key_and_a_table(paralegal, at_work):
    paralegal.get(ACME)
    text = words(paralegal)
    assert "2 of 2 feeds had a day in the last 60 on which not all went well. leavers had the worst: 59 missing" in text
    for word in ("loaded", "rejected", "held", "missing"):
        assert f'class="dot {word}"' in paralegal.page.text
    assert 'class="dot refused"' not in paralegal.page.text
    assert "Mar 12, 2026 held missing" in text
    assert "Mar 9, 2026 missing loaded" in text


def test_a_partner_without_settings_or_feeds_is_told_what_would_stand_there(paralegal, inbox):
    page = paralegal.get("/partners/globex")
    assert paralegal.page.status_code == 200
    for sentence in ("It has no feed yet.", "None is in force", "Nothing so far.", "None: it brings its files itself"):
        assert sentence in page.text


def test_the_places_are_looked_at_on_a_press(paralegal, inbox):
    inbox.apply(with_arrivals("{via: drop}"))
    places = Places(inbox)
    (places.landing / "photo.jpg").write_bytes(CSV)
    places.poll()
    page = paralegal.get(ACME)
    assert ("reached" in page.text, "photo.jpg" in page.text, "no feed takes a file" in page.text) == (True, True, True)
    assert "A worker looks there" in paralegal.press(f"{ACME}/looks").text
    assert "Somebody is about to look there anyway" in paralegal.press(f"{ACME}/looks").text


# ------------------------------------------------------------------------------------------------ deliveries


def test_deliveries_are_resumed_and_sent_again_where_they_stand(paralegal, inbox, tenants):
    line = line_off(inbox, tenants, HOSTILE)
    dead = parcel(inbox, tenants, line, "dead", "2 hours")
    gone = parcel(inbox, tenants, line, "dead", "2 hours", destroyed=True)
    page = paralegal.get(ACME)
    assert ("<script>alert" not in paralegal.page.text, HOSTILE in page.text) == (True, True)
    assert "wants nothing more" in page.text
    again = f"{ACME}/deliveries/{dead}/replay"
    assert f"{ACME}/deliveries/{gone}/replay" not in page.found
    fields = page.found[again]
    assert "What waits is sent now" in paralegal.press(f"{ACME}/deliveries/resume").text
    assert inbox.sql("SELECT disabled_at FROM delivery_lines") == [(None,)]
    paralegal.get(ACME)
    for _ in range(2):  # pressed twice
        assert "It is sent again" in paralegal.send(again, fields).text
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'delivery.replay'") == [(1,)]
    fields |= {"key": "another"}
    assert paralegal.send(f"{ACME}/deliveries/{gone}/replay", fields).status_code == 410
    assert paralegal.send(f"{ACME}/deliveries/{NOBODY}/replay", fields).status_code == 404


# ------------------------------------------------------------------------------------------------ settings


def test_versions_stand_with_who_when_and_why_and_are_compared(paralegal, at_work):
    change_settings(at_work)
    page = paralegal.get(ACME)
    assert ("They send later now" in page.text, "not said" in page.text) == (True, True)
    assert {f"{ACME}/versions/{number}" for number in (1, 2, 3)} <= set(page.links)
    page = paralegal.get(f"{ACME}/versions/compared?before=2&after=3")
    text = re.sub(r"\s+", " ", page.text)
    assert "The feed roster changes: expected.by." in text
    assert '+ expected: {by: "07:30", days: daily}' in text
    assert "They say the same." in paralegal.get(f"{ACME}/versions/compared?before=3&after=3").text
    assert "From version 2 to version 3" in paralegal.get(f"{ACME}/versions/compared").text
    for wrong in ("before=2&after=9", "before=9&after=2"):
        paralegal.get(f"{ACME}/versions/compared?{wrong}")
        assert paralegal.page.status_code == 404
    paralegal.get(f"{ACME}/versions/compared?before=0&after=x")
    assert paralegal.page.status_code == 400


def test_an_admin_goes_back_to_an_older_version_with_a_reason(admin, at_work):
    change_settings(at_work)
    deed = f"{FIRST}/activate"
    page = admin.get(FIRST)
    assert "From version 3, which is in force, to this one." in page.text
    page = admin.press(deed, reason="")
    assert (admin.page.status_code, "#reason" in page.links) == (422, True)
    fields = page.found[deed] | {"reason": f"At six again {HOSTILE}"}
    for _ in range(2):  # pressed twice
        admin.page = admin.send(deed, fields)
        assert ("In force." in admin.forms.text, admin.path) == (True, ACME)
    assert f"Back to version 2: At six again {HOSTILE}" in admin.forms.text
    assert "<script>alert" not in admin.page.text
    assert at_work.sql("SELECT version, text_of FROM partner_configs WHERE active ORDER BY version DESC")[0] == (4, 2)
    assert at_work.sql("SELECT count(*) FROM audit_log WHERE action = 'partner.activate'") == [(1,)]
    assert deed not in admin.get(FIRST).found  # they say the same
    assert set(admin.get(f"{ACME}/versions/4").found) == {"/sign-out"}


def test_whoever_is_second_is_told_who_was_faster_and_loses_no_word(admin, at_work):
    change_settings(at_work)
    deed = f"{FIRST}/activate"
    admin.get(FIRST)
    change_settings(at_work, new="08:15")
    page = admin.press(deed, reason="At six again")
    assert (admin.page.status_code, page.found[deed]["reason"]) == (412, "At six again")
    assert re.search(r"Somebody was faster: version 4, by \S+, is in force now\.", page.text)
    assert '-    expected: {by: "08:15", days: daily}' in page.text
    assert "In force." in admin.press(deed).text


def test_a_version_that_would_not_be_allowed_today_is_not_taken(admin, at_work, monkeypatch):
    from gateway.domain.partners import versions
    from gateway.web.api import configs

    change_settings(at_work)
    admin.get(FIRST)
    refused = versions.Checked(
        [configs.Finding("version 2", 3, 1, "feeds", None, "This is not allowed any more.", None)]
    )
    monkeypatch.setattr(configs, "_read", lambda *_: refused)
    page = admin.press(f"{FIRST}/activate", reason="At six again")
    assert (admin.page.status_code, "This is not allowed any more." in page.text) == (422, True)
    assert page.found[f"{FIRST}/activate"]["reason"] == "At six again"


def test_a_long_text_is_shown_as_far_as_it_can_be_looked_at(admin, at_work, monkeypatch):
    from gateway.web.console.partners import versions as page_of

    monkeypatch.setattr(page_of, "MOST_LINES", 10)
    page = admin.get(FIRST)
    assert re.search(r"And \d+ more lines\.", page.text)


def test_a_learned_name_is_forgotten(admin, at_work):
    learn(at_work)
    page = admin.get(ACME)
    assert (HOSTILE in page.text, "<script>alert" in admin.page.text) == (True, False)
    [deed] = [one for one in page.found if one.endswith("/forget")]
    fields = page.found[deed]
    assert "Forgotten." in admin.press(deed).text
    assert HOSTILE not in admin.forms.text
    assert admin.send(deed, fields).status_code == 404


def test_credentials_are_for_those_who_look_after_them(admin, elsewhere, inbox, acme_key):
    page = admin.get(ACME)
    assert ("/admin/credentials?partner=acme" in page.links, "HR system" in page.text) == (True, True)
    elsewhere.sign_in("attorney")
    page = elsewhere.get(ACME)
    assert ("/admin/credentials?partner=acme" in page.links, "HR system" in page.text) == (False, False)


# ------------------------------------------------------------------------------------------------ who may


def test_what_somebody_may_not_do_is_not_drawn_and_refused_all_the_same(browser, at_work, tenants):
    change_settings(at_work)
    learn(at_work)
    line = line_off(at_work, tenants, "changes")
    dead = parcel(at_work, tenants, line, "dead", "2 hours")
    browser.sign_in("viewer")
    for path in (ACME, FIRST):
        assert set(browser.get(path).found) == {"/sign-out"}
    fields = browser.forms.found["/sign-out"] | {
        "delivery": "changes",
        "reason": "x",
        "feed": "leavers",
        "version": "3",
    }
    for deed in ("looks", "deliveries/resume", f"deliveries/{dead}/replay", "versions/2/activate"):
        assert browser.send(f"{ACME}/{deed}", fields).status_code == 403, deed
    browser.press("/sign-out")
    browser.sign_in("paralegal")
    assert {one for one in browser.get(ACME).found if one.endswith(("forget", "activate"))} == set()
    for deed in ("versions/2/activate", f"learned/{NOBODY}/forget"):
        assert browser.send(f"{ACME}/{deed}", fields | browser.forms.found["/sign-out"]).status_code == 403, deed


def test_another_firms_partner_is_not_there(browser, at_work, office, tenants, db):
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password=PASSWORD)
    fields = browser.forms.found["/sign-out"] | {"delivery": "x", "reason": "x", "feed": "leavers", "version": "1"}
    assert "acme" not in browser.get("/partners").text
    assert "Files of the last 14 days" not in browser.get("/").text
    for path in (ACME, FIRST, f"{ACME}/versions/compared?before=1&after=2"):
        browser.get(path)
        assert (browser.page.status_code, "ACME Manu" in browser.page.text) == (404, False)
    deeds = (
        "looks",
        "deliveries/resume",
        f"deliveries/{NOBODY}/replay",
        "versions/2/activate",
        f"learned/{NOBODY}/forget",
    )
    for deed in deeds:
        assert browser.send(f"{ACME}/{deed}", fields).status_code == 404, deed


def test_a_walled_partner_is_not_there(paralegal, at_work, office, tenants):
    assert "acme / roster" in paralegal.get("/").text
    with office.acting(tenants.northgate, ADMIN) as acting:
        walls.add(acting, walls.NewWall(tenants.staff["paralegal"], None, tenants.acme, "x"))
    assert "acme" not in paralegal.get("/partners").text
    assert "acme / roster" not in paralegal.get("/").text
    paralegal.get(ACME)
    assert paralegal.page.status_code == 404


def test_what_a_partner_is_called_is_text(paralegal, at_work):
    with at_work.office.db.firm(at_work.firm_id) as session:
        session.query(Partner).filter_by(slug="acme").update({"name": HOSTILE, "contacts": {"errors": [HOSTILE]}})
    for path in ("/partners", ACME, "/"):
        paralegal.get(path)
        assert "<script>alert" not in paralegal.page.text
    assert HOSTILE in paralegal.get(ACME).text


# ------------------------------------------------------------------------------------------------ today


def test_today_has_fourteen_days_of_all_feeds_and_of_many_the_worst(paralegal, at_work, monkeypatch):
    from gateway.web.console import today

    text = re.sub(r"\s+", " ", paralegal.get("/").text)
    assert "2 of 3 feeds had a day in the last 14 on which not all went well. acme / leavers had the worst" in text
    assert "globex / roster" in text
    monkeypatch.setattr(today, "MOST_FEEDS", 2)
    text = re.sub(r"\s+", " ", paralegal.get("/").text)
    assert ("1 more feed did better." in text, "globex / roster" in text) == (True, False)


def test_where_no_feed_is_agreed_today_has_no_dots(paralegal):
    page = paralegal.get("/")
    assert (paralegal.page.status_code, "Files of the last 14 days" in page.text) == (200, False)
