"""Every way into deliveries and reports, asked for what is not there, not theirs, or not so: told what is wrong."""

import json
from datetime import timedelta

import pytest
from helpers.callers import asking, key_headers, staff_headers, stranger
from helpers.inbox import person

from gateway import clock
from gateway.domain.access.permissions import SCOPES

URL = "/v1/deliveries"
NOBODYS = "0197a3c2-5e10-7c4e-9d2b-4f00000000ff"


@pytest.fixture
def http(settings, db):
    with asking(settings) as client:
        yield client


@pytest.fixture
def key(office, tenants):
    return key_headers(office, tenants.northgate, tenants.acme, tuple(SCOPES))


@pytest.fixture
def others(office, tenants):
    """Headers of another partner of the firm, and of an admin of another firm."""
    globex = key_headers(office, tenants.northgate, tenants.globex, tuple(SCOPES))
    return {"partner": globex, "firm": staff_headers(office, tenants.harbor, stranger(office, tenants))}


@pytest.fixture
def sent(partner, work, receiver):
    """One parcel that has arrived; its id."""
    partner().drop("roster_20260301.csv", [person(1)])
    work()
    return receiver.taken[0].id


@pytest.mark.parametrize("path", ["", "/replay"])
@pytest.mark.parametrize("whose", ["partner", "firm"])
def test_a_parcel_of_others_and_one_that_is_not_there_are_answered_alike(http, sent, others, path, whose):
    def told(number):
        method = "POST" if path else "GET"
        answer = http.request(method, f"{URL}/{number}{path}", headers=others[whose])
        return answer.status_code, answer.json()["error"], answer.json()["detail"].replace(number, "ID")

    assert told(sent) == told(NOBODYS)
    assert told(sent)[0] == 404


@pytest.mark.parametrize("verb", ["resume", "ping", "replay"])
@pytest.mark.parametrize(
    "body",
    [
        {"delivery": "chances"},
        {"delivery": "changes", "partner": "globex"},
        {"delivery": "changes", "partner": "nobody"},
    ],
)
def test_a_delivery_that_is_not_there_or_not_theirs_is_not_found(http, sent, key, verb, body):
    more = {"since": "2026-01-01T00:00:00Z"} if verb == "replay" else {}
    answer = http.post(f"{URL}/{verb}", json=body | more, headers=key)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("verb", ["resume", "ping", "replay"])
def test_another_firm_reaches_no_delivery_by_its_name(http, sent, others, verb):
    body = {"delivery": "changes", "partner": "acme"} | ({"since": "2026-01-01T00:00:00Z"} if verb == "replay" else {})
    assert http.post(f"{URL}/{verb}", json=body, headers=others["firm"]).status_code == 404


def test_to_replay_since_a_time_to_come_is_to_replay_nothing(http, sent, key, receiver, work):
    since = (clock.now() + timedelta(days=1)).isoformat()
    answer = http.post(f"{URL}/replay", json={"delivery": "changes", "since": since}, headers=key)
    assert (answer.status_code, answer.json()) == (202, {"deliveries": 0})
    work()
    assert len(receiver.received) == 1


def test_what_is_not_stopped_is_resumed_without_harm(http, sent, key, receiver, work):
    answer = http.post(f"{URL}/resume", json={"delivery": "changes"}, headers=key)
    assert (answer.status_code, answer.json()) == (202, {"deliveries": 0})
    work()
    assert len(receiver.received) == 1


def test_a_dead_parcel_is_told_as_dead_and_leaves_once_it_is_replayed(http, sent, key, receiver, work, inbox):
    inbox.sql("UPDATE parcels SET state = 'dead', steps = 7")
    assert http.post(f"{URL}/resume", json={"delivery": "changes"}, headers=key).json() == {"deliveries": 0}
    work()
    assert len(receiver.received) == 1, "to resume a delivery does not wake the dead"
    assert http.get(f"{URL}/{sent}", headers=key).json()["delivery"]["state"] == "dead"
    told = http.post(f"{URL}/{sent}/replay", headers=key)
    assert (told.status_code, told.json()["delivery"]["state"]) == (202, "waiting")
    work()
    assert [one.id for one in receiver.taken] == [sent, sent]


def test_what_was_destroyed_is_gone_and_left_out(http, sent, key, inbox):
    inbox.sql("UPDATE parcels SET destroyed_at = now(), storage_key = NULL")
    told = http.post(f"{URL}/{sent}/replay", headers=key)
    assert (told.status_code, told.json()["error"]) == (410, "delivery_destroyed")
    body = {"delivery": "changes", "since": "2026-01-01T00:00:00Z"}
    assert http.post(f"{URL}/replay", json=body, headers=key).json() == {"deliveries": 0}


@pytest.mark.parametrize("since", ["lately", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", ""])
def test_an_instant_that_is_none_is_refused(http, sent, key, since):
    answer = http.post(f"{URL}/replay", json={"delivery": "changes", "since": since}, headers=key)
    assert answer.status_code in {400, 422}
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "case_statuz"), ("POST", "case_statuz"), ("GET", "orders/" + NOBODYS), ("GET", f"orders/{NOBODYS}/file")],
)
def test_a_report_or_an_order_that_is_not_there_is_not_found(http, db, key, method, path):
    answer = http.request(method, f"/v1/reports/{path}", headers=key, **({"json": {}} if method == "POST" else {}))
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_filter_that_a_report_has_not_is_refused(http, db, key, method):
    said = {"json": {"filters": {"stagge": "x"}}} if method == "POST" else {"params": {"stagge": "x"}}
    answer = http.request(method, "/v1/reports/case_status", headers=key, **said)
    assert (answer.status_code, answer.json()["error"]) == (422, "unknown_filter")


def test_an_order_of_somebody_else_is_not_found(http, db, key, others):
    order = http.post("/v1/reports/case_status", json={}, headers=key).json()["order_id"]
    for headers in others.values():
        for path in ("", "/file"):
            assert http.get(f"/v1/reports/orders/{order}{path}", headers=headers).status_code == 404
    assert http.get(f"/v1/reports/orders/{order}/file", headers=key).json()["error"] == "report_not_ready"


# ---------------------------------------------------------------- at the command line


WRONG = [
    ("deliveries lines --firm nobody", "nobody"),
    ("deliveries list --firm nobody", "nobody"),
    ("deliveries show {nobodys}", "{nobodys}"),
    ("deliveries replay {nobodys}", "{nobodys}"),
    ("deliveries replay --of acme chances --since 2026-01-01", "acme/chances"),
    ("deliveries replay --of nobody changes --since 2026-01-01", "nobody"),
    ("deliveries resume acme chances", "acme/chances"),
    ("deliveries resume nobody changes", "nobody"),
    ("deliveries ping acme chances", "changes"),
    ("deliveries ping nobody changes", "nobody"),
    ("report case_status --firm nobody", "nobody"),
]


@pytest.mark.parametrize(("words", "named"), WRONG)
def test_the_command_line_names_what_is_not_there(sent, gateway, words, named):
    told = gateway(*words.format(nobodys=NOBODYS).split())
    assert told.exit_code == 1
    assert named.format(nobodys=NOBODYS) in told.stderr.replace("\n", "")
    assert "Traceback" not in told.output


@pytest.mark.parametrize(
    "words",
    [
        "deliveries list --firm northgate --state lost",
        "deliveries replay --of acme changes",
        "deliveries replay --of acme changes --since lately",
        "report case_statuz --firm northgate",
    ],
)
def test_the_command_line_says_how_it_is_used(sent, gateway, words):
    assert gateway(*words.split()).exit_code == 2


@pytest.mark.parametrize(
    "words", ["deliveries replay --of acme changes --since 2099-01-01", "deliveries resume acme changes"]
)
def test_at_the_command_line_nothing_to_do_is_no_error(sent, gateway, words, receiver, work):
    assert json.loads(gateway(*words.split(), "--json").stdout) == {"deliveries": 0}
    assert "Nothing waits." in gateway(*words.split()).stdout
    work()
    assert len(receiver.received) == 1
