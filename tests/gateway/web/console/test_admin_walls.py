"""An admin raises ethical walls and lifts them, though never one around themselves."""

from __future__ import annotations

import re

import pytest
from helpers.callers import ME, stranger
from helpers.inbox import people

from gateway.domain.people import walls

HOSTILE = "=cmd<script>alert(1)</script>"
PAGE = "/admin/walls"


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


@pytest.fixture
def wall(tenants) -> dict[str, str]:
    return {
        "staff_id": str(tenants.staff["viewer"]),
        "partner_id": str(tenants.acme),
        "client_id": "",
        "reason": f"Acted for the other side. {HOSTILE}",
    }


def lifts(page) -> list[str]:
    return [one for one in page.found if one.endswith("/lift")]


def test_a_wall_holds_from_the_next_request_on_until_it_is_lifted(admin, wall, inbox, roster, web, as_staff):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(3))
    viewer = as_staff("viewer")
    assert len(web.get("/v1/clients", headers=viewer).json()["data"]) == 3
    admin.get(PAGE)
    page = admin.press(PAGE, **wall)
    assert "The wall stands" in page.text
    assert HOSTILE in page.text
    assert "<script>alert" not in admin.page.text
    assert web.get("/v1/clients", headers=viewer).json()["data"] == []
    [deed] = lifts(page)
    page = admin.press(deed)
    assert "There is no wall." in page.text
    assert len(web.get("/v1/clients", headers=viewer).json()["data"]) == 3


def test_one_person_alone_is_walled_off(admin, wall, inbox, roster):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(1))
    [(client,)] = inbox.sql("SELECT id::text FROM clients")
    [way] = [link for link in admin.get(f"/clients/{client}").links if link.startswith(PAGE)]
    admin.get(way)
    page = admin.press(PAGE, **{name: text for name, text in wall.items() if name not in ("partner_id", "client_id")})
    assert inbox.sql("SELECT client_id::text, partner_id FROM walls") == [(client, None)]
    assert f"/clients/{client}" in page.links


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"reason": " "}, 422, "reason"),
        ({"staff_id": ""}, 422, "staff_id"),
        ({"partner_id": ""}, 422, "client_id"),
        ({"client_id": "ana"}, 422, "client_id"),
        ({"partner_id": "", "client_id": "01900000-0000-7000-8000-000000000001"}, 422, "client_id"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(admin, wall, inbox, wrong, status, field):
    admin.get(PAGE)
    page = admin.press(PAGE, **wall | wrong)
    assert (admin.page.status_code, f"#{field}" in page.links) == (status, True)
    given = {name: text for name, text in (wall | wrong).items() if name != "reason"}
    assert {name: page.found[PAGE][name] for name in given} == given
    assert (wall | wrong)["reason"] in page.text
    assert inbox.sql("SELECT count(*) FROM walls") == [(0,)]


def test_pressing_twice_raises_one_and_another_of_the_same_is_refused_in_place(admin, wall, inbox):
    fields = admin.get(PAGE).found[PAGE] | wall
    assert [admin.send(PAGE, fields).status_code for _ in range(2)] == [200, 200]
    admin.get(PAGE)
    page = admin.press(PAGE, **wall)
    assert (admin.page.status_code, "#staff_id" in page.links) == (409, True)
    assert inbox.sql("SELECT count(*) FROM walls") == [(1,)]


def test_nobody_lifts_a_wall_around_themselves(admin, office, tenants):
    with office.acting(tenants.northgate, ME) as acting:
        own = walls.add(acting, walls.NewWall(tenants.staff["admin"], None, tenants.globex, "Was theirs")).id
    page = admin.get(PAGE)
    assert re.findall(r"admin, (\S+) \(you: another admin would have to lift it\)", page.text) == [
        "admin@northgate.example"
    ]
    assert ("another admin lifts it" in page.text, page.links.count("/admin/staff")) == (True, 2)  # and beside the page
    assert ("all of a partner that you are not shown" in page.text, "globex" in page.text) == (True, False)
    assert lifts(page) == []
    assert admin.send(f"{PAGE}/{own}/lift", page.found[PAGE]).status_code == 403


def test_lists_are_narrowed_and_go_on(admin, office, tenants, monkeypatch):
    from gateway.web.console.admin import walls as page_of_walls

    viewer = tenants.staff["viewer"]
    with office.acting(tenants.northgate, ME) as acting:
        for who, partner in (
            (viewer, tenants.acme),
            (viewer, tenants.globex),
            (tenants.staff["attorney"], tenants.acme),
        ):
            walls.add(acting, walls.NewWall(who, None, partner, "x"))
    assert len(lifts(admin.get(PAGE))) == 3
    monkeypatch.setattr(page_of_walls, "SHOWN", 1)
    page = admin.get(f"{PAGE}?staff={viewer}")
    following = next(link for link in page.links if "cursor=" in link)
    assert f"staff={viewer}" in following
    page = admin.get(following)
    assert (len(lifts(page)), "cursor=" in str(page.links)) == (1, False)


@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney"])
def test_others_are_refused_it(browser, office, tenants, wall, role, inbox, roster):
    inbox.apply(roster)
    inbox.drop("roster_20260301.csv", people(1))
    with office.acting(tenants.northgate, ME) as acting:
        one = walls.add(acting, walls.NewWall(tenants.staff["admin"], None, tenants.globex, "x")).id
    browser.sign_in(role)
    fields = browser.forms.found["/sign-out"] | wall
    [(client,)] = inbox.sql("SELECT id::text FROM clients")
    assert PAGE not in str(browser.get(f"/clients/{client}").links)
    browser.get(PAGE)
    assert browser.page.status_code == 403
    assert [browser.send(deed, fields).status_code for deed in (PAGE, f"{PAGE}/{one}/lift")] == [403, 403]


def test_another_firms_are_not_there(admin, office, tenants, wall):
    with office.acting(tenants.harbor, ME) as acting:
        who = stranger(office, tenants)
        theirs = walls.add(acting, walls.NewWall(who, None, tenants.initech, "x")).id
    assert PAGE in admin.get("/admin").links
    page = admin.get(PAGE)
    assert ("There is no wall." in page.text, str(who) in admin.page.text) == (True, False)
    assert admin.send(f"{PAGE}/{theirs}/lift", page.found[PAGE]).status_code == 404
    for foreign in ({"staff_id": str(who)}, {"partner_id": str(tenants.initech)}):
        assert admin.send(PAGE, page.found[PAGE] | wall | foreign).status_code == 422
    assert admin.get(f"{PAGE}?staff={who}").text.count("There is no wall around them.") == 1
