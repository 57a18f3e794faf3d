"""Feeds over HTTP: how fresh they are, what they owe, and what became of them day by day."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from helpers.callers import ME
from helpers.feeds_at_work import begun, came, send_files

from gateway.domain.partners.homes import find_home
from gateway.domain.people import walls
from ingest import silence


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Chicago"))


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-03-12T12:00:00-05:00")


@pytest.fixture
def at_work(inbox):
    """Acme, of whose leavers a file is held, and whose roster is missing since the 10th; and globex, which owes nothing."""
    send_files(inbox, "acme", ("leavers", "roster"))
    send_files(inbox, "globex", name="Globex 100% Corp_")
    begun(inbox, 90)
    came(inbox, "acme", "roster", at("2026-03-09T05:00"))
    held = came(inbox, "acme", "leavers", at("2026-03-12T05:00"), "held")
    came(inbox, "globex", "roster", at("2026-03-12T05:30"))
    with inbox.office.db.firm(inbox.firm_id) as session:
        silence.look_after(session, find_home(inbox.office, "acme"))
    return held


def test_partners_are_listed_with_how_fresh_their_feeds_are(http, as_staff, at_work):
    globex, acme = http.get("/v1/partners", headers=as_staff("viewer")).json()["data"]
    assert (acme["partner"], acme["config_version"], acme["held"]) == ("acme", 2, 1)
    leavers, roster = acme["feeds"]
    assert (leavers["held"], leavers["owes"], leavers["last_import"]["import_id"]) == (1, [], str(at_work))
    assert [(one["kind"], one["day"]) for one in roster["owes"]] == [("missing", "2026-03-10")]
    assert roster["came_at"] == "2026-03-09T10:00:00Z"
    assert roster["next_at"] == "2026-03-13T11:00:00Z"
    [only] = globex["feeds"]
    assert (globex["held"], only["owes"], only["held"]) == (0, [], 0)
    assert http.get("/v1/partners/acme", headers=as_staff("viewer")).json()["feeds"] == acme["feeds"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("name=GLOB", ["globex"]), ("name=manufact", ["acme"]), ("name=0%25", ["globex"]), ("name=p_", ["globex"]),
        ("name=_", ["globex"]), ("name=zz", []), ("asking=true", ["acme"]), ("asking=true&name=glob", []),
    ],
)  # fmt: skip
def test_partners_are_found_by_name_and_by_what_needs_a_look(http, as_staff, at_work, asked, found):
    answer = http.get(f"/v1/partners?{asked}", headers=as_staff("viewer"))
    assert [one["partner"] for one in answer.json()["data"]] == found


def test_either_a_silence_or_a_held_file_asks_for_a_look(http, as_staff, at_work, inbox):
    def asking():
        found = http.get("/v1/partners?asking=true", headers=as_staff("viewer")).json()["data"]
        return [one["partner"] for one in found]

    inbox.sql("UPDATE imports SET state = 'refused' WHERE state = 'held' RETURNING id")
    assert asking() == ["acme"]
    inbox.sql("UPDATE feed_alarms SET cleared_at = gateway_now() RETURNING id")
    assert asking() == []
    inbox.sql("UPDATE imports SET state = 'held' WHERE state = 'refused' RETURNING id")
    assert asking() == ["acme"]


def test_a_page_of_partners_has_its_feeds_and_leads_on(http, as_staff, at_work):
    me = as_staff("viewer")
    first = http.get("/v1/partners?limit=1", headers=me).json()
    second = http.get(f"/v1/partners?limit=1&cursor={first['pagination']['next_cursor']}", headers=me).json()
    assert [one["partner"] for page in (first, second) for one in page["data"]] == ["globex", "acme"]
    assert [len(page["data"][0]["feeds"]) for page in (first, second)] == [1, 2]


def test_days_are_told_by_feed(http, as_staff, at_work):
    answer = http.get("/v1/feeds/days?days=4", headers=as_staff("viewer"))
    told = {(one["partner"], one["feed"]): [each["fate"] for each in one["days"]] for one in answer.json()["data"]}
    assert told == {
        ("acme", "leavers"): ["missing", "missing", "missing", "held"],
        ("acme", "roster"): ["loaded", "missing", "missing", "missing"],
        ("globex", "roster"): ["missing", "missing", "missing", "loaded"],
    }
    [one] = http.get("/v1/feeds/days?days=1&partner=globex", headers=as_staff("viewer")).json()["data"]
    assert one["days"] == [{"day": "2026-03-12", "fate": "loaded", "files": 1}]
    assert len(http.get("/v1/feeds/days", headers=as_staff("viewer")).json()["data"][0]["days"]) == 14


@pytest.mark.parametrize("asked", ["days=0", "days=91", "days=x", "partner=%00", f"partner={'x' * 64}"])
def test_a_strange_question_is_refused(http, as_staff, asked):
    assert http.get(f"/v1/feeds/days?{asked}", headers=as_staff("viewer")).status_code == 400


def test_another_firm_and_partners_see_none_of_it(http, as_staff, acme_key, at_work):
    stranger = as_staff("stranger")
    assert http.get("/v1/feeds/days", headers=stranger).json() == {"data": []}
    assert http.get("/v1/feeds/days?partner=acme", headers=stranger).status_code == 404
    assert http.get("/v1/feeds/days", headers=acme_key).status_code == 403


def test_a_walled_partner_is_not_there(http, as_staff, office, tenants, at_work):
    with office.acting(tenants.northgate, ME) as acting:
        walls.add(acting, walls.NewWall(tenants.staff["paralegal"], None, tenants.acme, "x"))
    me = as_staff("paralegal")
    assert {one["partner"] for one in http.get("/v1/feeds/days", headers=me).json()["data"]} == {"globex"}
    assert [one["partner"] for one in http.get("/v1/partners", headers=me).json()["data"]] == ["globex"]


def test_a_version_tells_why_it_was_put_in_force(http, as_staff, inbox, roster):
    inbox.apply(roster)
    me, configs = as_staff("admin"), "/v1/partners/acme/configs"
    changed = {"source": f"{roster}# more\n", "reason": "An hour later since the clocks changed"}
    assert http.post(configs, json=changed, headers=me).json()["reason"] == changed["reason"]
    back = http.post(f"{configs}/1/activations", json={"reason": "At six again"}, headers=me)
    assert (back.json()["reason"], back.json()["text_of"]) == ("At six again", 1)
    told = http.get(configs, headers=me).json()["data"]
    assert [(one["version"], one["reason"], one["text_of"]) for one in told] == [
        (3, "At six again", 1), (2, changed["reason"], None), (1, None, None),
    ]  # fmt: skip
    changes = [
        row[0] for row in inbox.sql("SELECT changes FROM audit_log WHERE action = 'partner.apply' ORDER BY at, id")
    ]
    assert [each[0]["new"].get("reason") for each in changes] == [None, changed["reason"], None]
    check = http.post(f"{configs}/check", json=changed, headers=me)
    assert check.status_code == 400  # nothing is put in force, so nobody says why
