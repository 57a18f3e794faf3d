"""Whatever is sent to the routes about records, they answer with a problem document, never with a failure of ours."""

import pytest

from gateway.web.app import create_app, routes_of

SUBJECTS = ("clients", "cases", "documents", "audit", "walls")
BODILESS = ("restorations", "undo")
SOMEBODY = "01900000-0000-7000-8000-000000000001"
DEEP = b"[" * 20_000
BODIES = {
    "nothing": b"",
    "broken": b'{"partner": ',
    "not an object": b"[1, 2]",
    "null": b"null",
    "unknown field": b'{"surprise": 1}',
    "NUL": b'{"reason": "a\\u0000b", "notes": "a\\u0000b", "priority": "\\u0000", "number": "\\u0000", "case_number": "\\u0000"}',
    "lone surrogate": b'{"reason": "\\ud800", "notes": "\\ud800", "priority": "\\udfff", "number": "\\ud800"}',
    "not UTF-8": b'{"reason": "\xff\xfe", "notes": "\xff"}',
    "huge integer": b'{"annual_salary": 1'
    + b"0" * 30
    + b', "wage": 1'
    + b"0" * 30
    + b', "graduation_year": 1'
    + b"0" * 30
    + b"}",
    "huge exponent": b'{"annual_salary": "1e999999999", "wage": "1e-999999999", "years_of_experience": "Infinity"}',
    "wrong types": b'{"reason": 7, "notes": [], "priority": {}, "number": true, "stage": 1, "outcome": 1, "staff_id": 1}',
    "no such day": b'{"date_of_birth": "2026-02-30", "filed_on": "0000-00-00", "issued_on": "10000-01-01", "decided_on": "x"}',
    "very long text": b'{"reason": "' + b"x" * 500_000 + b'", "notes": "' + b"x" * 400_000 + b'"}',
    "deeply nested": DEEP,
    "20 MB": b'{"reason": "' + b"x" * (20 << 20) + b'"}',
}
QUERIES = [
    "limit=0",
    "limit=1" + "0" * 30,
    "limit=x",
    "cursor=%00",
    "cursor=" + "A" * 100,
    "cursor=bnVsbA==",
    "cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwIl0=",
    "search=%00&status=%00&partner=%00&number=%00&actor=%00&action=%00&type=%00&stage=%00",
    "search=%ED%A0%80&partner=%ED%A0%80&number=%ED%A0%80&actor=%ED%A0%80",
    "search=%FF%FE&partner=%FF&number=%FF&actor=%FF",
    "search=" + "x" * 5_000,
    "search=%25_%5C&number=%25_%5C",
    "client=x&person=x&staff=x&attorney=x",
    "expiring_within=-1&expiring_within=99999999999999999999&from=x",
    "expiring_within=3650&from=0001-01-01T00:00:00%2B14:00&to=9999-12-31T23:59:59-14:00",
    "total=perhaps",
    "surprise=1&search=a&search=b",
]


def routes(settings):
    for path, method, _ in routes_of(create_app(settings)):
        parts = path.split("/")
        if parts[1] == "v1" and len(parts) > 2 and parts[2] in SUBJECTS:
            yield method, path


def fill(path, **ids):
    for name in ("client_id", "case_id", "document_id", "wall_id"):
        path = path.replace("{" + name + ":uuid}", ids.get(name, SOMEBODY))
    return path.replace("{field:str}", ids.get("field", "notes"))


@pytest.fixture
def admin(as_staff):
    return as_staff("admin")


@pytest.fixture
def ids(http, admin, tenants):
    def made(path, body):
        answer = http.post(f"/v1/{path}", json=body, headers=admin)
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    client = made("clients", {"partner": "acme", "employee_id": "E1", "notes": "x"})
    return {
        "client_id": client,
        "case_id": made("cases", {"case_number": "C-1", "client_id": client}),
        "document_id": made("documents", {"client_id": client, "doc_type": "passport"}),
        "wall_id": made("walls", {"staff_id": str(tenants.staff["viewer"]), "client_id": client, "reason": "x"}),
    }


def is_told(answer):
    assert 400 <= answer.status_code < 500, (
        answer.request.method,
        str(answer.request.url)[:200],
        answer.status_code,
        answer.text[:300],
    )
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["message"]


@pytest.mark.parametrize("body", BODIES)
def test_a_hostile_body_is_refused(http, admin, ids, settings, body):
    for method, path in routes(settings):
        if method in {"POST", "PATCH"} and not path.endswith(BODILESS):
            headers = admin | {"Content-Type": "application/json"}
            answer = http.request(method, fill(path, **ids), content=BODIES[body], headers=headers)
            is_told(answer)
            if body == "20 MB":
                assert answer.status_code == 413, path
            elif body in {"NUL", "lone surrogate", "not UTF-8", "wrong types", "no such day", "huge integer"}:
                assert answer.status_code in {400, 422}, path


@pytest.mark.parametrize(
    "body", [{"annual_salary": "null"}, {"date_of_birth": "null"}, {"graduation_year": "2012"}, {"languages": "null"}]
)
def test_a_word_counts_for_no_null_and_no_number(http, admin, ids, body):
    """A "null" must not clear what is known of a person."""
    [field] = body
    answer = http.patch(f"/v1/clients/{ids['client_id']}", json=body, headers=admin)
    is_told(answer)
    assert [one["field"] for one in answer.json()["details"]] == [field]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "multipart/form-data", "application/x-msgpack"]
)
def test_a_body_of_another_type_is_refused_or_read_as_json(http, admin, ids, settings, media_type):
    for method, path in routes(settings):
        if method in {"POST", "PATCH"} and not path.endswith(BODILESS):
            is_told(
                http.request(
                    method, fill(path, **ids), content=b"\xff\x00<x/>", headers=admin | {"Content-Type": media_type}
                )
            )


@pytest.mark.parametrize("query", QUERIES)
def test_a_hostile_query_is_refused_or_finds_nothing(http, admin, ids, settings, query):
    for method, path in routes(settings):
        if method == "GET":
            answer = http.get(f"{fill(path, **ids)}?{query}", headers=admin)
            if answer.status_code != 200:
                is_told(answer)


@pytest.mark.parametrize(
    "wrong", ["x", "0", "%00", "01900000-0000-7000-8000-00000000000g", "%2E%2E%2Fclients", "%ED%A0%80", "9" * 3_000]
)
def test_an_id_that_is_none_does_not_exist(http, admin, settings, wrong):
    for method, path in routes(settings):
        if ":uuid}" in path:
            hostile = fill(path, client_id=wrong, case_id=wrong, document_id=wrong, wall_id=wrong, field=wrong)
            answer = http.request(method, hostile, json={} if method in {"POST", "PATCH"} else None, headers=admin)
            assert answer.status_code in {400, 404, 405}, (method, hostile[:100], answer.status_code)
            is_told(answer)


@pytest.mark.parametrize("field", ["%00", "%ED%A0%80", "x" * 3_000, "no_such_field", "%2F"])
def test_a_pin_that_is_none_does_not_exist(http, admin, ids, settings, field):
    for method, path in routes(settings):
        if "{field:str}" in path:
            is_told(http.request(method, fill(path, **ids, field=field), headers=admin))


@pytest.mark.parametrize("tag", ['"0"', "W/", "", '"' + "9" * 190 + '"', "x" * 500, "*, *"])
def test_a_hostile_precondition_is_refused(http, admin, ids, settings, tag):
    for kind in ("clients", "cases", "documents"):
        answer = http.patch(f"/v1/{kind}/{ids[kind[:-1] + '_id']}", json={}, headers=admin | {"If-Match": tag})
        is_told(answer)
