"""Every route as everybody: what the server lets pass is what the table of permissions says, no more and no less."""

import re
from typing import NamedTuple
from uuid import UUID, uuid4

import pytest
from helpers.callers import asking, key_headers, staff_headers, stranger
from helpers.permissions_page import PAGE, page
from litestar.handlers import HTTPRouteHandler

from gateway.db.models import Staff
from gateway.domain.access.permissions import ANY, PERMISSIONS, SCOPES
from gateway.web.app import create_app, routes_of
from gateway.web.console import is_page


class Caller(NamedTuple):
    """Who calls. A wall hides rows, not routes, so somebody walled is expected to pass where colleagues do."""

    name: str
    role: str | None = None
    scopes: frozenset[str] | None = None


CALLERS = [
    Caller("nobody"),
    Caller("stranger", role="admin"),
    Caller("viewer", role="viewer"),
    Caller("paralegal", role="paralegal"),
    Caller("attorney", role="attorney"),
    Caller("admin", role="admin"),
    Caller("walled attorney", role="attorney"),
    Caller("partner with every scope", scopes=frozenset(SCOPES)),
    Caller("partner with no scope", scopes=frozenset()),
    Caller("other partner of the firm", scopes=frozenset(SCOPES)),
    *(Caller(f"partner with {scope}", scopes=frozenset({scope})) for scope in SCOPES),
]


def expected(caller, handler):
    """401, 403, or 0 for anything else, by the table alone; the console is for nobody but staff, and rows behind a link for whoever opened it."""
    if handler.opt.get("by_link") and "may" in handler.opt:
        return 401  # nobody of these has opened a link
    if is_page(handler) and "may" in handler.opt and caller.scopes is not None:
        return 403
    if "may" not in handler.opt:
        return 401 if handler.opt.get("signed") else 0
    allowed = PERMISSIONS[handler.opt["may"]]
    if caller.role is not None:
        return 0 if caller.role in allowed.roles else 403
    if caller.scopes is not None:
        return 0 if allowed.scope == ANY or allowed.scope in caller.scopes else 403
    return 401


@pytest.fixture
def prove(office, db, tenants):
    """Headers that prove a caller; staff get a session a request, for signing out is on the walk too."""
    walled = uuid4()
    with db.firm(tenants.northgate) as session:
        session.add(Staff(firm_id=tenants.northgate, id=walled, email="w@n.example", name="w", role="attorney"))
    special = {"stranger": (tenants.harbor, stranger(office, tenants)), "walled attorney": (tenants.northgate, walled)}
    globex = {"other partner of the firm"}
    keys = {}

    def headers(caller):
        if caller.role is not None:
            firm_id, staff_id = special.get(caller.name) or (tenants.northgate, tenants.staff[caller.role])
            return staff_headers(office, firm_id, staff_id)
        if caller.scopes is None:
            return {}
        if caller.name not in keys:
            partner = tenants.globex if caller.name in globex else _partner(db, tenants, caller)
            keys[caller.name] = key_headers(office, tenants.northgate, partner, caller.scopes)
        return keys[caller.name]

    return headers


def _partner(db, tenants, caller) -> UUID:
    """A partner has two live keys at most, so each caller is a partner of its own."""
    from gateway.db.models import Partner

    slug = re.sub("[^a-z]", "-", caller.name)
    with db.firm(tenants.northgate) as session:
        made = Partner(firm_id=tenants.northgate, id=uuid4(), slug=slug, name=slug, time_zone="UTC")
        session.add(made)
    return made.id


QUESTION = {"employee_id": "E1", "date_of_birth": "1990-02-03"}
GOOD = {  # bodies of routes that find out who calls in the round trip that answers
    "/v1/eligibility/check": QUESTION,
    "/v1/eligibility/check/batch": {"checks": [QUESTION]},
}


NO_STREAM = {"Last-Event-ID": "none"}  # a bell rings until its caller leaves; behind what it never told it does not


def address(path):
    """A path with ids of nothing."""
    values = {"uuid": str(uuid4()), "int": "1"}
    return re.sub(r"{\w+:(\w+)}", lambda found: values.get(found[1], "x"), path)


@pytest.mark.timeout(360)  # every route, as everybody
def test_every_route_lets_pass_whom_the_table_allows(settings, prove):
    wrong, walked = [], 0
    with asking(settings, "127.0.0.1") as http:  # from where figures may be read
        for path, method, handler in routes_of(http.app):
            for caller in CALLERS:
                body = {"json": GOOD.get(path, {})} if method in ("POST", "PUT", "PATCH") else {}
                answer = http.request(
                    method, address(path), headers=prove(caller) | NO_STREAM, follow_redirects=False, **body
                )
                assert answer.status_code < 500, (method, path, caller.name, answer.text)
                found = answer.status_code if answer.status_code in (401, 403) else 0
                if is_page(handler) and answer.headers.get("location", "").startswith("/sign-in"):
                    found = 401 if method != "POST" or path != "/sign-out" or caller.role is None else 0
                walked += 1
                if found != expected(caller, handler):
                    wrong.append((method, path, caller.name, expected(caller, handler), found))
    assert wrong == []
    assert walked == len(routes_of(http.app)) * len(CALLERS) > 0


def test_no_route_can_hide_from_the_walk(settings):
    app = create_app(settings)
    walked = {(path, handler) for path, _, handler in routes_of(app)}
    for route in app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            frameworks = str(handler).startswith("litestar.") or handler.http_methods == {"OPTIONS"}
            assert frameworks or (isinstance(handler, HTTPRouteHandler) and (route.path, handler) in walked), route.path


def test_nobody_learns_whether_a_body_is_good_before_saying_who_calls(http, acme_key):
    for headers, status in [({}, 401), (acme_key, 403)]:
        assert http.post("/v1/credentials", headers=headers, content=b"{broken").status_code == status


def test_another_firms_admin_finds_nothing(http, as_staff):
    for path, method, handler in routes_of(http.app):
        if method == "GET" and "{" in path and handler.opt.get("may"):
            allowed = (401,) if handler.opt.get("by_link") else (403, 404)
            assert http.get(address(path), headers=as_staff("stranger")).status_code in allowed, path


def test_the_page_says_what_the_table_says():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python tests/helpers/permissions_page.py`"


def test_whatever_asks_for_a_permission_stands_under_the_version(settings):
    routes = [(path, handler) for path, _, handler in routes_of(create_app(settings)) if "may" in handler.opt]
    assert [path for path, handler in routes if not path.startswith("/v1/") and not is_page(handler)] == []
