"""How often partners may call, as callers see it."""

import http_sf
import pytest

from gateway.domain.access import tiers
from gateway.office import Actor

STATUS = "/v1/rate-limit/status"
ADMIN = Actor("staff", "admin@northgate.example")


@pytest.fixture
def limited(office, tenants):
    """Sets windows of a tier for Northgate."""

    def limit(tier, **most):
        with office.acting(tenants.northgate, ADMIN) as acting:
            tiers.change(acting, tier, most)

    return limit


def test_every_answer_to_a_partner_says_how_it_stands(http, acme_key):
    answer = http.get(STATUS, headers=acme_key)
    assert answer.headers["ratelimit-policy"] == '"minute";q=1000;w=60, "day";q=250000;w=86400'
    assert answer.headers["ratelimit"].startswith('"minute";r=999;t=')
    assert answer.json()["tier"] == "standard"
    assert [(one["window"], one["limit"], one["remaining"]) for one in answer.json()["windows"]] == [
        ("minute", 1000, 999),
        ("day", 250_000, 249_999),
        ("files", 300, 300),
    ]


def test_the_fields_are_structured_as_rfc_9651_has_them(http, acme_key, limited):
    limited("standard", minute=2)
    for left in (1, 0, 0):  # the last one is refused
        answer = http.get(STATUS, headers=acme_key)
        policies = http_sf.parse(answer.headers["ratelimit-policy"].encode(), tltype="list")
        assert [(name, told["w"]) for name, told in policies] == [("minute", 60), ("day", 86_400)]
        assert policies[0] == ("minute", {"q": 2, "w": 60})
        standings = dict(http_sf.parse(answer.headers["ratelimit"].encode(), tltype="list"))
        assert standings["minute"]["r"] == left
        assert 0 < standings["minute"]["t"] <= 61
        assert set(standings) == {"minute", "day"}
    assert answer.status_code == 429


def test_whoever_calls_too_often_is_told_when_to_come_back(http, acme_key, limited):
    limited("standard", minute=3)
    answers = [http.get(STATUS, headers=acme_key) for _ in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    told = answers[-1].json()
    assert told["error"] == "too_many_requests"
    assert "3 requests a minute" in told["message"]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61


def test_two_keys_of_a_partner_count_together_and_two_partners_do_not(http, key_of, tenants, limited):
    limited("standard", minute=4)
    keys = [key_of(tenants.northgate, tenants.acme) for _ in range(2)]
    assert [http.get(STATUS, headers=keys[n % 2]).status_code for n in range(5)] == [200] * 4 + [429]
    assert http.get(STATUS, headers=key_of(tenants.northgate, tenants.globex)).status_code == 200


def test_a_firms_partners_share_its_ceiling_and_another_firms_do_not(http, key_of, tenants, limited):
    limited("firm", minute=3)
    acme, globex = key_of(tenants.northgate, tenants.acme), key_of(tenants.northgate, tenants.globex)
    codes = [http.get(STATUS, headers=key).status_code for key in (acme, globex, acme, globex)]
    assert codes == [200, 200, 200, 429]
    assert http.get(STATUS, headers=key_of(tenants.harbor, tenants.initech)).status_code == 200


def test_checks_count_as_any_other_request(http, acme_key, limited):
    limited("standard", minute=1)
    question = {"employee_id": "E1", "date_of_birth": "1980-02-03"}
    assert http.post("/v1/eligibility/check", json=question, headers=acme_key).status_code == 404
    assert http.post("/v1/eligibility/check", json=question, headers=acme_key).status_code == 429


def test_files_have_a_limit_of_their_own_whatever_the_tier(http, acme_key, key_of, as_staff, tenants, limited, inbox):
    def send(headers, **more):
        return http.post("/v1/files", files={"file": ("roster.csv", b"EMP_ID\n")}, data=more, headers=headers)

    limited("files", files=2)
    answers = [send(acme_key) for _ in range(3)]
    assert [one.status_code for one in answers] == [202, 202, 429]
    assert '"files";q=2;w=3600' in answers[0].headers["ratelimit-policy"]
    assert "2 files an hour" in answers[2].json()["message"]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 3601
    assert inbox.sql("SELECT count(*) FROM files") == [(2,)]
    assert {one["window"]: one["remaining"] for one in http.get(STATUS, headers=acme_key).json()["windows"]}[
        "files"
    ] == 0
    assert send(key_of(tenants.northgate, tenants.globex)).status_code == 202
    assert send(as_staff("paralegal"), partner="acme").status_code == 202


def test_fetching_tokens_counts_as_any_other_request(http, as_staff, limited, inbox):
    asked = {"partner": "acme", "name": "n", "scopes": ["status:read"], "kind": "oauth_client"}
    made = http.post("/v1/credentials", headers=as_staff("admin"), json=asked).json()
    limited("standard", minute=2)
    form = {"grant_type": "client_credentials", "client_id": made["prefix"], "client_secret": made["secret"]}
    answers = [http.post("/oauth/token", data=form) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert inbox.sql("SELECT count(*) FROM access_tokens") == [(2,)]
    bearer = {"Authorization": f"Bearer {answers[0].json()['access_token']}"}
    assert http.get(STATUS, headers=bearer).status_code == 429


def test_a_window_is_given_back_to_what_is_usual(http, acme_key, limited):
    limited("standard", minute=1)
    limited("standard", minute=None)
    assert http.get(STATUS, headers=acme_key).json()["windows"][0]["limit"] == 1000


PARTNERS = "/v1/rate-limit/partners"


def test_an_admin_sees_how_each_partner_stands_and_counts_nothing_by_looking(
    http, acme_key, as_staff, limited, monkeypatch
):
    monkeypatch.setenv("GATEWAY_NOW", "2027-03-10T15:00:30+00:00")  # no minute ends meanwhile
    limited("standard", minute=7)
    for _ in range(3):
        http.get(STATUS, headers=acme_key)
    for _ in range(2):
        answer = http.get(PARTNERS, headers=as_staff("admin"))
    told = {one["partner"]: one for one in answer.json()["data"]}
    assert set(told) == {"acme", "globex"}
    windows = {one["window"]: one for one in told["acme"]["windows"]}
    assert [*windows] == ["minute", "day", "files"]
    assert (windows["minute"]["limit"], windows["minute"]["remaining"]) == (7, 4)
    assert (windows["day"]["limit"], windows["day"]["remaining"]) == (250_000, 249_997)
    assert [one["remaining"] for one in told["globex"]["windows"]] == [7, 250_000, 300]


def test_partners_and_others_of_the_staff_do_not(http, acme_key, as_staff):
    for headers in (acme_key, as_staff("attorney"), as_staff("paralegal"), as_staff("viewer")):
        assert http.get(PARTNERS, headers=headers).status_code == 403


def test_the_list_of_partners_goes_on(http, as_staff):
    first = http.get(f"{PARTNERS}?limit=1", headers=as_staff("admin")).json()
    after = {"limit": 1, "cursor": first["pagination"]["next_cursor"]}
    second = http.get(PARTNERS, params=after, headers=as_staff("admin")).json()
    assert {first["data"][0]["partner"], second["data"][0]["partner"]} == {"acme", "globex"}
    assert not second["pagination"]["has_more"]


def test_a_tier_says_what_is_usual(http, as_staff, limited):
    limited("basic", minute=5)
    [basic] = [one for one in http.get("/v1/rate-limits", headers=as_staff("admin")).json() if one["tier"] == "basic"]
    assert (basic["windows"], basic["usual"]) == ({"minute": 5, "day": 50_000}, {"minute": 300, "day": 50_000})
