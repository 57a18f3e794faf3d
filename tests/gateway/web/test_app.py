"""What all requests have in common: proof, permissions, problem documents, ids."""

import asyncio
import re

import pytest
from litestar import Litestar, get
from msgspec.structs import replace

from gateway.settings import load
from gateway.web.app import _refuse_undeclared, create_app, routes_of
from gateway.web.console import is_page
from gateway.web.server import make

CLIENTS = "/v1/clients"


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    told = answer.json()
    assert told["status"] == status
    assert told["message"] == told["detail"] != ""
    assert told["request_id"] == answer.headers["x-request-id"]
    return told


def test_a_process_says_that_it_lives_and_can_serve(http):
    assert http.get("/health/live").json() == {"status": "live"}
    assert http.get("/health/ready").json() == {"status": "ready"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer gwk_00000000_" + "x" * 43},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer \x00"},
    ],
)
def test_whoever_brings_no_good_proof_is_asked_for_one(http, headers):
    told = problem(http.get(CLIENTS, headers=headers), 401)
    assert told["error"] == "unauthenticated"


def test_a_partner_may_not_look_at_clients(http, acme_key):
    told = problem(http.get(CLIENTS, headers=acme_key), 403)
    assert told["error"] == "forbidden"
    assert "clients.read" in told["message"]


def test_an_unknown_path_and_a_wrong_method_are_problems_as_well(http):
    assert problem(http.get("/v1/nothing"), 404)["error"] == "not_found"
    assert problem(http.request("PURGE", CLIENTS), 405)["error"] == "method_not_allowed"


def test_an_id_from_a_proxy_is_kept_and_a_forged_one_is_not(http):
    assert http.get("/health/live", headers={"X-Request-ID": "from-proxy-1"}).headers["x-request-id"] == "from-proxy-1"
    assert http.get("/health/live", headers={"X-Request-ID": "a b\tc" * 3}).headers["x-request-id"].isalnum()


def test_a_route_that_does_not_say_who_may_use_it_keeps_the_app_from_starting(monkeypatch):
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> None:
        """Anybody's."""

    app = Litestar([forgotten], openapi_config=None)
    monkeypatch.setattr("gateway.web.app._is_ours", lambda handler: "forgotten" in str(handler))
    with pytest.raises(AssertionError, match="GET /forgotten"):
        _refuse_undeclared(app)


def test_the_document_of_the_api_lists_every_route_with_what_it_does(http, settings):
    document = http.get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    listed = {
        (path, method.upper()): told for path, found in document["paths"].items() for method, told in found.items()
    }
    routes = [one for one in routes_of(create_app(settings)) if not is_page(one[2])]
    ours = {(re.sub(r":\w+}", "}", path), method) for path, method, _ in routes}
    ours -= {("/v1/openapi.json", "GET"), ("/metrics", "GET")}  # for machines, not for callers
    ours -= {("/v1/reports/{name}", "GET"), ("/v1/reports/{name}", "POST")}  # names that no report has
    ours = {(path, method) for path, method in ours if not path.startswith(("/docs/", "/l/", "/r/"))}  # pages
    assert ours == set(listed)
    assert all(told["description"] for told in listed.values())


@pytest.mark.parametrize(
    ("trusted", "caller", "seen"),
    [
        ("", "127.0.0.1", "203.0.113.9"),
        ("", "198.51.100.7", "198.51.100.7"),
        ("198.51.100.0/24", "198.51.100.7", "203.0.113.9"),
        ("198.51.100.0/24", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_only_a_trusted_proxy_may_say_for_whom_it_asks(settings, trusted, caller, seen):
    proxies = load({"GATEWAY_TRUSTED_PROXIES": trusted}).trusted_proxies
    config = make(replace(settings, trusted_proxies=proxies)).config
    config.load()
    heard = []

    async def hear(scope, receive, send):
        heard.append(scope["client"][0])

    config.loaded_app.app = hear
    scope = {"type": "http", "client": (caller, 50000), "headers": [(b"x-forwarded-for", b"203.0.113.9")]}
    asyncio.run(config.loaded_app(scope, None, None))
    assert heard == [seen]
