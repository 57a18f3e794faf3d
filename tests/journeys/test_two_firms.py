"""Every route of the API, asked by another firm's admin and partner with the ids of ours: not a byte, and nothing done.

The routes come from the OpenAPI document, so one that is new is asked too. Ids stand wherever a route takes one: in its
path, in its query and in its body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from helpers import dispatches
from helpers.callers import key_headers, staff_headers
from helpers.callers import stranger as admin_elsewhere
from helpers.inbox import ME
from helpers.servers import until
from helpers.serving import furnished, over
from sqlalchemy import select

from gateway import clock
from gateway.db.models import Dispatch
from gateway.db.session import Database, driver
from gateway.domain.access.permissions import SCOPES
from gateway.domain.partners import homes
from gateway.settings import load
from gateway.wings import office_of
from outbound import waiting

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

# what both firms may have under the same name, so that asking for it is asking for one's own
OWN = {"name", "tier", "doc_type", "number", "other", "feed", "field", "employee_id", "code"}
OWN |= {"template", "form", "channel", "visa", "ref"}
HARMLESS = {"POST /v1/auth/login", "POST /oauth/token", "POST /v1/auth/logout"}  # they ask for proofs, not for ids
STATE = """
SELECT t.name, md5(t.rows) FROM (
    SELECT 'clients' AS name, string_agg(c::text, '' ORDER BY id) AS rows FROM clients c
    UNION ALL SELECT 'cases', string_agg(c::text, '' ORDER BY id) FROM cases c
    UNION ALL SELECT 'documents', string_agg(d::text, '' ORDER BY id) FROM documents d
    UNION ALL SELECT 'profiles', string_agg(p::text, '' ORDER BY id) FROM profile_entries p
    UNION ALL SELECT 'checks', string_agg(e::text, '' ORDER BY id) FROM eligibility_checks e
    UNION ALL SELECT 'outcomes', string_agg(h::text, '' ORDER BY id) FROM historical_cases h
    UNION ALL SELECT 'walls', string_agg(w::text, '' ORDER BY id) FROM walls w
    UNION ALL SELECT 'imports', string_agg(id::text || state, '' ORDER BY id) FROM imports i
    UNION ALL SELECT 'repairs', string_agg(r::text, '' ORDER BY id) FROM repairs r
    UNION ALL SELECT 'links to rows', string_agg(l::text, '' ORDER BY id) FROM repair_links l
    UNION ALL SELECT 'drafts of settings', string_agg(d::text, '' ORDER BY id) FROM config_drafts d
    UNION ALL SELECT 'trials of drafts', string_agg(t::text, '' ORDER BY draft_id) FROM config_trials t
    UNION ALL SELECT 'notices', string_agg(n::text, '' ORDER BY id) FROM notices n
    UNION ALL SELECT 'notifications', string_agg(n::text, '' ORDER BY id) FROM notifications n
    UNION ALL SELECT 'dispatches', string_agg(d::text, '' ORDER BY id) FROM dispatches d
    UNION ALL SELECT 'messages', string_agg(m::text, '' ORDER BY m::text) FROM inbox_messages m
    UNION ALL SELECT 'subscriptions', string_agg(s::text, '' ORDER BY s::text) FROM push_subscriptions s
    UNION ALL SELECT 'preferences', string_agg(p::text, '' ORDER BY p::text) FROM notice_preferences p
    UNION ALL SELECT 'quiet hours', string_agg(q::text, '' ORDER BY q::text) FROM quiet_hours q
    UNION ALL SELECT 'opt-outs', string_agg(o::text, '' ORDER BY o::text) FROM opt_outs o
    UNION ALL SELECT 'budgets', string_agg(b::text, '' ORDER BY b::text) FROM notice_budgets b
    UNION ALL SELECT 'templates', string_agg(t::text, '' ORDER BY t::text) FROM message_texts t
    UNION ALL SELECT 'links', string_agg(l::text, '' ORDER BY l::text) FROM short_links l
    UNION ALL SELECT 'staff', string_agg(concat_ws(' ', id, name, role, active), '' ORDER BY id) FROM staff
    UNION ALL SELECT 'sessions', string_agg(concat_ws(' ', id, ended_at), '' ORDER BY id) FROM sessions
    UNION ALL SELECT 'acts', string_agg(a::text, '' ORDER BY a::text) FROM action_links a
    UNION ALL SELECT 'entries', count(*)::text FROM audit_log
) t ORDER BY 1
"""


@pytest.fixture(scope="module")
def one(modules_addresses, tenants, office, tmp_path_factory):
    with furnished(modules_addresses, tenants, tmp_path_factory.mktemp("furnished")) as found:
        found.ids["delivery_id"] = [parcel(office, tenants)]
        found.ids |= notice(office, tenants)
        yield found


def parcel(office, tenants) -> str:
    """One that waits for acme."""
    with office.acting(tenants.northgate, ME) as acting:
        line = waiting.line_of(acting.session, homes.home_of(acting, "acme"), "changes")
        waiting.add(acting.session, line, [waiting.Cause("schedule", due_at=clock.now())])
        return str(line.last_id)


def notice(office, tenants) -> dict[str, list[str]]:
    """What one of ours is to be told, by the names of the ids."""
    staff = tenants.staff["viewer"]
    [dispatch] = dispatches.make(office, tenants.northgate, staff)
    with office.db.firm(tenants.northgate) as session:
        [notification] = session.scalars(select(Dispatch.notification_id).where(Dispatch.id == dispatch))
    return {"dispatch_id": [str(dispatch)], "notification_id": [str(notification)]}


@pytest.fixture(scope="module")
def office(modules_addresses, tmp_path_factory):
    told = over(modules_addresses) | {"GATEWAY_DATA_DIR": str(tmp_path_factory.mktemp("strangers"))}
    settings = load(told)
    database = Database(modules_addresses)
    yield office_of(database, settings)
    database.close()


@pytest.fixture(scope="module", params=["admin", "partner"])
def stranger(request, office, tenants) -> dict[str, str]:
    """Harbor's admin, and Harbor's partner with every scope."""
    if request.param == "partner":
        return key_headers(office, tenants.harbor, tenants.initech, tuple(SCOPES))
    return staff_headers(office, tenants.harbor, admin_elsewhere(office, tenants))


NO_STREAM = {"Last-Event-ID": "none"}  # a bell rings until its caller leaves; behind what it never told it does not


def test_nobody_of_another_firm_gets_a_byte_or_does_a_thing(one, stranger, office, tenants):
    told, asked = markers(one, tenants), 0
    until(lambda: is_quiet(office))  # the last roster of ours is loaded
    before = state(office, tenants)
    with httpx.Client(base_url=one.url, timeout=60, headers=stranger | NO_STREAM) as http:
        for call in calls(one, http.get("/v1/openapi.json").json()):
            answer = http.send(http.build_request(**call))
            route, sent = f"{call['method']} {call['url']}", str(call)
            leaked = [mark for mark in told if mark in answer.text and mark not in sent]
            assert not leaked, (route, answer.status_code, answer.text[:500])
            assert answer.status_code < 500, (route, answer.text)
            assert not call["extensions"]["is_theirs"] or answer.status_code >= 400, (route, answer.text[:500])
            asked += 1
    assert asked > 80
    assert state(office, tenants) == before


def calls(one, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each operation with ids of ours; `is_theirs` where its path names what is ours alone."""
    for path, item in document["paths"].items():
        for method, told in item.items():
            if f"{method.upper()} {path}" in HARMLESS:
                continue
            names = set(re.findall(r"{(\w+)}", path))
            query = {p["name"]: given(one, p["name"]) for p in told.get("parameters", ()) if p["in"] == "query"}
            call = {
                "method": method.upper(),
                "url": re.sub(r"{(\w+)}", lambda name: str(given(one, name[1])), path),
                "params": {name: value for name, value in query.items() if value is not None},
                "extensions": {"is_theirs": bool(names - OWN)},
            }
            yield call | body_of(one, told)


def body_of(one, told: dict[str, Any]) -> dict[str, Any]:
    declared = told.get("requestBody", {}).get("content", {}).get("application/json")
    return {"json": filled(one, declared["example"])} if declared and "example" in declared else {}


def filled(one, example: Any) -> Any:
    """An example whose ids are ours."""
    if isinstance(example, dict):
        return {name: given(one, name) or filled(one, value) for name, value in example.items()}
    return [filled(one, each) for each in example] if isinstance(example, list) else example


def given(one, name: str) -> Any:
    """What our firm has of this name."""
    known = one.ids | {"partner": ["acme"], "person": one.ids["client_id"], "record": one.ids["case_id"]}
    found = known.get(name) or known.get(f"{name}_id") or known.get(name.removesuffix("s"))
    return found[0] if found else None


def markers(one, tenants) -> set[str]:
    """What only our firm has: ids, names, numbers."""
    ids = {str(value) for name, values in one.ids.items() if name.endswith("_id") for value in values}
    shared = {str(value) for name in OWN for value in one.ids.get(name, ())}
    known = httpx.get(f"{one.url}/v1/clients?limit=100", headers=one.admin).json()["data"]
    names = {str(person[key]) for person in known for key in ("family_name", "email") if person.get(key)}
    return (ids | names | {str(tenants.northgate), "northgate"}) - shared - {""}


def is_quiet(office) -> bool:
    """Whether no worker is about to change anything."""
    with office.db.system() as session:
        busy = "SELECT count(*) FROM jobs WHERE queue = 'ingest' AND state IN ('waiting', 'running')"
        return driver(session).execute(busy).fetchall() == [(0,)]


def state(office, tenants) -> list[tuple[Any, ...]]:
    """What our firm has, in its own sight."""
    with office.db.firm(tenants.northgate) as session:
        return driver(session).execute(STATE).fetchall()
