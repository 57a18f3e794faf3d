"""How far an HRIS is read, as staff see it over HTTP."""

from pathlib import Path

import pytest
from helpers.inbox import Inbox

HOOLI = Path(__file__).parents[3] / "partner_configs" / "hooli-hris" / "partner.yaml"
PATH = "/v1/partners/hooli-hris/feeds/workers/hris"


@pytest.fixture
def hooli(office, tenants):
    one = Inbox(office, tenants.northgate, "hooli-hris")
    one.apply(HOOLI.read_text(encoding="utf-8"))
    return one


def test_staff_see_how_far_an_hris_is_read(http, hooli, as_staff):
    answer = http.get(PATH, headers=as_staff("viewer"))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["url"], told["polled_at"], told["account"]["calls_last_hour"]) == (
        "https://api.hooli.example",
        None,
        0,
    )


def test_staff_see_accounts_of_their_firm_alone(http, hooli, as_staff):
    [told] = http.get("/v1/hris/accounts", headers=as_staff("viewer")).json()["data"]
    assert (told["account"], told["left_hour"], told["breaker"]) == ("api.hooli.example", 150, "closed")
    assert http.get("/v1/hris/accounts", headers=as_staff("stranger")).json() == {"data": []}
    assert http.get("/v1/hris/accounts?partner=nobody", headers=as_staff("viewer")).status_code == 404


def test_an_admin_disconnects_and_reconnects_it_and_that_is_on_record(http, hooli, as_staff):
    for act in ("disconnections", "reconnections", "reconnections"):
        answer = http.post(f"{PATH}/{act}", headers=as_staff("admin"))
        assert answer.status_code == 200, answer.text
        assert (answer.json()["disconnected_at"] is not None) == (act == "disconnections")
    acts = hooli.sql("SELECT action, actor FROM audit_log WHERE action LIKE 'arrival.%%' ORDER BY id")
    assert acts == [
        ("arrival.disconnect", "admin@northgate.example"),
        ("arrival.reconnect", "admin@northgate.example"),
    ]
    assert http.post(f"{PATH}/disconnections", headers=as_staff("attorney")).status_code == 403


def test_whoever_has_none_or_is_of_another_firm_finds_nothing(http, hooli, as_staff):
    assert http.get(PATH, headers=as_staff("stranger")).status_code == 404
    assert http.get(PATH.replace("workers", "others"), headers=as_staff("viewer")).status_code == 404
