"""Deliveries over the API and at the command line: looked at, replayed, resumed, tried out; each sees its own."""

import functools
import json
from datetime import timedelta

import pytest
from helpers.callers import asking, key_headers, staff_headers, stranger
from helpers.inbox import person
from helpers.sshd import pair
from sqlalchemy import text

from gateway import clock
from gateway.domain.access.permissions import SCOPES

URL = "/v1/deliveries"


@pytest.fixture
def http(settings, db):
    with asking(settings) as client:
        yield client


@pytest.fixture
def key(office, tenants):
    @functools.cache
    def headers(partner="acme"):
        return key_headers(office, tenants.northgate, getattr(tenants, partner), tuple(SCOPES))

    return headers


@pytest.fixture
def staff(office, tenants):
    def headers(role):
        if role == "stranger":
            return staff_headers(office, tenants.harbor, stranger(office, tenants))
        return staff_headers(office, tenants.northgate, tenants.staff[role])

    return headers


@pytest.fixture
def changed(partner, work):
    """Three changes, of which the first attempts were made."""
    inbox = partner()
    for number in range(3):
        inbox.drop(f"roster_202603{number + 1:02}.csv", [person(1, salary=str(50_000 + number))])
    work()
    return inbox


def test_a_partner_sees_its_own_with_every_attempt_and_nobody_elses(http, changed, key, staff, receiver):
    listed = http.get(URL, headers=key()).json()["data"]
    assert [one["id"] for one in listed] == [one.id for one in receiver.taken][::-1]
    assert {(one["partner"], one["delivery"], one["state"]) for one in listed} == {("acme", "changes", "sent")}
    told = http.get(f"{URL}/{listed[0]['id']}", headers=key()).json()
    [attempt] = told["attempts"]
    assert (attempt["number"], attempt["outcome"], attempt["answer"]) == (1, "delivered", "200 noted")
    assert attempt["seconds"] >= 0
    for other in (key("globex"), staff("stranger")):
        assert http.get(URL, headers=other).json()["data"] == []
        assert http.get(f"{URL}/lines", headers=other).json() == []
        assert http.get(f"{URL}/{listed[0]['id']}", headers=other).status_code == 404
        assert http.post(f"{URL}/{listed[0]['id']}/replay", headers=other).status_code in {403, 404}
    body = {"delivery": "changes"}
    assert http.post(f"{URL}/resume", json=body, headers=key("globex")).status_code == 404
    assert http.post(f"{URL}/resume", json={**body, "partner": "acme"}, headers=key("globex")).status_code == 404
    assert http.post(f"{URL}/ping", json={**body, "partner": "acme"}, headers=staff("stranger")).status_code == 404


def test_staff_narrow_the_list(http, changed, staff):
    viewer = staff("viewer")
    for params, number in [({"partner": "acme"}, 3), ({"partner": "globex"}, 0), ({"state": "waiting"}, 0), ({"delivery": "changes"}, 3), ({"delivery": "x"}, 0)]:  # fmt: skip
        assert len(http.get(URL, params=params, headers=viewer).json()["data"]) == number, params
    page = http.get(URL, params={"limit": 2}, headers=viewer).json()
    rest = http.get(URL, params={"limit": 2, "cursor": page["pagination"]["next_cursor"]}, headers=viewer).json()
    assert len({one["id"] for one in [*page["data"], *rest["data"]]}) == 3
    assert (
        http.post(f"{URL}/resume", json={"partner": "acme", "delivery": "changes"}, headers=viewer).status_code == 403
    )


def test_whoever_is_walled_off_sees_none(http, changed, staff, office, tenants):
    with office.db.firm(tenants.northgate) as session:
        [client_id] = session.scalars(text("SELECT id FROM clients"))
        session.execute(
            text(
                "INSERT INTO walls (firm_id, staff_id, client_id, reason, created_by) VALUES (:firm, :staff, :client, 'r', 't')"
            ),
            {"firm": tenants.northgate, "staff": tenants.staff["attorney"], "client": client_id},
        )
    [sent, *_] = http.get(URL, headers=staff("paralegal")).json()["data"]
    walled = staff("attorney")
    assert http.get(URL, headers=walled).json()["data"] == []
    assert http.get(f"{URL}/{sent['id']}", headers=walled).status_code == 404
    assert http.post(f"{URL}/{sent['id']}/replay", headers=walled).status_code == 404


def test_one_is_replayed_under_its_id(http, changed, key, receiver, work, inbox):
    first = receiver.taken[0]
    told = http.post(f"{URL}/{first.id}/replay", headers=key())
    assert (told.status_code, told.json()["delivery"]["state"]) == (202, "waiting")
    work()
    assert [one.id for one in receiver.taken[3:]] == [first.id]
    assert receiver.taken[3].body == first.body
    assert [one["number"] for one in http.get(f"{URL}/{first.id}", headers=key()).json()["attempts"]] == [1, 2]
    assert inbox.sql("SELECT actor, actor_kind FROM audit_log WHERE action = 'delivery.replay'") == [
        ("acme", "partner")
    ]


def test_all_since_a_time_are_replayed_in_order(http, changed, key, receiver, work, inbox):
    ids = [one.id for one in receiver.taken]
    inbox.sql("UPDATE parcels SET created_at = created_at - interval '1 day' WHERE id = %s", ids[0])
    since = (clock.now() - timedelta(hours=1)).isoformat()
    told = http.post(f"{URL}/replay", json={"delivery": "changes", "since": since}, headers=key())
    assert (told.status_code, told.json()) == (202, {"deliveries": 2})
    work()
    assert [one.id for one in receiver.taken[3:]] == ids[1:]
    assert http.post(f"{URL}/replay", json={"delivery": "changes", "since": "lately"}, headers=key()).status_code == 400


def test_what_was_disabled_is_resumed_and_sends_what_waits_in_order(http, partner, key, receiver, work, staff):
    receiver.answer = lambda _one: 410
    inbox = partner()
    for number in range(3):
        inbox.drop(f"roster_202603{number + 1:02}.csv", [person(1, salary=str(50_000 + number))])
    work()
    [line] = http.get(f"{URL}/lines", headers=key()).json()
    assert (line["waiting"], line["disabled_code"]) == (3, "closed")
    assert "410" in line["why"]
    receiver.answer = lambda _one: 200
    body = {"delivery": "changes", "partner": "acme"}
    assert http.post(f"{URL}/resume", json=body, headers=staff("paralegal")).json() == {"deliveries": 3}
    work()
    assert [one.id for one in receiver.taken] == sorted(one.id for one in receiver.taken)
    assert len(receiver.taken) == 3
    [line] = http.get(f"{URL}/lines", headers=key()).json()
    assert (line["waiting"], line["disabled_at"], line["why"]) == (0, None, None)


def test_a_line_on_which_something_is_refused_again_and_again_is_not_fine(partner, key, http, receiver, work, gateway):
    receiver.answer = lambda _one: 422
    partner().drop("roster_20260301.csv", [person(1)])
    work()
    [line] = http.get(f"{URL}/lines", headers=key()).json()
    assert (line["waiting"], line["refused"], line["failing_since"]) == (1, 1, None)
    said = " ".join(gateway("deliveries", "lines", "--firm", "northgate").stdout.split())
    assert "acme changes refused 1" in said
    assert "1 of those that wait were refused" in said
    assert "--partner acme --delivery changes --state waiting" in said
    receiver.answer = lambda _one: 200
    assert "1 leave now" in gateway("deliveries", "resume", "acme", "changes").stdout
    work()
    [line] = http.get(f"{URL}/lines", headers=key()).json()
    assert (line["waiting"], line["refused"]) == (0, 0)
    assert "acme changes fine 0" in " ".join(gateway("deliveries", "lines", "--firm", "northgate").stdout.split())


EXAMPLES = [
    "{via: https, url: 'https://hr.acme.example/hooks', secret: ACME_HOOK}",
    f'{{via: sftp, host: sftp.acme.example, user: us, key: ACME_HOOK, host_keys: ["{pair()[1]}"]}}',
    "{via: s3, bucket: acme-in, endpoint: 'https://s3.acme.example', access_key: ACME_HOOK, secret_key: ACME_HOOK}",
]


@pytest.mark.parametrize("carrier", EXAMPLES)
def test_what_waits_for_a_name_for_examples_rests_and_nobody_is_told_that_it_fails(
    partner, inbox, work, passing, gateway, line, parcels, carrier
):
    partner(f"  changes: {{trigger: on_change, events: [client.updated], carrier: {carrier}}}\n")
    inbox.drop("roster_20260301.csv", [person(1)])
    work()
    for _ in range(5):
        passing(days=2)
        work()
    assert line("rests, failures, failing_since, disabled_at") == (True, 0, None, None)
    assert parcels("state, attempts, storage_key IS NOT NULL") == [("waiting", 0, True)]
    assert inbox.sql("SELECT count(*) FROM events WHERE kind = 'delivery.failing'") == [(0,)]
    said = " ".join(gateway("deliveries", "lines", "--firm", "northgate").stdout.split())
    assert "acme changes resting 1" in said
    assert "acme/changes rests. Its host has a name for examples (.example)" in said
    assert "All places are reached." in gateway("doctor").stdout


def test_what_rested_leaves_once_settings_name_a_place_that_is_one(partner, inbox, receiver, work, passing, line):
    partner(f"  changes: {{trigger: on_change, events: [client.updated], carrier: {EXAMPLES[0]}}}\n")
    inbox.drop("roster_20260301.csv", [person(1)])
    work()
    partner()
    passing(hours=1)
    work()
    assert len(receiver.taken) == 1
    assert line("rests, next_at") == (False, None)


def test_a_delivery_is_tried_out(http, changed, key, receiver):
    told = http.post(f"{URL}/ping", json={"delivery": "changes"}, headers=key()).json()
    assert (told["works"], len(told["steps"]), told["problem"]) == (True, 3, None)
    receiver.answer = lambda _one: 401
    told = http.post(f"{URL}/ping", json={"delivery": "changes"}, headers=key()).json()
    assert (told["works"], told["code"]) == (False, "http_refused")
    assert http.post(f"{URL}/ping", json={"delivery": "change"}, headers=key()).status_code == 404


# ---------------------------------------------------------------- at the command line


def test_the_command_line_shows_lists_replays_and_resumes(changed, gateway, receiver, work):
    [line] = json.loads(gateway("deliveries", "lines", "--firm", "northgate", "--json").stdout)
    assert (line["partner"], line["delivery"], line["waiting"]) == ("acme", "changes", 0)
    assert "changes" in gateway("deliveries", "lines", "--firm", "northgate").stdout
    listed = json.loads(gateway("deliveries", "list", "--firm", "northgate", "--json").stdout)
    assert [one["id"] for one in listed] == [one.id for one in receiver.taken][::-1]
    assert "acme/changes" in gateway("deliveries", "list", "--firm", "northgate", "--state", "sent").stdout
    assert "No such" in gateway("deliveries", "list", "--firm", "northgate", "--state", "dead").stdout
    shown = json.loads(gateway("deliveries", "show", listed[0]["id"][:23], "--json").stdout)
    assert shown["attempts"][0]["outcome"] == "delivered"
    assert "delivered" in gateway("deliveries", "show", listed[0]["id"]).stdout
    assert (
        json.loads(gateway("deliveries", "replay", listed[0]["id"], "--json").stdout)["delivery"]["state"] == "waiting"
    )
    assert "1 leave now" in gateway("deliveries", "resume", "acme", "changes").stdout
    assert "2 leave now" in gateway("deliveries", "replay", "--of", "acme", "changes", "--since", "2026-01-01").stdout
    work()
    assert len(receiver.taken) == 6


def test_the_command_line_says_what_is_wrong(changed, gateway, receiver):
    assert gateway("deliveries", "ping", "acme", "changes").exit_code == 0
    receiver.answer = lambda _one: 503
    failed = gateway("deliveries", "ping", "acme", "changes", "--json")
    assert (failed.exit_code, json.loads(failed.stdout)["works"]) == (1, False)
    assert gateway("deliveries", "show", "ffff").exit_code == 1
    assert gateway("deliveries", "show", "no").exit_code == 1
    assert gateway("deliveries", "resume", "acme", "chances").exit_code == 1
    assert gateway("deliveries", "replay").exit_code == 2
    assert gateway("deliveries", "replay", "ffff", "--since", "2026-01-01").exit_code == 2


def test_the_command_line_shows_an_answer_to_its_end(partner, gateway, receiver, work):
    receiver.answer = lambda _one: (
        503,
        b"We move to other rooms, nobody is here to take anything at all, until Monday",
        {},
    )
    partner().drop("roster_20260301.csv", [person(1)])
    work()
    listed = json.loads(gateway("deliveries", "list", "--firm", "northgate", "--json").stdout)
    shown = [gateway("deliveries", "show", one["id"]).stdout for one in listed if one["attempts"]]
    assert [" ".join(one.split())[-12:] for one in shown] == ["until Monday"]
